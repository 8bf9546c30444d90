internal import WAL
public import WALTasks

/// A DAG of names. Nodes and edges have ids, and nodes exchange JSON. It runs on the same engine as a graph of handles.
///
/// The node that is added first gets the task's payload.
extension DAG where Input == JSON, Output == JSON {
    /// Makes an empty DAG.
    ///
    /// - Parameters:
    ///   - name: The name that people see.
    ///   - key: The key by which a journal identifies the DAG after a restart: 1 to 64 bytes without `/`, `[`, `]`, `#`
    ///     and `=`.
    ///   - onResult: Called with the id and the end of each task, at least once per task.
    public convenience init(
        name: String, key: String,
        onResult: (@Sendable (_ taskID: String, _ result: FlowResult) async throws -> Void)? = nil
    ) {
        var graph = ClassicGraph()
        if let onResult { graph.onResult = { try await onResult($0.taskID, $0) } }
        self.init(name: name, key: key, classic: graph, coder: JSONFlowCoder())
    }

    /// The kind of a node.
    public enum NodeKind: Sendable {
        /// The node is a function.
        case function
    }

    /// The kind of an edge.
    public enum EdgeKind: Sendable {
        /// The target runs once, with the result of the source.
        case simple
        /// The target and the nodes after it run once for each element of the source's result, which must be a JSON
        /// array. The nodes that follow the source by simple edges get the array of the results, in the order of the
        /// elements. It has the id of the source and `.items`, which no node beside the source may have.
        case iterator
    }

    /// Adds a node of the kind `function`.
    ///
    /// - Parameters:
    ///   - name: Has no effect.
    ///   - id: The id, which is unique in the DAG.
    ///   - options: The options of the node's steps.
    ///   - body: The step. It may run more than once; see ``FlowStep/key``.
    /// - Throws: ``FlowError`` with the code `frozen` if a runner has the DAG or the DAG was validated.
    public func addNode(
        _ name: String, _ id: String, options: NodeOptions = NodeOptions(),
        _ body: @escaping @Sendable (NodeTask) async throws -> NodeResult
    ) throws(FlowError) {
        try addNode(.function, name, id, options: options, body)
    }

    /// Adds a node.
    ///
    /// - Parameters:
    ///   - kind: The kind of the node.
    ///   - name: Has no effect.
    ///   - id: The id, which is unique in the DAG.
    ///   - options: The options of the node's steps.
    ///   - body: The step. It may run more than once; see ``FlowStep/key``.
    /// - Throws: ``FlowError`` with the code `frozen` if a runner has the DAG or the DAG was validated.
    public func addNode(
        _ kind: NodeKind, _ name: String, _ id: String, options: NodeOptions = NodeOptions(),
        _ body: @escaping @Sendable (NodeTask) async throws -> NodeResult
    ) throws(FlowError) {
        try change { $0.add(ClassicGraph.Vertex(id: id, work: .function(body), options: options)) }
    }

    /// Adds another DAG of names, or one of handles with JSON as input and output, as a node, and freezes that DAG.
    ///
    /// - Parameters:
    ///   - name: Has no effect.
    ///   - id: The id, which is unique in this DAG.
    ///   - dag: The other DAG.
    /// - Throws: ``FlowError`` with the code `frozen` if a runner has this DAG or this DAG was validated, or with the
    ///   first mistake of `dag`.
    public func addDAGNode(_ name: String, _ id: String, _ dag: DAG<JSON, JSON>) throws(FlowError) {
        let frozen = try dag.frozen()
        try change { $0.add(ClassicGraph.Vertex(id: id, work: .dag(frozen), options: NodeOptions())) }
    }

