package import WAL

/// The queries of a store. The functions are those of `TaskStorage`, `CheckpointStore` and `DeadLetterStore`, with
/// arguments that are checked already.
package protocol QuerySession: DatabaseSession {
    associatedtype Query: PreparedQuery

    var queries: TaskQueries<Query> { get }
    /// The query for a page of dead letters. Its values are the log and the sequence number of the letter before, the
    /// first and the last log, and the limit.
    var deadLetters: Query { get }

    func tasks(ids: [String]) throws(StoreError) -> [PersistentTask]
    func deadLetters(
        log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int
    ) throws(StoreError) -> [StoredDeadLetter]
    /// Returns if the tables can be read.
    func ping() throws(StoreError)
}

extension QuerySession {
    package func task(id: String) throws(StoreError) -> PersistentTask? {
        queries.task.bind(id)
        return try queries.task.task()
    }

    func tasks(dagID: String, limit: Int, offset: Int) throws(StoreError) -> [PersistentTask] {
        queries.tasksOfDAG.bind(dagID, limit, offset)
        return try queries.tasksOfDAG.tasks()
    }

    func tasks(status: TaskStatus, limit: Int, offset: Int) throws(StoreError) -> [PersistentTask] {
        let query = status == .pending || status == .running ? queries.openTasks : queries.endedTasks
        query.bind(status.rawValue, limit, offset)
        return try query.tasks()
    }

    func pendingTasks(limit: Int) throws(StoreError) -> [PersistentTask] {
        queries.pendingTasks.bind(Int64(limit))
        return try queries.pendingTasks.tasks()
    }

    func resumableTasks(dagID: String) throws(StoreError) -> [PersistentTask] {
        queries.resumableTasks.bind(dagID)
        return try queries.resumableTasks.tasks()
    }

    func activities(taskID: String, limit: Int, offset: Int) throws(StoreError) -> [TaskActivityLog] {
        queries.activitiesOfTask.bind(taskID, limit, offset)
        return try queries.activitiesOfTask.activities()
    }

    func activities(dagID: String, limit: Int, offset: Int) throws(StoreError) -> [TaskActivityLog] {
        queries.activitiesOfDAG.bind(dagID, limit, offset)
        return try queries.activitiesOfDAG.activities()
    }

    package func checkpoints(log: LogID) throws(StoreError) -> [SinkCheckpoint] {
        queries.checkpoints.bind(log.description)
        return try queries.checkpoints.all { (row) throws(StoreError) in row.checkpoint() }
    }

    package func deadLetters(
        log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int
    ) throws(StoreError) -> [StoredDeadLetter] {
        deadLetters.bind(previous?.log.description ?? "")
        deadLetters.bind(previous.map { Int64(bitPattern: $0.sequence.rawValue) } ?? 0)
        // Every log id is hexadecimal, so it is between "" and "g".
        deadLetters.bind(log?.description ?? "")
        deadLetters.bind(log?.description ?? "g")
        deadLetters.bind(Int64(limit))
        return try deadLetters.letters()
    }
}
