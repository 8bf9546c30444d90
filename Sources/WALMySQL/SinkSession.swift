#if MySQL
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// A connection of a ``MySQLSink``.
    final class SinkSession: Session, TableSession {
        struct Settings: Sendable {
            var connection: ConnectionSettings
            var tables: String
        }

        static let isReadOnly = false
        /// The largest number of prepared statements. A function that writes values into the text of its statements
        /// would otherwise fill the server's memory.
        private static let statementsMax = 100

        let connection: Connection
        private let lanes: LaneStatements
        private var statements: [String: SinkStatement] = [:]

        init(_ settings: Settings) throws(StoreError) {
            let connection = try Connection(settings.connection, access: .readWrite)
            try Schema.createTables(settings.tables, connection)
            self.connection = connection
            lanes = try LaneStatements(connection, .ofSinks)
        }

        var place: String { connection.settings.address.description }

        func claim(
            _ indices: Range<Int>, of laneCount: Int, log: LogID, sink: String, owner: String
        ) throws(StoreError) -> [SinkLane] {
            try lanes.claim(
                indices, of: laneCount, log: log, key: PositionTable.sinkKey(sink, of: log), owner: owner)
        }

        func positions(of indices: Range<Int>, log: LogID, sink: String) throws(StoreError) -> [SinkLane] {
            try lanes.read(indices, key: PositionTable.sinkKey(sink, of: log))
        }

        func moving(
            _ batch: SinkBatch, sink: String, _ body: () throws(StoreError) -> Void
        ) throws(StoreError) {
            try connection.transaction { () throws(StoreError) in
                try lanes.move(
                    batch.lanes, to: batch.position, key: PositionTable.sinkKey(sink, of: batch.log), at: .now)
                try body()
            }
        }

        // MARK: Statements of the function

        func execute(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> Int {
            let statement = try statement(sql)
            try requireCount(values.count, statement.parameterCount, sql)
            return try statement.run(values)
        }

        func executeMany(_ sql: String, _ rows: [[SQLValue]]) throws(StoreError) -> Int {
            let statement = try statement(sql)
            for row in rows { try requireCount(row.count, statement.parameterCount, sql) }
            return try statement.run(rows)
        }

        func query(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [[SQLValue]] {
            let statement = try statement(sql)
            try requireCount(values.count, statement.parameterCount, sql)
            return try statement.rows(values)
        }

        private func statement(_ sql: String) throws(StoreError) -> SinkStatement {
            if let known = statements[sql] { return known }
            let word = try requireWord(sql)
            // Many other statements commit, such as those that change tables.
            guard SinkStatement.words.contains(word) else {
                throw error(
                    .invalidArgument,
                    "\(word) may end the transaction, which is the sink's: use \(SinkStatement.words.sorted().joined(separator: ", "))",
                    statement: sql)
            }
            if statements.count == Self.statementsMax { statements = [:] }
            do throws(StoreError) {
                let statement = try SinkStatement(sql, word, on: connection)
                statements[sql] = statement
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
