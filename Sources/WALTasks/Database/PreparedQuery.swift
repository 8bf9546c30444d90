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
    /// Runs the query and reads the first row, if there is one.
    func first<Value>(_ read: (inout Reader) throws(StoreError) -> Value) throws(StoreError) -> Value?

    func task() throws(StoreError) -> PersistentTask?
    func tasks() throws(StoreError) -> [PersistentTask]
    func activities() throws(StoreError) -> [TaskActivityLog]
    func letters() throws(StoreError) -> [StoredDeadLetter]
}

extension PreparedQuery {
    @inlinable
    package func task() throws(StoreError) -> PersistentTask? {
        try first { (row) throws(StoreError) in try row.task() }
    }

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

/// A prepared statement of a store that changes rows. Values are bound in the order of its parameters, and then it runs.
package protocol PreparedStatement {
    func bind(_ text: String?)
    func bind(_ number: Int64?)
    func bind(_ bytes: [UInt8])
    func bind(_ time: Timestamp)
    /// Runs the statement and ignores its rows. Returns the number of rows that it changed.
    @discardableResult
    func run() throws(StoreError) -> Int
}
