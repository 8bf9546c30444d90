/// A rule that a check verifies.
struct Rule: Sendable {
    /// The length at which values in messages are cut, because a payload may have 1 MiB, for example.
    static let descriptionMax = 2000

    let check: String
    let text: String

    func failure(expected: String, found: String) -> ConformanceFailure {
        ConformanceFailure(check: check, rule: text, expected: Self.cut(expected), found: Self.cut(found))
    }

    /// Throws unless the two values are equal.
    func expect<Value: Equatable>(
        _ found: Value, _ expected: Value, _ what: String? = nil
    ) throws(ConformanceFailure) {
        guard found != expected else { return }
        let prefix = what.map { "\($0): " } ?? ""
        throw failure(expected: prefix + String(describing: expected), found: prefix + String(describing: found))
    }

    /// Returns the error that `body` throws. Throws a failure if `body` throws no error.
    @discardableResult
    func expectError<Result>(
        _ what: String, _ body: () async throws -> Result
    ) async throws(ConformanceFailure) -> any Error {
        let result: Result
        do {
            result = try await body()
        } catch {
            return error
        }
        throw failure(expected: "\(what) throws an error", found: "no error, but \(result)")
    }

    /// Returns the failure of a check that has thrown an error.
    func failure(for error: any Error) -> ConformanceFailure {
        error as? ConformanceFailure ?? failure(expected: "no error", found: "\(error)")
    }

    private static func cut(_ text: String) -> String {
        text.count <= descriptionMax ? text : text.prefix(descriptionMax) + " … (\(text.count) characters)"
    }
}
