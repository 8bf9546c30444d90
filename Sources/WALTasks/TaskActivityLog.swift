public import WAL

/// Something that happened to a task: written once, never changed.
public struct TaskActivityLog: Hashable, Sendable {
    /// Unique over all activities; 1 to 512 bytes of UTF-8. A second one with the same id is ignored.
    public var id: String
    /// The task that it happened to.
    public var taskID: String
    /// The graph that the task belongs to.
    public var dagID: String
    /// The node where it happened.
    public var nodeID: String
    /// What was done.
    public var action: String
    /// What was done, for people.
    public var message: String?
    /// Details: JSON text.
    public var data: String?
    /// How important it is, such as `info`.
    public var level: String
    /// When it was made.
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
