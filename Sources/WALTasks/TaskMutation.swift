public import WAL

/// A change to a task storage in the form that the log holds. ``BufferedTaskStorage/apply(_:)`` takes several at
/// once.
///
/// ```swift
/// try await storage.apply([.save(order), .log(activity), .updateStatus(id: "cart-7", status: .completed)])
/// ```
public enum TaskMutation: Hashable, Sendable {
    /// Stores a task; see ``TaskStorage/save(_:)-(PersistentTask)``.
    case save(PersistentTask)
    /// Stores an activity; see ``TaskStorage/log(_:)``.
    case log(TaskActivityLog)
    /// Changes a task's status and error; see ``TaskStorage/updateStatus(id:to:error:at:)``.
    case updateStatus(id: String, status: TaskStatus, error: String? = nil, time: Timestamp = .now)
    /// Removes a task; see ``TaskStorage/deleteTask(id:)``.
    case delete(id: String)
    /// Removes all tasks of a DAG; see ``TaskStorage/deleteTasks(dagID:)``.
    case deleteDAG(id: String)
    /// Removes the tasks that ended before a time; see ``TaskStorage/removeTasks(endedBefore:)``.
    case removeTasks(endedBefore: Timestamp)
    /// Removes the activities that were created before a time; see ``TaskStorage/removeActivities(createdBefore:)``.
    case removeActivities(createdBefore: Timestamp)

    /// The id of the task with which the change is ordered. Nil for a change that is ordered against all others: it
    /// waits for all earlier changes, and all later changes wait for it.
    public var taskID: String? {
        switch self {
        case .save(let task): task.id
        case .log(let activity): activity.taskID
        case .updateStatus(let id, _, _, _), .delete(let id): id
        case .deleteDAG, .removeTasks, .removeActivities: nil
        }
    }
}
