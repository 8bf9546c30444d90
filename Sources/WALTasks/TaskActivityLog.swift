public import WAL

/// An activity of a task. It is written once and never changed.
public struct TaskActivityLog: Hashable, Sendable {
    /// The identifier, unique over all activities. 1 to 512 bytes of UTF-8. A second activity with the same id is
    /// ignored.
    public var id: String
    /// The task of the activity.
    public var taskID: String
    /// The DAG to which the task belongs.
    public var dagID: String
    /// The node of the activity.
    public var nodeID: String
    /// The action that was performed.
    public var action: String
    /// The description as human-readable text.
    public var message: String?
    /// Details as JSON text.
    public var data: String?
    /// The log level, for example `info`.
    public var level: String
    /// The time of the activity.
    public var createdAt: Timestamp

    /// Makes an activity.
    public init(
        id: String, taskID: String, dagID: String, nodeID: String, action: String, message: String? = nil,
        data: String? = nil, level: String = "info", createdAt: Timestamp = .now
    ) {
        self.id = id
        self.taskID = taskID
        self.dagID = dagID
        self.nodeID = nodeID
        self.action = action
        self.message = message
        self.data = data
        self.level = level
        self.createdAt = createdAt
    }
}
