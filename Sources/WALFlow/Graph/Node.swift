/// A node of a graph that is being declared, and its value for the nodes that follow.
///
/// `Value` is the type of the value that the node's step returns. Only ``Graph`` makes handles, so a node can only
/// follow nodes that exist. So a graph of handles has no cycles.
public struct Node<Value: Sendable>: Sendable {
    let graph: ObjectIdentifier
    let index: Int
}

/// A node that chooses one of several ways.
///
/// Each label is a node of its own, which passes the value of the branch's parent on: `way["review"]`. The nodes that
/// follow other labels than the chosen one are skipped.
public struct Branch<Value: Codable & Sendable> {
    let graph: Graph
    let index: Int
    let parent: Int

    /// Returns the node that runs if the branch chooses a label.
    ///
    /// - Parameter label: The label.
    public subscript(label: String) -> Node<Value> {
        graph.label(label, of: self)
    }
}
