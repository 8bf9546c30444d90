internal import WAL
public import WALTasks

/// A DAG of names: nodes and edges by id, with JSON in between. It runs on the same engine as a graph of handles.
///
/// The first node that is added gets the task's payload.
extension DAG where Input == JSON, Output == JSON {
    /// Makes an empty DAG.
    ///
    /// - Parameters:
    ///   - name: The name that people see.
    ///   - key: The key, by which a journal knows the DAG after a restart.
    ///   - onResult: Gets the id and the end of each task, at least once.
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
        /// A function.
        case function
    }

    /// The kind of an edge.
    public enum EdgeKind: Sendable {
        /// The target runs once, with the result of the source.
        case simple
        /// The target, and what follows it, runs once for each element of the source's result, a JSON array. The nodes that follow the
        /// source by simple edges get the array of the results, in the order of the elements.
        case iterator
    }

    /// Adds a node of the kind `function`.
    ///
    /// - Throws: ``FlowError``: `frozen` once a task began.
    public func addNode(
        _ name: String, _ id: String, options: NodeOptions = NodeOptions(),
        _ body: @escaping @Sendable (NodeTask) async throws -> NodeResult
    ) throws(FlowError) {
        try addNode(.function, name, id, options: options, body)
    }

    /// Adds a node.
    ///
    /// - Throws: ``FlowError``: `frozen` once a task began.
    public func addNode(
        _ kind: NodeKind, _ name: String, _ id: String, options: NodeOptions = NodeOptions(),
        _ body: @escaping @Sendable (NodeTask) async throws -> NodeResult
    ) throws(FlowError) {
        try change { $0.add(ClassicGraph.Vertex(id: id, name: name, work: .function(body), options: options)) }
    }

    /// Adds another DAG of names as a node.
    ///
    /// - Throws: ``FlowError``: `frozen` once a task began, or the first mistake of `dag`, which is frozen by this.
    public func addDAGNode(_ name: String, _ id: String, _ dag: DAG<JSON, JSON>) throws(FlowError) {
        let frozen = try dag.frozen()
        try change { $0.add(ClassicGraph.Vertex(id: id, name: name, work: .dag(frozen), options: NodeOptions())) }
    }

    /// Adds an edge.
    ///
    /// - Throws: ``FlowError``: `frozen` once a task began.
    public func addEdge(
        _ kind: EdgeKind = .simple, _ label: String = "", from source: String, to target: String
    ) throws(FlowError) {
        try change { $0.add(ClassicGraph.Edge(isIterator: kind == .iterator, from: source, to: target)) }
    }

    /// Lets a node's status choose the node that follows: `addCondition("risk", ["review": "approve", "default": "ship"])`.
    ///
    /// A status without a target takes `default`. The node is a function, and its targets are in the same iterator's body. If the node
    /// has an iterator too, its targets get the array of the results.
    ///
    /// - Throws: ``FlowError``: `frozen` once a task began.
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

    /// Gives the DAG its storage, and resumes its tasks that the storage's log has.
    ///
    /// The DAG joins the runner of the storage, which is made if there is none. Close it by ``close()`` before the storage.
    ///
    /// - Throws: The codes of ``FlowRunner/add(_:)``.
    public func setTaskStorage<Store: TaskStore>(_ storage: BufferedTaskStorage<Store>) async throws(FlowError) {
        let runner: FlowRunner
        if let known = storage.attachment.withLock({ $0 }) as? FlowRunner {
            runner = known
            try await runner.add(self)
        } else {
            runner = try await FlowRunner(storage: storage, dags: [self])
        }
        home.withLock { $0 = Home(runner: runner, storage: storage) }
    }

    /// The storage, if the DAG has one.
    public var taskStorage: (any TaskStorage)? { home.withLock { $0?.storage } }

    /// Starts a task with this payload.
    ///
    /// - Throws: The codes of ``FlowRunner/process(_:by:id:priority:maxRetries:)``, and `closed` if the DAG has no storage.
    @discardableResult
    public func process(
        _ payload: JSON, id: String? = nil, priority: Int = 0, maxRetries: Int = 3
    ) async throws(FlowError) -> FlowTask<JSON> {
        guard FlowRunner.payload(of: Array(payload.text.utf8)) != nil else {
            throw FlowError(.undecodable, "The payload isn't valid JSON.")
        }
        return try await runner().process(payload, by: self, id: id, priority: priority, maxRetries: maxRetries)
    }

    /// Returns once the tasks in the log have resumed. ``setTaskStorage(_:)`` starts them by itself.
    ///
    /// - Returns: The ids of the DAG's live tasks.
    @discardableResult
    public func recoverTasks() async throws(FlowError) -> [String] {
        let runner = try runner()
        return runner.liveTasks.filter { runner.task(id: $0, of: self) != nil }
    }

    /// Closes the runner of the DAG's storage, for all of its DAGs.
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

/// A handle of a task of a DAG of names.
public struct TaskManager: Sendable {
    /// The id of the task.
    public let taskID: String
    private let dag: DAG<JSON, JSON>
    private let task: FlowTask<JSON>

    /// Finds a live task.
    ///
    /// - Throws: ``FlowError``: `unknownTask`, or `closed` if the DAG has no storage.
    public init(dag: DAG<JSON, JSON>, taskID: String) throws(FlowError) {
        guard let task = try dag.runner().task(id: taskID, of: dag) else {
            throw FlowError(.unknownTask, "There is no live task with the id \(taskID) of the DAG \(dag.key).")
        }
        self.taskID = taskID
        self.dag = dag
        self.task = task
    }

    /// The state now.
    public var state: FlowTaskState { task.state }

    /// Suspends until the task has ended, and returns its payload. Throws as ``FlowTask/result()``.
    public func result() async throws(FlowError) -> JSON { try await task.result() }

    /// Begins no new steps until ``resume()``.
    public func pause() async throws(FlowError) { try await task.pause() }

    /// Continues after ``pause()``.
    public func resume() async throws(FlowError) { try await task.resume() }

    /// Ends the task.
    public func cancel() async throws(FlowError) { try await task.cancel() }

    /// Writes an activity of the task.
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
