internal import WAL

/// A directed acyclic graph (DAG) of steps, which is declared once and run for many tasks.
///
/// ```swift
/// let orders = DAG(name: "Orders", key: "orders", of: Order.self) { dag, order in
///     let checked = dag.addNode("validate", after: order) { step, order in try check(order) }
///     return dag.addNode("charge", after: checked) { step, order in
///         try await bank.charge(order.total, idempotencyKey: step.key)
///     }
/// }
/// ```
///
/// A ``FlowRunner`` runs it. All functions may be called from any thread.
public final class DAG<Input: Codable & Sendable, Output: Codable & Sendable>: FlowDAG {
    public let key: String
    public let name: String
    let coder: any FlowCoder
    let declaration: Monitor<Declaration>
    /// The runner and the storage of a DAG of names; nil for other DAGs.
    let home: Monitor<Home?> = Monitor(nil)

    /// The declaration: a complete graph, or a DAG of names that can still grow.
    enum Declaration {
        case complete(Result<FrozenDAG, FlowError>)
        case open(ClassicGraph)
    }

    /// Declares a graph.
    ///
    /// - Parameters:
    ///   - name: The name that people see.
    ///   - key: The key by which a journal identifies the DAG after a restart: 1 to 64 bytes without `/`, `[`, `]`, `#`
    ///     and `=`.
    ///   - type: The type of the input.
    ///   - durability: When results survive a power loss, for nodes that don't say it. `.durable` also holds within another DAG.
    ///   - concurrency: The largest number of steps of this DAG that run at the same time in one process, those within other DAGs included.
    ///     Nil for the runner's limit.
    ///   - coder: The coder of the values.
    ///   - build: Declares the nodes, and returns the node whose value is the output. It is called once.
    public init(
        name: String, key: String, of type: Input.Type = Input.self, durability: NodeOptions.Durability = .written,
        concurrency: Int? = nil, coder: any FlowCoder = JSONFlowCoder(), _ build: (Graph, Node<Input>) -> Node<Output>
    ) {
        self.name = name
        self.key = key
        self.coder = coder
        let graph = Graph(coder: coder)
        let output = build(graph, graph.addInput(type))
        let result = Result { () throws(FlowError) in
            try FrozenDAG(
                key: key, name: name, plan: { () throws(FlowError) in try graph.plan(output: output) },
                durability: durability, concurrency: concurrency, coder: coder)
        }
        declaration = Monitor(.complete(result))
    }

    init(name: String, key: String, classic graph: ClassicGraph, coder: any FlowCoder) {
        self.name = name
        self.key = key
        self.coder = coder
        declaration = Monitor(.open(graph))
    }

    public func frozen() throws(FlowError) -> FrozenDAG {
        try declaration.withLock { declaration throws(FlowError) in
            switch declaration {
            case .complete(let result): return try result.get()
            case .open(let graph):
                // A caller can correct a mistake and validate the graph again.
                let frozen = try FrozenDAG(
                    key: key, name: name, plan: { () throws(FlowError) in try graph.plan() }, coder: coder,
                    onResult: graph.onResult)
                declaration = .complete(.success(frozen))
                return frozen
            }
        }
    }
}

/// A DAG with any types of input and output, in the form that ``FlowRunner`` takes.
public protocol FlowDAG: Sendable {
    /// The key by which a journal identifies the DAG after a restart.
    var key: String { get }
    /// The name that people see.
    var name: String { get }
    /// Freezes the graph.
    ///
    /// - Returns: The frozen graph.
    /// - Throws: ``FlowError`` with the first mistake of the declaration.
    func frozen() throws(FlowError) -> FrozenDAG
}

extension FlowDAG {
    /// Checks the declaration, and freezes the graph if it has no mistakes.
    ///
    /// - Throws: ``FlowError`` with the code `duplicateNode`, `invalidID`, `unknownNode`, `cycle`, `unreachableNode`,
    ///   `unknownLabel`, `foreignNode` or `invalidOption`. Its message names the node and the remedy.
    public func validate() throws(FlowError) {
        _ = try frozen()
    }

    /// Returns the graph's shape as JSON, for `wal flow check`.
    ///
    /// - Throws: The errors of ``validate()``.
    public func graphJSON() throws(FlowError) -> String {
        try frozen().json
    }
}

/// A graph that can no longer change. ``FlowDAG/frozen()`` makes it.
public final class FrozenDAG: Sendable {
    let key: String
    let name: String
    let plan: Plan
    let shape: GraphShape
    let json: String
    let hash: UInt64
    let durability: NodeOptions.Durability
    let concurrency: Int?
    let coder: any FlowCoder
    /// The final callback of the DAG itself.
    let onResult: FlowRunner.Callback?

    /// Freezes the graph of a plan. The error of the plan gets the DAG's key.
    init(
        key: String, name: String, plan makePlan: () throws(FlowError) -> Plan,
        durability: NodeOptions.Durability = .written, concurrency: Int? = nil, coder: any FlowCoder,
        onResult: FlowRunner.Callback? = nil
    ) throws(FlowError) {
        let plan: Plan
        do throws(FlowError) {
            plan = try makePlan()
        } catch {
            throw FlowError(error.code, "The DAG \(key): \(error.message)", cause: error.cause)
        }
        if let mistake = StepPath.mistake(in: key, of: "DAG's key") { throw mistake }
        if let concurrency, concurrency < 1 {
            throw FlowError(.invalidOption, "concurrency of the DAG \(key) is \(concurrency). Use at least 1.")
        }
        self.key = key
        self.name = name
        // So each step has the durability in its own options, in this DAG and as a part of another one.
        self.plan = durability == .durable ? plan.durable() : plan
        self.durability = durability
        self.concurrency = concurrency
        self.coder = coder
        self.onResult = onResult
        shape = GraphShape(plan, key: key, name: name)
        json = try shape.json()
        hash = GraphShape.hash(json)
    }

    /// Returns the plan as a part of another DAG's, with the limit of this one.
    func embedded() -> Plan {
        Plan(
            nodes: plan.nodes, output: plan.output, limit: concurrency.map { Scheduler.LimitKey(name: key, max: $0) })
    }
}
