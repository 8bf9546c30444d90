/// The cursors and bookmarks at one position of the log.
struct Markers: Hashable {
    var cursors: [String: UInt64] = [:]
    var bookmarks: [String: Bookmark] = [:]

    /// All cursors and bookmarks as the entries of a snapshot, sorted, so that equal states make equal bytes.
    var snapshot: [Marker] {
        cursors.sorted { $0.key < $1.key }.map { .cursor(name: $0.key, sequence: $0.value) }
            + bookmarks.sorted { $0.key < $1.key }.map { .bookmark($0.value) }
    }

    var isEmpty: Bool { cursors.isEmpty && bookmarks.isEmpty }

    mutating func apply(_ entry: Marker) {
        switch entry {
        case .cursor(let name, let sequence): cursors[name] = sequence
        case .cursorRemoved(let name): cursors[name] = nil
        case .bookmark(let mark): bookmarks[mark.name] = mark
        case .bookmarkRemoved(let name): bookmarks[name] = nil
        case .snapshot: break
        }
    }
}
