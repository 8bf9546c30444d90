/// A frozen graph, with the types erased: what the execution of a task walks along.
final class Plan: Sendable {
    /// The nodes. A node's parents come before it. The first is the input.
    let nodes: [PlanNode]
    /// The node whose value is the graph's output.
    let output: Int
    /// The nodes that each node is a parent of.
    let children: [[Int]]
    /// The number of each node's parents.
    let parentCounts: [Int]
    /// The number of nodes without handlers.
    let nodeCount: Int
    /// Whether nothing but the output's journaled result is needed once it is there: every other node is a step before it.
    let endsWithOutput: Bool

    init(nodes: [PlanNode], output: Int) {
        self.nodes = nodes
        self.output = output
        var children: [[Int]] = Array(repeating: [], count: nodes.count)
        for (index, node) in nodes.enumerated() {
            for parent in node.parents { children[parent].append(index) }
        }
        self.children = children
        parentCounts = nodes.map(\.parents.count)
        nodeCount = nodes.count { !$0.kind.isHandler }
        var needed: Set<Int> = [output]
        for index in nodes.indices.reversed() where needed.contains(index) { needed.formUnion(nodes[index].parents) }
        // A timer's result is its parent's.
        let isTimer = if case .timer = nodes[output].kind { true } else { false }
        endsWithOutput =
            nodes[output].kind.isJournaled && !isTimer && needed.count == nodes.count
            && !nodes.contains { $0.kind.hasScope }
    }
}

extension Plan {
    /// Returns the node of a path that the graph's shape has.
    func node(at path: some StringProtocol) -> PlanNode? {
        let id = path.prefix { $0 != "/" && $0 != "[" }
        guard let node = nodes.first(where: { $0.id == id }) else { return nil }
        guard let slash = path.firstIndex(of: "/") else { return node }
        let rest = path[path.index(after: slash)...]
        switch node.kind {
        case .dag(let plan): return plan.node(at: rest)
        case .iterator(let iteration): return iteration.body.node(at: rest)
        default: return nil
        }
    }
}

/// A node of a ``Plan``.
///
/// A class, because each step looks at it several times, and a structure's fields would be counted each time.
final class PlanNode: Sendable {
    /// Makes one value of several, each with the id of its node.
    typealias Combination = @Sendable ([(id: String, value: any Sendable)]) throws -> any Sendable
    typealias Body = @Sendable (FlowStep, [any Sendable]) async throws -> any Sendable

    enum Kind: Sendable {
        case input
        case step(Body)
        /// The step's value has one of the labels.
        case branch(Body, labels: [String])
        /// Passes the value of the second parent, if the first one, a branch, chose this label.
        case label(String)
        /// Combines the values of the parents that weren't skipped. Without a function, it passes the first one.
        case merge(Combination?)
        case iterator(Iteration)
        case dag(Plan)
        case wait(timeout: Duration?)
        case timer(Duration)
        /// Runs if `node` failed for good, before the task fails.
        case handler(of: Int, Body)

        /// Whether the journal has the node's result. Those of other nodes follow from it.
        var isJournaled: Bool { GraphShape.Kind(self).isJournaled }

        /// Whether the node has a graph of its own.
        var hasScope: Bool {
            switch self {
            case .iterator, .dag: true
            default: false
            }
        }

        /// Whether the node isn't a part of the graph's normal course.
        var isHandler: Bool {
            if case .handler = self { true } else { false }
        }
    }

    /// A graph that runs once for each element.
    struct Iteration: Sendable {
        var body: Plan
        /// The number of elements in flight.
        var window: Int
        var elements: @Sendable (any Sendable) throws -> [any Sendable]
        /// Makes the value of the outputs, in order.
        var collect: @Sendable ([Outcome]) throws -> any Sendable
        /// Whether a failed element is a part of the value.
        var collectsFailures: Bool
    }

    typealias Outcome = Result<any Sendable, FlowFailure>

    /// The id, which is unique in its graph. It is the step's part of the path.
    let id: String
    let kind: Kind
    /// The parents, in the order of the step's inputs. For a label, the branch and then the node with the value.
    let parents: [Int]
    let options: NodeOptions
    /// Returns the label that a branch's value has.
    let label: (@Sendable (any Sendable) -> String?)?
    /// The value with which the task continues after a final failure of an optional node.
    let absent: (@Sendable () -> any Sendable)?
    let encode: @Sendable (any Sendable) throws -> [UInt8]
    let decode: @Sendable ([UInt8]) throws -> any Sendable

    init(
        id: String, kind: Kind, parents: [Int], options: NodeOptions,
        label: (@Sendable (any Sendable) -> String?)? = nil, absent: (@Sendable () -> any Sendable)? = nil,
        encode: @escaping @Sendable (any Sendable) throws -> [UInt8],
        decode: @escaping @Sendable ([UInt8]) throws -> any Sendable
    ) {
        self.id = id
        self.kind = kind
        self.parents = parents
        self.options = options
        self.label = label
        self.absent = absent
        self.encode = encode
        self.decode = decode
    }
}
