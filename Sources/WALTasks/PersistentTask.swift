public import WAL

/// A task of a workflow as it is stored: one node's run in a directed acyclic graph (DAG) of nodes.
public struct PersistentTask: Hashable, Sendable {
    /// Unique over all tasks; 1 to 512 bytes of UTF-8.
    public var id: String
    /// The graph that the task belongs to.
    public var dagID: String
    /// The node that the task was made for.
    public var nodeID: String
    /// The node that works on it now.
    public var currentNodeID: String?
    /// Where it is among nested graphs.
    public var subDAGPath: String?
    /// The processor's own word for where it is.
    public var processingState: String?
    /// The task's data: JSON text.
    public var payload: String?
    /// Where it is in its life.
    public var status: TaskStatus
    /// When it was made.
    public var createdAt: Timestamp
    /// When it was last changed.
    public var updatedAt: Timestamp
    /// When it was first running.
    public var startedAt: Timestamp?
    /// When it ended, well or badly.
    public var completedAt: Timestamp?
    /// Why it failed.
    public var error: String?
    /// How often it was tried again.
    public var retryCount: Int32
    /// How often it may be.
    public var maxRetries: Int32
    /// Higher goes first.
    public var priority: Int32

    /// Makes a task; what is left out is nil, 0, or as new tasks have it.
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

/// Where a task is in its life. The raw value is what stores hold.
public enum TaskStatus: String, CaseIterable, Hashable, Sendable {
    /// Waits to be started.
    case pending
    /// Was started.
    case running
    /// Ended well.
    case completed
    /// Ended badly.
    case failed
    /// Was given up.
    case cancelled
}
