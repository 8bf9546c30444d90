/// A node of a graph that is being declared, as a value for its successors.
///
/// `Value` is what the node's step returns. Handles are made by ``Graph``, so a node can only follow nodes that exist: a graph of
/// handles has no cycles.
public struct Node<Value: Sendable>: Sendable {
    let graph: ObjectIdentifier
    let index: Int
}

/// A node that chooses one of several ways.
///
/// Each label is a node of its own that passes on the value of the branch's parent: `way["review"]`. The successors of labels that
/// weren't chosen are skipped.
public struct Branch<Value: Codable & Sendable> {
    let graph: Graph
    let index: Int
    let parent: Int

    /// The node that runs on if the branch chose this label.
    public subscript(label: String) -> Node<Value> {
        graph.label(label, of: self)
    }
}
