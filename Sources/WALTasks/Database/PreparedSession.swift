package import WAL

/// A prepared query of a store. Values are bound in the order of its parameters, and then it runs.
///
/// The functions for rows are requirements, so that each store has versions for its own rows; see ``RowReader``.
@usableFromInline
package protocol PreparedQuery {
    associatedtype Reader: RowReader

    func bind(_ text: String)
    func bind(_ number: Int64)
    /// Runs the query and reads every row.
    func all<Value>(_ read: (inout Reader) throws(StoreError) -> Value) throws(StoreError) -> [Value]

    func tasks() throws(StoreError) -> [PersistentTask]
    func activities() throws(StoreError) -> [TaskActivityLog]
    func letters() throws(StoreError) -> [StoredDeadLetter]
}

extension PreparedQuery {
    @inlinable
    package func tasks() throws(StoreError) -> [PersistentTask] {
        try all { (row) throws(StoreError) in try row.task() }
    }

    @inlinable
    package func activities() throws(StoreError) -> [TaskActivityLog] {
        try all { (row) throws(StoreError) in row.activity() }
    }

    @inlinable
    package func letters() throws(StoreError) -> [StoredDeadLetter] {
        try all { (row) throws(StoreError) in try row.deadLetter() }
    }

    /// Binds the values of a page.
    func bind(_ key: String, _ limit: Int, _ offset: Int) {
        bind(key)
        bind(Int64(limit))
        bind(Int64(offset))
    }
}

/// A prepared statement of a store, which may change rows.
package protocol PreparedStatement: PreparedQuery {
    func bind(_ text: String?)
    func bind(_ number: Int64?)
    func bind(_ bytes: [UInt8])
    func bind(_ time: Timestamp)
    /// Runs the statement and ignores its rows. Returns the number of rows that it changed.
    @discardableResult
    func run() throws(StoreError) -> Int
}

/// A session whose queries are prepared.
package protocol PreparedSession: QuerySession {
    associatedtype Query: PreparedQuery

    var tasksOfDAG: Query { get }
    var pendingTasks: Query { get }
    var resumableTasks: Query { get }
    var activitiesOfTask: Query { get }
    var activitiesOfDAG: Query { get }
    var deadLetters: Query { get }
    /// Returns the query for the tasks with a status.
    func query(for status: TaskStatus) -> Query
}

extension PreparedSession {
    package func tasks(dagID: String, limit: Int, offset: Int) throws(StoreError) -> [PersistentTask] {
        tasksOfDAG.bind(dagID, limit, offset)
        return try tasksOfDAG.tasks()
    }

    package func tasks(status: TaskStatus, limit: Int, offset: Int) throws(StoreError) -> [PersistentTask] {
        let query = query(for: status)
        query.bind(status.rawValue, limit, offset)
        return try query.tasks()
    }

    package func pendingTasks(limit: Int) throws(StoreError) -> [PersistentTask] {
        pendingTasks.bind(Int64(limit))
        return try pendingTasks.tasks()
    }

    package func resumableTasks(dagID: String) throws(StoreError) -> [PersistentTask] {
        resumableTasks.bind(dagID)
        return try resumableTasks.tasks()
    }

    package func activities(taskID: String, limit: Int, offset: Int) throws(StoreError) -> [TaskActivityLog] {
        activitiesOfTask.bind(taskID, limit, offset)
        return try activitiesOfTask.activities()
    }

    package func activities(dagID: String, limit: Int, offset: Int) throws(StoreError) -> [TaskActivityLog] {
        activitiesOfDAG.bind(dagID, limit, offset)
        return try activitiesOfDAG.activities()
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
