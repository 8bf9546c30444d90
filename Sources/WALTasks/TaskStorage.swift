public import WAL

/// A storage of tasks and their activities.
///
/// Lists are ordered by `createdAt` and then `id`, the oldest first, except ``pendingTasks(limit:)``. `limit` and
/// `offset` count tasks or activities, and both must be at least 0. All functions can be called from any task.
public protocol TaskStorage: Sendable {
    /// The result of a change. Void if the change is complete when it returns; otherwise a receipt with which to wait
    /// for its further progress.
    associatedtype Receipt: Sendable = Void
    /// The result of closing. Void if closing leaves no work.
    associatedtype ClosingReport: Sendable = Void

    /// Stores a task. Replaces a task with the same id, except its `dagID` and `createdAt`.
    @discardableResult func save(_ task: PersistentTask) async throws -> Receipt
    /// Stores many tasks, all or none.
    @discardableResult func save(_ tasks: [PersistentTask]) async throws -> Receipt
    /// Returns the task with this id, or nil.
    func task(id: String) async throws -> PersistentTask?
    /// Returns the tasks of a DAG.
    func tasks(dagID: String, limit: Int, offset: Int) async throws -> [PersistentTask]
    /// Returns the tasks in a status.
    func tasks(status: TaskStatus, limit: Int, offset: Int) async throws -> [PersistentTask]
    /// Returns the pending tasks by `priority`, the highest first, then in the order of all lists.
    func pendingTasks(limit: Int) async throws -> [PersistentTask]
    /// Returns the tasks of a DAG that a restart must resume: pending, running, or failed with retries left.
    func resumableTasks(dagID: String) async throws -> [PersistentTask]
    /// Changes a task's status and error, and sets `updatedAt` to `time`. Also sets `startedAt` on the first change
    /// to running, and `completedAt` on a change to completed, failed or canceled. Has no effect if the task doesn't
    /// exist.
    @discardableResult
    func updateStatus(
        id: String, to status: TaskStatus, error: String?, at time: Timestamp
    ) async throws -> Receipt
    /// Removes a task if it exists. Its activities stay until they are cleaned up.
    @discardableResult func deleteTask(id: String) async throws -> Receipt
    /// Removes all tasks of a DAG. Their activities stay until they are cleaned up.
    @discardableResult func deleteTasks(dagID: String) async throws -> Receipt
    /// Stores an activity. Ignores it if its id exists already.
    @discardableResult func log(_ activity: TaskActivityLog) async throws -> Receipt
    /// Returns the activities of a task.
    func activities(taskID: String, limit: Int, offset: Int) async throws -> [TaskActivityLog]
    /// Returns the activities of a DAG.
    func activities(dagID: String, limit: Int, offset: Int) async throws -> [TaskActivityLog]
    /// Removes the tasks that ended (completed, failed, canceled) and were last updated before `time`.
    @discardableResult func removeTasks(endedBefore time: Timestamp) async throws -> Receipt
    /// Removes the activities that were created before `time`.
    @discardableResult func removeActivities(createdBefore time: Timestamp) async throws -> Receipt
    /// Returns if the storage answers.
    func ping() async throws
    /// Finishes all pending work and releases all resources. Later calls throw.
    @discardableResult func close() async throws -> ClosingReport
}