    /// Adds an edge.
    ///
    /// - Parameters:
    ///   - kind: The kind of the edge.
    ///   - label: Has no effect.
    ///   - source: The id of the edge's source.
    ///   - target: The id of the edge's target.
    /// - Throws: ``FlowError`` with the code `frozen` if a runner has the DAG or the DAG was validated.
    public func addEdge(
        _ kind: EdgeKind = .simple, _ label: String = "", from source: String, to target: String
    ) throws(FlowError) {
        try change { $0.add(ClassicGraph.Edge(isIterator: kind == .iterator, from: source, to: target)) }
    }

    /// Lets the status of a node's result choose the node that follows:
    /// `addCondition("risk", ["review": "approve", "default": "ship"])`.
    ///
    /// A status without a target takes `default`. The node must be a function, and its targets must be in the body of
    /// the same iterator. If the node also has an iterator, its targets get the array of the results.
    ///
    /// - Parameters:
    ///   - id: The id of the node whose status chooses.
    ///   - targets: The id of the node that follows each status.
    /// - Throws: ``FlowError`` with the code `frozen` if a runner has the DAG or the DAG was validated.
    public func addCondition(_ id: String, _ targets: [String: String]) throws(FlowError) {
        try change { $0.addCondition(id, targets) }
    }

    private func change(_ body: (inout ClassicGraph) -> Void) throws(FlowError) {
        try declaration.withLock { declaration throws(FlowError) in
            guard case .open(var graph) = declaration else {
                throw FlowError(.frozen, "The DAG \(key) has begun a task. Declare all of it before.")
            }
            body(&graph)
            declaration = .open(graph)
        }
    }

    // MARK: Running

    /// Sets the storage of the DAG, and resumes the DAG's tasks in the storage's log. Suspends until the tasks have
    /// resumed.
    ///
    /// The DAG joins the runner of the storage, which is made if there is none. Before you close the storage, close the
    /// runner with ``close()``.
    ///
    /// - Parameter storage: The storage.
    /// - Throws: The errors of ``FlowRunner/add(_:)``, or of the initializer of ``FlowRunner``.
    public func setTaskStorage<Store: TaskStore>(_ storage: BufferedTaskStorage<Store>) async throws(FlowError) {
        let runner = try await join(storage, Self.runner(of: storage))
        home.withLock { $0 = Home(runner: runner, storage: storage) }
    }

    /// Adds the DAG to the runner of a storage, and returns the runner. `known` is the one that was found; nil if there
    /// was none.
    func join<Store: TaskStore>(
        _ storage: BufferedTaskStorage<Store>, _ known: FlowRunner?
    ) async throws(FlowError) -> FlowRunner {
        if let known {
            try await known.add(self)
            return known
        }
        do throws(FlowError) {
            return try await FlowRunner(storage: storage, dags: [self])
        } catch {
            // Another DAG may have made the runner meanwhile.
            guard error.code == .wrongState, let other = Self.runner(of: storage) else { throw error }
            try await other.add(self)
            return other
        }
    }

    private static func runner<Store: TaskStore>(of storage: BufferedTaskStorage<Store>) -> FlowRunner? {
        storage.attachment.withLock { $0 } as? FlowRunner
    }

    /// The storage of the DAG; nil before ``setTaskStorage(_:)``.
    public var taskStorage: (any TaskStorage)? { home.withLock { $0?.storage } }

    /// Starts a task with a payload. Suspends until the task's beginning is in the log.
    ///
    /// - Parameters:
    ///   - payload: The payload.
    ///   - id: The id of the task, or nil for a new one; see ``FlowRunner/process(_:by:id:priority:maxRetries:)``.
    ///   - priority: The priority of the task. Ready steps of a higher priority run first.
    ///   - maxRetries: The number of retries of each step that has no policy of its own.
    /// - Returns: A handle of the task.
    /// - Throws: The errors of ``FlowRunner/process(_:by:id:priority:maxRetries:)``, and ``FlowError`` with the code
    ///   `closed` if the DAG has no storage.
    @discardableResult
    public func process(
        _ payload: JSON, id: String? = nil, priority: Int = 0, maxRetries: Int = 3
    ) async throws(FlowError) -> FlowTask<JSON> {
        guard FlowRunner.payload(of: Array(payload.text.utf8)) != nil else {
            throw FlowError(.undecodable, "The payload isn't valid JSON.")
        }
        return try await runner().process(payload, by: self, id: id, priority: priority, maxRetries: maxRetries)
    }

