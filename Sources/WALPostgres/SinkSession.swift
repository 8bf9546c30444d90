#if Postgres
    internal import CWALPostgres
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// A connection of a ``PostgresSink``.
    final class SinkSession: Session, TableSession {
        let connection: Connection
        let lanes: LaneStatements
        private var statements: [String: SinkStatement] = [:]
        /// The statements of this batch that ran for many rows at once. Nil if each row must be a statement of its own.
        private var atOnce: [SinkStatement]?
        /// The least number of rows that run at once. Fewer rows run one by one, so a refused row has the error of the
        /// user's own statement.
        private static let arraysMin = 8

        init(_ settings: ConnectionSettings) throws(StoreError) {
            let connection = try Connection(settings, variables: SQLValue.variables)
            try connection.transaction { () throws(StoreError) in
                // If two sessions create one table at the same time, one of them fails.
                try connection.execute("SELECT pg_advisory_xact_lock(\(Schema.lockKey))", named: "lock schema")
                let table = PositionTable.ofSinks
                // IF NOT EXISTS would require the right to create tables, even if the table exists.
                if try !Schema.exists(table.name, connection, named: "find positions") {
                    try connection.execute("CREATE TABLE \(Schema.lanes(table))", named: "create positions")
                }
                try connection.execute(settings.tables, named: "create tables")
            }
            self.connection = connection
            lanes = try LaneStatements(connection, .ofSinks)
        }

        func moving(_ batch: SinkBatch, key: String, _ body: () throws(StoreError) -> Void) throws(StoreError) {
            let move = LaneMove(batch.lanes, of: key, to: batch.position)
            func apply() throws(StoreError) {
                try connection.transaction { () throws(StoreError) in
                    try lanes.move(move)
                    try Self.refusing(body)
                }
            }
            atOnce = []
            do throws(StoreError) {
                try apply()
                for statement in atOnce ?? [] { statement.noteArrays(refused: false) }
            } catch {
                // The server may take rows one by one that it refuses together, such as two changes of one row.
                guard let last = atOnce?.last, error.statement == last.arraysText,
                    Self.refusals.contains(error.code), isUsable
                else { throw error }
                last.noteArrays(refused: true)
                atOnce = nil
                try apply()
            }
        }

        /// Calls a sink's function. If a trigger, a function or a subquery of its statements rejects a row, that is no
        /// fault of the store.
        private static func refusing(_ body: () throws(StoreError) -> Void) throws(StoreError) {
            do {
                try body()
            } catch var error {
                let ofRows = ["21000", "27000", "38", "39"]
                if error.code == .other, let state = error.sqlState, ofRows.contains(where: state.hasPrefix) {
                    error.code = .rowRefused
                }
                throw error
            }
        }

        private static let refusals: Set<StoreError.Code> = [.rowRefused, .other, .invalidArgument, .schemaMismatch]

        // MARK: Statements of the function

        func execute(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> Int {
            try statement(sql, values.count).run(values).changedRowCount
        }

        func executeMany(_ sql: String, _ rows: [[SQLValue]]) throws(StoreError) -> Int {
            let statement = try statement(sql, rows.first?.count ?? 0)
            for row in rows { try requireCount(row.count, statement.parameterCount, sql) }
            guard rows.count >= Self.arraysMin, atOnce != nil else { return try statement.run(rows) }
            atOnce?.append(statement)
            guard let arrays = try statement.overArrays() else {
                atOnce?.removeLast()
                return try statement.run(rows)
            }
            return try arrays.runArrays(rows)
        }

        func execute(_ sql: String, columnsOf rows: [[SQLValue]]) throws(StoreError) -> Int {
            let statement = try statement(sql, rows.first?.count ?? 0)
            for row in rows { try requireCount(row.count, statement.parameterCount, sql) }
            return try statement.runArrays(rows)
        }

        func query(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [[SQLValue]] {
            try statement(sql, values.count).run(values).literals()
        }

        private func statement(_ sql: String, _ valueCount: Int) throws(StoreError) -> SinkStatement {
            let statement = try statement(sql)
            try requireCount(valueCount, statement.parameterCount, sql)
            return statement
        }

        private func statement(_ sql: String) throws(StoreError) -> SinkStatement {
            if let known = statements[sql] { return known }
            try check(sql)
            if statements.count == Self.statementsMax {
                for name in statements.values.flatMap(\.names) {
                    try connection.execute("DEALLOCATE \(name)", named: "deallocate statement")
                }
                statements = [:]
            }
            do throws(StoreError) {
                // A pooler may give the next transaction another session, which doesn't have the statement.
                if connection.isPooled { return try SinkStatement(sql, named: "", on: connection) }
                let statement = try SinkStatement(sql, named: "own_\(statements.count)", on: connection)
                statements[sql] = statement
                return statement
            } catch {
                var error = error
                // 42601 is a syntax error. Waiting may cure a missing table, but never the syntax.
                if error.sqlState == "42601" { error.code = .invalidArgument }
                throw error
            }
        }

        /// The first words of statements that begin or end a transaction, now or later, or a savepoint.
        private static let refusedWords: Set<String> = [
            "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "PREPARE", "SAVEPOINT", "RELEASE",
        ]

        /// Throws if a sink's function may not run this statement. The server prepares only one statement, so the first
        /// word shows its kind.
        private func check(_ sql: String) throws(StoreError) {
            let word = try requireWord(sql)
            if word == "COPY" {
                throw connection.error(
                    .invalidArgument, "COPY isn't for a sink's function: use executeMany", statement: sql)
            }
            if Self.refusedWords.contains(word) { throw transactionError(sql) }
        }
    }
#endif
