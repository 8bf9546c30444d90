/// The names of steps within a task: the ids of nodes, joined by `/`, with the element's number after an iterator's id:
/// `lines[17]/pick`.
enum StepPath {
    static let maxIDSize = 64
    private static let reserved: Set<Character> = ["/", "[", "]", "#", "="]

    /// Returns the path of an element's graph.
    static func element(_ index: Int, of path: String) -> String { "\(path)[\(index)]/" }

    /// Returns what is wrong with a node's id, or nil.
    static func mistake(in id: String) -> FlowError? {
        guard !id.isEmpty, id.utf8.count <= maxIDSize else {
            return FlowError(.invalidID, "A node's id has \(id.utf8.count) bytes. Use 1 to \(maxIDSize).")
        }
        guard !id.contains(where: { reserved.contains($0) || $0 == "\0" }) else {
            return FlowError(
                .invalidID, "The node's id \(id) has one of the characters / [ ] # =, which paths need. Leave it out.")
        }
        return nil
    }
}