    /// Returns the ids of the DAG's live tasks. ``setTaskStorage(_:)`` has already resumed them.
    ///
    /// - Throws: ``FlowError`` with the code `closed` if the DAG has no storage.
    @discardableResult
    public func recoverTasks() async throws(FlowError) -> [String] {
        let runner = try runner()
        return runner.liveTasks.filter { runner.task(id: $0, of: self) != nil }
    }

    /// Closes the runner of the DAG's storage, and so all of the runner's DAGs. Suspends until running steps have
    /// ended; see ``FlowRunner/close()``.
    public func close() async {
        await home.withLock { $0?.runner }?.close()
    }

    func runner() throws(FlowError) -> FlowRunner {
        guard let runner = home.withLock({ $0?.runner }) else {
            throw FlowError(.closed, "The DAG \(key) has no storage. Call setTaskStorage first.")
        }
        return runner
    }
}

/// The runner and the storage of a DAG of names.
struct Home: Sendable {
    var runner: FlowRunner
    var storage: any TaskStorage
}

/// A handle of a task that belongs to a DAG of names.
public struct TaskManager: Sendable {
    /// The id of the task.
    public let taskID: String
    private let dag: DAG<JSON, JSON>
    private let task: FlowTask<JSON>

    /// Finds a live task.
    ///
    /// - Parameters:
    ///   - dag: The DAG of the task.
    ///   - taskID: The id of the task.
    /// - Throws: ``FlowError`` with the code `unknownTask`, or `closed` if the DAG has no storage.
    public init(dag: DAG<JSON, JSON>, taskID: String) throws(FlowError) {
        guard let task = try dag.runner().task(id: taskID, of: dag) else {
            throw FlowError(.unknownTask, "There is no live task with the id \(taskID) of the DAG \(dag.key).")
        }
        self.taskID = taskID
        self.dag = dag
        self.task = task
    }

    /// The present state of the task.
    public var state: FlowTaskState { task.state }

    /// Suspends until the task has ended, and returns its payload.
    ///
    /// - Throws: The errors of ``FlowTask/result()``.
    public func result() async throws(FlowError) -> JSON { try await task.result() }

    /// Pauses the task: no new steps begin until ``resume()``, and running steps end.
    ///
    /// - Throws: The errors of ``FlowRunner/pause(_:)``.
    public func pause() async throws(FlowError) { try await task.pause() }

    /// Resumes the task after ``pause()``.
    ///
    /// - Throws: The errors of ``FlowRunner/resume(_:)``.
    public func resume() async throws(FlowError) { try await task.resume() }

    /// Ends the task. Running steps are canceled, and their results don't count.
    ///
    /// - Throws: The errors of ``FlowRunner/cancel(_:reason:)``.
    public func cancel() async throws(FlowError) { try await task.cancel() }

    /// Writes an activity of the task to the storage.
    ///
    /// - Parameters:
    ///   - action: The name of the action.
    ///   - message: A description for people.
    ///   - data: Details as JSON.
    ///   - level: The level, such as `info`.
    /// - Throws: The errors of the storage.
    public func logActivity(
        _ action: String, _ message: String? = nil, data: String? = nil, level: String = "info"
    ) async throws {
        let activity = TaskActivityLog(
            id: "\(taskID)/\(action)/\(UInt64.random(in: .min ... .max))", taskID: taskID, dagID: dag.key, nodeID: "",
            action: action, message: message, data: data, level: level)
        guard let storage = dag.taskStorage else { return }
        try await storage.log(activity)
    }
}
