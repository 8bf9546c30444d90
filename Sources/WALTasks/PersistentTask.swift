public import WAL

/// A stored task of a workflow: one node's run in a directed acyclic graph (DAG) of nodes.
public struct PersistentTask: Hashable, Sendable {
    /// The identifier, unique over all tasks. 1 to 512 bytes of UTF-8.
    public var id: String
    /// The DAG to which the task belongs.
    public var dagID: String
    /// The node for which the task was made.
    public var nodeID: String
    /// The node that currently works on the task.
    public var currentNodeID: String?
    /// The path of the task in nested DAGs.
    public var subDAGPath: String?
    /// An application-defined processing state.
    public var processingState: String?
    /// The task's data as JSON text.
    public var payload: String?
    /// The status of the task.
    public var status: TaskStatus
    /// The time when the task was created.
    public var createdAt: Timestamp
    /// The time of the last change.
    public var updatedAt: Timestamp
    /// The time when the task first ran.
    public var startedAt: Timestamp?
    /// The time when the task completed, failed or was canceled.
    public var completedAt: Timestamp?
    /// The reason for the failure.
    public var error: String?
    /// The number of retries so far.
    public var retryCount: Int32
    /// The maximum number of retries.
    public var maxRetries: Int32
    /// The priority. Tasks with a higher value come first.
    public var priority: Int32

    /// Makes a task. Omitted values are nil, 0, or those of a new task.
    public init(
        id: String, dagID: String, nodeID: String, currentNodeID: String? = nil, subDAGPath: String? = nil,
        processingState: String? = nil, payload: String? = nil, status: TaskStatus = .pending,
        createdAt: Timestamp = .now, updatedAt: Timestamp? = nil, startedAt: Timestamp? = nil,
        completedAt: Timestamp? = nil, error: String? = nil, retryCount: Int32 = 0, maxRetries: Int32 = 3,
        priority: Int32 = 0
    ) {
        self.id = id
        self.dagID = dagID
        self.nodeID = nodeID
        self.currentNodeID = currentNodeID
        self.subDAGPath = subDAGPath
        self.processingState = processingState
        self.payload = payload
        self.status = status
        self.createdAt = createdAt
        self.updatedAt = updatedAt ?? createdAt
        self.startedAt = startedAt
        self.completedAt = completedAt
        self.error = error
        self.retryCount = retryCount
        self.maxRetries = maxRetries
        self.priority = priority
    }
}

/// The status of a task. Stores hold the raw value.
public enum TaskStatus: String, CaseIterable, Hashable, Sendable {
    /// Waiting to be started.
    case pending
    /// Running.
    case running
    /// Finished successfully.
    case completed
    /// Finished with an error.
    case failed
    /// Canceled.
    case cancelled
}
