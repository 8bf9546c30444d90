public import WAL

/// Keeps tasks and their activities.
///
/// Lists are ordered by `createdAt` and then `id`, the oldest first, but for ``pendingTasks(limit:)``.
/// `limit` and `offset` count tasks or activities, both 0 or more. Callable from any task.
public protocol TaskStorage: Sendable {
    /// What a change returns: nothing where the change is complete by then, else what its further progress can be waited for with.
    associatedtype Receipt: Sendable = Void
    /// What closing returns: nothing where closing leaves nothing to do.
    associatedtype ClosingReport: Sendable = Void

    /// Stores a task; one with the same id is replaced, but for its `dagID` and `createdAt`.
    @discardableResult func save(_ task: PersistentTask) async throws -> Receipt
    /// Stores many tasks, all or none.
    @discardableResult func save(_ tasks: [PersistentTask]) async throws -> Receipt
    /// The task with this id, or nil.
    func task(id: String) async throws -> PersistentTask?
    /// The tasks of a DAG.
    func tasks(dagID: String, limit: Int, offset: Int) async throws -> [PersistentTask]
    /// The tasks in a status.
    func tasks(status: TaskStatus, limit: Int, offset: Int) async throws -> [PersistentTask]
    /// The tasks that wait to be started: by `priority`, the highest first, then as all lists.
    func pendingTasks(limit: Int) async throws -> [PersistentTask]
    /// The tasks of a DAG that a restart has to go on with: pending, running, or failed with retries left.
    func resumableTasks(dagID: String) async throws -> [PersistentTask]
    /// Changes a task's status and error, and `updatedAt` to `time`; `startedAt` on the first change to running,
    /// `completedAt` on a change to completed, failed or cancelled. Does nothing if there is no such task.
    @discardableResult
    func updateStatus(
        id: String, to status: TaskStatus, error: String?, at time: Timestamp
    ) async throws -> Receipt
    /// Removes a task, if it is there. Its activities stay until they are cleaned up.
    @discardableResult func deleteTask(id: String) async throws -> Receipt
    /// Removes all tasks of a DAG. Their activities stay until they are cleaned up.
    @discardableResult func deleteTasks(dagID: String) async throws -> Receipt
    /// Stores an activity; one whose id is known already is ignored.
    @discardableResult func log(_ activity: TaskActivityLog) async throws -> Receipt
    /// The activities of a task.
    func activities(taskID: String, limit: Int, offset: Int) async throws -> [TaskActivityLog]
    /// The activities of a DAG.
    func activities(dagID: String, limit: Int, offset: Int) async throws -> [TaskActivityLog]
    /// Removes the tasks that ended (completed, failed, cancelled) and were last updated before `time`.
    @discardableResult func removeTasks(endedBefore time: Timestamp) async throws -> Receipt
    /// Removes the activities that were made before `time`.
    @discardableResult func removeActivities(createdBefore time: Timestamp) async throws -> Receipt
    /// Returns if the storage answers.
    func ping() async throws
    /// Finishes what was begun and frees everything. Calls after it throw.
    @discardableResult func close() async throws -> ClosingReport
}
