/// One instance of a graph: the task's own graph, a sub-DAG, or the graph of one element of an iterator.
///
/// Only its ``Execution`` uses it, under the lock of the task.
final class Scope {
    /// The node in another scope whose graph this scope is.
    struct Place {
        let scope: Scope
        let node: Int
        /// The element's index; nil unless the node is an iterator.
        let element: Int?
    }

    enum Status {
        /// At least one parent hasn't ended.
        case blocked
        /// The node's step, wait or graph is running.
        case active
        case done(StepValue)
        case skipped
        case failed(FlowFailure)

        var isEnded: Bool {
            switch self {
            case .blocked, .active: false
            case .done, .skipped, .failed: true
            }
        }
    }

    let plan: Plan
    /// The prefix of the paths of the graph's steps. It is empty or ends in `/`.
    let prefix: String
    let place: Place?
    var nodes: [Status]
    /// The number of each node's parents that haven't ended.
    var missing: [Int]
    /// The number of nodes that haven't ended. Handlers don't count.
    var openCount: Int
    /// The iterators that are running.
    var iterations: [Int: IterationRun] = [:]

    init(_ plan: Plan, prefix: String, in place: Place?) {
        self.plan = plan
        self.prefix = prefix
        self.place = place
        nodes = Array(repeating: .blocked, count: plan.nodes.count)
        missing = plan.parentCounts
        openCount = plan.nodeCount
    }

    /// The scope of the task's own graph.
    var root: Scope { place?.scope.root ?? self }

    func path(of node: Int) -> String { prefix + plan.nodes[node].id }

    /// Returns the value of a node that has ended.
    func value(of node: Int) throws -> any Sendable {
        guard case .done(let value) = nodes[node] else {
            throw FlowError(.undecodable, "The node \(path(of: node)) has no value.")
        }
        return try value.decoded(by: plan.nodes[node])
    }
}

/// The value of a node: live, in the form of the journal, or both.
struct StepValue {
    var bytes: [UInt8]?
    var live: (any Sendable)?
    var label: String?

    func decoded(by node: PlanNode) throws -> any Sendable {
        if let live { return live }
        do {
            return try node.decode(bytes ?? [])
        } catch {
            let isWait = if case .wait = node.kind { true } else { false }
            throw FlowError(
                .undecodable,
                isWait
                    ? "The value that \(node.id) got isn't of the type that it waits for. Retry from \(node.id), and submit another value."
                    : "The journaled value of the node \(node.id) can't be decoded with its present type. Run it again with retry(from:).",
                cause: error)
        }
    }
}

/// The progress of an iterator.
final class IterationRun {
    let elements: [any Sendable]
    var outcomes: [PlanNode.Outcome?]
    /// The index of the next element to begin.
    var next = 0
    var openCount = 0
    var doneCount = 0

    init(_ elements: [any Sendable]) {
        self.elements = elements
        outcomes = Array(repeating: nil, count: elements.count)
    }
}

/// A step, a wait or a timer of a task that is ready to begin.
///
/// `@unchecked Sendable`: the lock of the task protects the scope, and the rest never changes.
final class StepPlace: @unchecked Sendable {
    let scope: Scope
    let node: Int
    let path: String

    init(_ scope: Scope, _ node: Int) {
        self.scope = scope
        self.node = node
        path = scope.path(of: node)
    }

    var plan: PlanNode { scope.plan.nodes[node] }

    /// Whether the end of the step must survive a power loss before the walk continues.
    var isDurable: Bool { plan.options.durability == .durable }

    /// Whether this is a wait or a timer, which occupies no place among the running steps.
    var isWait: Bool {
        switch plan.kind {
        case .wait, .timer: true
        default: false
        }
    }

    /// Whether the walk has the end of the step.
    var hasEnded: Bool { scope.nodes[node].isEnded }
}
