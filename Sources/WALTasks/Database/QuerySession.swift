package import WAL

/// The queries of a store. The functions are those of `TaskStorage`, `CheckpointStore` and `DeadLetterStore`, with
/// arguments that are checked already.
package protocol QuerySession: DatabaseSession {
    func task(id: String) throws(StoreError) -> PersistentTask?
    func tasks(ids: [String]) throws(StoreError) -> [PersistentTask]
    func tasks(dagID: String, limit: Int, offset: Int) throws(StoreError) -> [PersistentTask]
    func tasks(status: TaskStatus, limit: Int, offset: Int) throws(StoreError) -> [PersistentTask]
    func pendingTasks(limit: Int) throws(StoreError) -> [PersistentTask]
    func resumableTasks(dagID: String) throws(StoreError) -> [PersistentTask]
    func activities(taskID: String, limit: Int, offset: Int) throws(StoreError) -> [TaskActivityLog]
    func activities(dagID: String, limit: Int, offset: Int) throws(StoreError) -> [TaskActivityLog]
    func checkpoints(log: LogID) throws(StoreError) -> [SinkCheckpoint]
    func deadLetters(
        log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int
    ) throws(StoreError) -> [StoredDeadLetter]
    /// Returns if the tables can be read.
    func ping() throws(StoreError)
}
