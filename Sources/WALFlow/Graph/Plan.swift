/// A frozen graph without types. The execution of a task walks along it.
final class Plan: Sendable {
    /// The nodes. A node's parents come before it, and the first node is the input.
    let nodes: [PlanNode]
    /// The index of the node whose value is the graph's output.
    let output: Int
    /// The children of each node.
    let children: [[Int]]
    /// The number of parents of each node.
    let parentCounts: [Int]
    /// The number of nodes, not counting handlers.
    let nodeCount: Int
    /// Whether the journaled result of the output is all that is needed after it is there. This is so if every other
    /// node is a step before the output.
    let endsWithOutput: Bool
    /// The limit of a sub-DAG, which holds for its steps besides that of the task's DAG.
    let limit: Scheduler.LimitKey?

    init(nodes: [PlanNode], output: Int, limit: Scheduler.LimitKey? = nil) {
        self.nodes = nodes
        self.output = output
        self.limit = limit
        var children: [[Int]] = Array(repeating: [], count: nodes.count)
        for (index, node) in nodes.enumerated() {
            for parent in node.parents { children[parent].append(index) }
        }
        self.children = children
        parentCounts = nodes.map(\.parents.count)
        let kinds = nodes.map { GraphShape.Kind($0.kind) }
        nodeCount = kinds.count { $0 != .handler }
        var needed: Set<Int> = [output]
        for index in nodes.indices.reversed() where needed.contains(index) { needed.formUnion(nodes[index].parents) }
        // The result of a timer is that of its parent.
        endsWithOutput =
            kinds[output].isJournaled && kinds[output] != .timer && needed.count == nodes.count
            && !kinds.contains { $0 == .iterator || $0 == .dag }
    }
}

extension Plan {
    /// Returns the node at a path. The path must belong to the graph's shape.
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
/// It is a class, because each step reads it several times. A structure would count the references in its fields at
/// each read.
final class PlanNode: Sendable {
    /// A function that combines several values into one. It gets each value with the id of its node.
    typealias Combination = @Sendable ([(id: String, value: any Sendable)]) throws -> any Sendable
    typealias Body = @Sendable (FlowStep, [any Sendable]) async throws -> any Sendable

    enum Kind: Sendable {
        case input
        case step(Body)
        /// A step whose value gives one of the labels.
        case branch(Body, labels: [String])
        /// Passes the value of the second parent on, if the first parent, a branch, chose this label.
        case label(String)
        /// Combines the values of the parents that weren't skipped. Without a function, it passes the first of these
        /// values on.
        case merge(Combination?)
        case iterator(Iteration)
        case dag(Plan)
        case wait(timeout: Duration?)
        case timer(Duration)
        /// A step that runs after the final failure of a node, before the task fails.
        case handler(of: Int, Body)

        /// Whether the journal contains the node's result. The results of other nodes follow from journaled results.
        var isJournaled: Bool { GraphShape.Kind(self).isJournaled }

        /// Whether the node runs only after a failure.
        var isHandler: Bool {
            if case .handler = self { true } else { false }
        }
    }

    /// A graph that runs once for each element.
    struct Iteration: Sendable {
        var body: Plan
        /// The largest number of elements that run at the same time.
        var window: Int
        var elements: @Sendable (any Sendable) throws -> [any Sendable]
        /// Combines the outcomes, which are in the order of the elements, into one value.
        var collect: @Sendable ([Outcome]) throws -> any Sendable
        /// Whether a failed element is a part of the value.
        var collectsFailures: Bool
    }

    typealias Outcome = Result<any Sendable, FlowFailure>

    /// The id, which is unique in its graph. It is the step's part of the path.
    let id: String
    let kind: Kind
    /// The parents, in the order of the step's inputs. The parents of a label are the branch and the node with the
    /// value, in this order.
    let parents: [Int]
    let options: NodeOptions
    /// Returns the label of a branch's value.
    let label: (@Sendable (any Sendable) -> String?)?
    /// Returns the value with which the task continues after the final failure of an optional node.
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

extension Plan {
    /// Returns the plan with durable results, where the options of its nodes don't say another durability.
    func durable() -> Plan { Plan(nodes: nodes.map { $0.durable() }, output: output, limit: limit) }
}

extension PlanNode {
    fileprivate func durable() -> PlanNode {
        var (kind, options) = (kind, options)
        options.durability = options.durability ?? .durable
        switch kind {
        case .iterator(var iteration):
            iteration.body = iteration.body.durable()
            kind = .iterator(iteration)
        case .dag(let plan): kind = .dag(plan.durable())
        default: break
        }
        return PlanNode(
            id: id, kind: kind, parents: parents, options: options, label: label, absent: absent, encode: encode,
            decode: decode)
    }
}
