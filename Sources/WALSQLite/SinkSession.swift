#if SQLite
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// The connection of a ``SQLiteSink``, with the statements that its function has used.
    final class SinkSession: DatabaseSession {
        struct Settings: Sendable {
            var connection: ConnectionSettings
            var tables: String
        }

        static let server = StoreError.Server.sqlite
        /// A function that puts values into its texts would fill the memory with statements.
        private static let statementsMax = 100

        let lanes: LaneStatements
        private let connection: Connection
        private var statements: [String: Statement] = [:]

        init(_ settings: Settings) throws(StoreError) {
            let connection = try Connection(
                path: settings.connection.path, access: .readWrite, busyTimeout: settings.connection.busyTimeout)
            try connection.transaction { () throws(StoreError) in
                try connection.execute("CREATE TABLE IF NOT EXISTS \(Schema.positions)", named: "create positions")
                try connection.execute(settings.tables, named: "create tables")
            }
            self.connection = connection
            lanes = try LaneStatements(connection)
        }

        func statement(_ sql: String) throws(StoreError) -> Statement {
            if let known = statements[sql] { return known }
            if statements.count == Self.statementsMax { statements = [:] }
            let statement = try Statement(sql, named: sql, on: connection)
            statements[sql] = statement
            return statement
        }

        /// Moves the lanes and calls the function, in one transaction.
        func apply(_ batch: SinkBatch, by body: SQLiteSink.Body) throws(StoreError) -> SinkReceipt {
            try connection.transaction { () throws(StoreError) in
                let now = Timestamp.now
                for lane in batch.lanes {
                    try lanes.move(lane, to: batch.position, log: batch.log.description, at: now)
                }
                let transaction = SQLiteTransaction(self)
                defer { transaction.end() }
                do {
                    try body(transaction, batch)
                } catch let error as StoreError {
                    throw error
                } catch {
                    throw StoreError(
                        .rowRefused, "the sink's function can't write the batch: \(error)", server: .sqlite,
                        place: connection.path)
                }
                guard connection.isInTransaction else {
                    throw StoreError(
                        .invalidArgument,
                        "the sink's function has ended the transaction: leave COMMIT and ROLLBACK to the sink",
                        server: .sqlite, place: connection.path)
                }
                return SinkReceipt(rowCount: batch.records.count)
            }
        }
    }
#endif
