internal import WALDelivery

/// The open transaction of a sink's function. It is valid until the function returns, on the function's thread.
///
/// A statement that fails makes the batch fail, even if the function catches the error, because databases differ in the
/// changes that they have undone by then. To accept a row that is there already, use a statement that allows it, for
/// example with `ON CONFLICT DO NOTHING`.
public final class SinkTransaction {
    private let session: any TableSession
    private var failure: StoreError?
    private var isOver = false

    init(_ session: any TableSession) {
        self.session = session
    }

    /// Runs a statement, which is prepared once for each connection.
    ///
    /// - Parameters:
    ///   - sql: One statement, with a place for each value: `?` in SQLite and MySQL, `$1`, `$2` and so on in PostgreSQL.
    ///   - values: The values.
    /// - Returns: The number of rows that it inserted, updated or deleted, as the database counts them. 0 for other statements.
    /// - Throws: `StoreError`: `rowRefused` if the database refuses a row, `invalidArgument` for another number of
    ///   values, several statements, or one that ends the transaction, or the error that the database reports.
    @discardableResult
    public func execute(_ sql: String, _ values: [SQLValue] = []) throws(StoreError) -> Int {
        try run { (session) throws(StoreError) in try session.execute(sql, values) }
    }

    /// Runs a statement once for each row of values, in order: in PostgreSQL and MariaDB as one call with arrays of
    /// values, or without waiting for the answers in between.
    ///
    /// - Parameters:
    ///   - sql: One statement, as for ``execute(_:_:)``.
    ///   - rows: The rows of values, one for each run.
    ///
    /// - Returns: The number of rows that it changed in all, counted as by ``execute(_:_:)``.
    /// - Throws: The errors of ``execute(_:_:)``. The rows before the refused one are undone with the transaction.
    @discardableResult
    public func executeMany(_ sql: String, _ rows: [[SQLValue]]) throws(StoreError) -> Int {
        try run { (session) throws(StoreError) in
            rows.isEmpty ? 0 : try session.executeMany(sql, rows)
        }
    }

    /// Runs a query, and returns the values of its rows.
    ///
    /// - Throws: The errors of ``execute(_:_:)``.
    public func query(_ sql: String, _ values: [SQLValue] = []) throws(StoreError) -> [[SQLValue]] {
        try run { (session) throws(StoreError) in try session.query(sql, values) }
    }

    /// Runs a statement, unless the transaction is over or another one has failed.
    package func run<Value>(
        _ body: (any TableSession) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        if isOver {
            throw session.connection.error(.closed, "the transaction is over: use it within the sink's function")
        }
        if let failure { throw failure }
        do throws(StoreError) {
            return try body(session)
        } catch {
            failure = error
            throw error
        }
    }

    /// Calls a sink's function. Throws the first error of its statements, or else its own as a refusal of the batch.
    func call(_ body: TableSinkBody, with batch: SinkBatch) throws(StoreError) {
        defer { isOver = true }
        do {
            try body(self, batch)
        } catch {
            throw failure ?? error as? StoreError
                ?? session.connection.error(.rowRefused, "the sink's function can't write the batch: \(error)")
        }
        if let failure { throw failure }
    }
}
