#if SQLite
    public import WALTasks

    /// The open transaction of a ``SQLiteSink``'s function. It is valid until the function returns, on the function's thread.
    public final class SQLiteTransaction {
        private let session: SinkSession
        private var isOver = false

        init(_ session: SinkSession) {
            self.session = session
        }

        func end() { isOver = true }

        /// Runs a statement, which is prepared once for each connection.
        ///
        /// - Parameters:
        ///   - sql: One statement, with a `?` for each value.
        ///   - values: The values.
        /// - Returns: The number of rows that it changed.
        /// - Throws: `StoreError`: `rowRefused` if a constraint refuses the row, `invalidArgument` for another number of values, or what
        ///   SQLite reports.
        @discardableResult
        public func execute(_ sql: String, _ values: [SQLValue] = []) throws(StoreError) -> Int {
            let statement = try statement(sql, valueCount: values.count)
            for value in values { statement.bind(value) }
            return try statement.run()
        }

        /// Runs a statement once for each row of values.
        ///
        /// - Returns: The number of rows that it changed in all.
        /// - Throws: As ``execute(_:_:)``. The rows before the refused one are undone with the transaction.
        @discardableResult
        public func executeMany(_ sql: String, _ rows: some Sequence<[SQLValue]>) throws(StoreError) -> Int {
            var count = 0
            for row in rows { count += try execute(sql, row) }
            return count
        }

        /// Runs a query, and returns the values of its rows.
        public func query(_ sql: String, _ values: [SQLValue] = []) throws(StoreError) -> [[SQLValue]] {
            let statement = try statement(sql, valueCount: values.count)
            for value in values { statement.bind(value) }
            return try statement.all { (row) throws(StoreError) in row.values() }
        }

        private func statement(_ sql: String, valueCount: Int) throws(StoreError) -> Statement {
            guard !isOver else {
                throw StoreError(.closed, "the transaction is over: use it within the sink's function", server: .sqlite)
            }
            let statement = try session.statement(sql)
            guard statement.parameterCount == valueCount else {
                throw StoreError(
                    .invalidArgument,
                    "the statement takes \(statement.parameterCount) values, not \(valueCount): \(sql)", server: .sqlite
                )
            }
            return statement
        }
    }
#endif
