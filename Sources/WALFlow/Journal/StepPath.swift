/// The names of steps within a task: the ids of nodes, joined by `/`, with the element's number after an iterator's id:
/// `lines[17]/pick`.
enum StepPath {
    static let maxIDSize = 64
    private static let reserved: Set<Character> = ["/", "[", "]", "#", "="]

    /// Returns the path of an element's graph.
    static func element(_ index: Int, of path: String) -> String { "\(path)[\(index)]/" }

    /// Whether a path is one of these, or below one.
    static func isWithin(_ path: String, _ paths: Set<String>) -> Bool {
        paths.contains(path)
            || path.utf8.indices.contains { index in
                (path.utf8[index] == UInt8(ascii: "/") || path.utf8[index] == UInt8(ascii: "["))
                    && paths.contains(String(path[..<index]))
            }
    }

    /// Whether a text begins with an element's number as ``element(_:of:)`` writes it: `[7]`, and not `[07]` or `[+7]`.
    static func hasElement(_ text: some StringProtocol) -> Bool {
        let number = text.dropFirst().prefix { $0 != "]" }
        return text.first == "[" && UInt32(number).map { "\($0)" == number } ?? false
    }

    /// Returns a task's id as a part of keys that ends at the next `/`, so that no other task and path give the same key.
    static func keyPart(of task: String) -> String {
        guard task.utf8.contains(UInt8(ascii: "/")) else { return task }
        return "/" + task.replacing("%", with: "%25").replacing("/", with: "%2F")
    }

    /// Returns what is wrong with an id, or nil.
    ///
    /// - Parameters:
    ///   - id: The id.
    ///   - owner: Whose id it is, for people.
    static func mistake(in id: String, of owner: String = "node's id") -> FlowError? {
        guard !id.isEmpty, id.utf8.count <= maxIDSize else {
            return FlowError(.invalidID, "A \(owner) has \(id.utf8.count) bytes. Use 1 to \(maxIDSize).")
        }
        guard !id.contains(where: { reserved.contains($0) || $0 == "\0" }) else {
            return FlowError(
                .invalidID, "The \(owner) \(id) has one of the characters / [ ] # =, which paths need. Leave it out.")
        }
        return nil
    }
}
