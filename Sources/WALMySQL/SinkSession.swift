#if MySQL
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// A connection of a ``MySQLSink``.
    final class SinkSession: Session, TableSession {
        static let isReadOnly = false
        let connection: Connection
        let lanes: LaneStatements
        private var statements: [String: SinkStatement] = [:]

        init(_ settings: ConnectionSettings) throws(StoreError) {
            let connection = try Connection(settings, access: .readWrite)
            try Schema.createTables(settings.tables, connection)
            self.connection = connection
            lanes = try LaneStatements(connection, .ofSinks)
        }

        func moving(_ batch: SinkBatch, key: String, _ body: () throws(StoreError) -> Void) throws(StoreError) {
            try connection.transaction { () throws(StoreError) in
                try lanes.move(batch.lanes, to: batch.position, key: key, at: .now)
                try body()
            }
        }

        // MARK: Statements of the function

        func execute(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> Int {
            let statement = try statement(sql, for: [values])
            try requireCount(values.count, statement.parameterCount, sql)
            return try statement.run(values)
        }

        func executeMany(_ sql: String, _ rows: [[SQLValue]]) throws(StoreError) -> Int {
            let first = try statement(sql, for: rows.prefix(1))
            for row in rows { try requireCount(row.count, first.parameterCount, sql) }
            if connection.takesArrays { return try first.run(rows[...]) }
            var count = 0
            var rest = rows[...]
            while !rest.isEmpty {
                let alike = rest.prefix(RowTable.alike(rest).count)
                count += try statement(sql, for: alike).run(alike)
                rest = rest.dropFirst(alike.count)
            }
            return count
        }

        func query(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [[SQLValue]] {
            let statement = try statement(sql, for: [values])
            try requireCount(values.count, statement.parameterCount, sql)
            return try statement.rows(values)
        }

        /// Returns the prepared statement for these rows.
        ///
        /// MySQL gives a parameter of an expression the type of its first value, and converts the later ones: for
        /// `SELECT ?`, a text after a number is 0. So such a server prepares the text again for values of other kinds.
        private func statement(_ sql: String, for rows: ArraySlice<[SQLValue]>) throws(StoreError) -> SinkStatement {
            let key = connection.takesArrays ? sql : "\(RowTable.alike(rows).kinds) \(sql)"
            if let known = statements[key] { return known }
            let word = try requireWord(sql)
            // Many other statements commit, such as those that change tables.
            guard SinkStatement.words.contains(word) else {
                throw connection.error(
                    .invalidArgument,
                    "\(word) may end the transaction, which is the sink's: use \(SinkStatement.words.sorted().joined(separator: ", "))",
                    statement: sql)
            }
            if statements.count == Self.statementsMax { statements = [:] }
            do throws(StoreError) {
                let statement = try SinkStatement(sql, word, on: connection)
                statements[key] = statement
                return statement
            } catch {
                var error = error
                // 1064 is a syntax error. Waiting may cure a missing table, but never the syntax.
                if error.number == 1064 { error.code = .invalidArgument }
                throw error
            }
        }
    }
#endif
