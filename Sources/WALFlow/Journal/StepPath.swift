/// The paths of steps within a task. A path consists of the ids of nodes, separated by `/`. An iterator's id is
/// followed by the number of the element: `lines[17]/pick`.
enum StepPath {
    static let maxIDSize = 64
    private static let reserved: Set<Unicode.Scalar> = ["/", "[", "]", "#", "="]

    /// Returns the prefix of the paths in an element's graph.
    static func element(_ index: Int, of path: String) -> String { "\(path)[\(index)]/" }

    /// Whether a path is one of these paths or is under one of them.
    static func isWithin(_ path: String, _ paths: Set<String>) -> Bool {
        paths.contains(path)
            || path.utf8.indices.contains { index in
                (path.utf8[index] == UInt8(ascii: "/") || path.utf8[index] == UInt8(ascii: "["))
                    && paths.contains(String(path[..<index]))
            }
    }

    /// Whether a text begins with an element's number in the form that ``element(_:of:)`` writes: `[7]`, but not `[07]`
    /// or `[+7]`.
    static func hasElement(_ text: some StringProtocol) -> Bool {
        let number = text.dropFirst().prefix { $0 != "]" }
        return text.first == "[" && UInt32(number).map { "\($0)" == number } ?? false
    }

    /// Returns a task's id as a part of a key, which ends at the next `/`. So no two pairs of task and path give the
    /// same key.
    static func keyPart(of task: String) -> String {
        guard task.utf8.contains(UInt8(ascii: "/")) else { return task }
        return "/" + task.replacing("%", with: "%25").replacing("/", with: "%2F")
    }

    /// Returns the mistake in an id, or nil.
    ///
    /// - Parameters:
    ///   - id: The id.
    ///   - owner: The name of the id in messages.
    static func mistake(in id: String, of owner: String = "node's id") -> FlowError? {
        guard !id.isEmpty, id.utf8.count <= maxIDSize else {
            return FlowError(.invalidID, "A \(owner) has \(id.utf8.count) bytes. Use 1 to \(maxIDSize).")
        }
        // With a combining mark after it, each of them is another character, but paths are split at bytes.
        guard !id.unicodeScalars.contains(where: { reserved.contains($0) || $0 == "\0" }) else {
            return FlowError(
                .invalidID, "The \(owner) \(id) has one of the characters / [ ] # =, which paths need. Leave it out.")
        }
        // In a path, a combining mark at the start becomes a part of the `/` before it.
        guard "/\(id)/".count == id.count + 2 else {
            return FlowError(
                .invalidID,
                "The \(owner) \(id) begins or ends with a character that joins the / beside it in paths. Leave it out.")
        }
        return nil
    }
}
