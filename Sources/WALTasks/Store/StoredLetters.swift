/// The dead letters of a store in order, read in pages.
package struct StoredLetters {
    private let read: (_ previous: StoredDeadLetter.ID?) async throws -> [StoredDeadLetter]
    private var page: ArraySlice<StoredDeadLetter> = []
    private var previous: StoredDeadLetter.ID?

    /// Makes a sequence of pages. `read` returns the page after a letter, or the first page for nil.
    package init(_ read: @escaping (_ previous: StoredDeadLetter.ID?) async throws -> [StoredDeadLetter]) {
        self.read = read
    }

    package mutating func next() async throws -> StoredDeadLetter? {
        if page.isEmpty { page = try await read(previous)[...] }
        guard let letter = page.popFirst() else { return nil }
        previous = letter.id
        return letter
    }
}
