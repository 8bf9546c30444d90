#if SQLite
    internal import CWALSQLite
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// The connection of a ``SQLiteSink``.
    final class SinkSession: Session, TableSession {
        let connection: Connection
        let lanes: LaneStatements
        private let transactionGuard: TransactionGuard
        private var statements: [String: Statement] = [:]

        init(_ settings: ConnectionSettings) throws(StoreError) {
            let connection = try Connection(
                path: settings.path, access: .readWrite, busyTimeout: settings.busyTimeout)
            try connection.execute(settings.setup, named: "set up")
            try connection.transaction { () throws(StoreError) in
                try connection.execute(
                    "CREATE TABLE IF NOT EXISTS \(Schema.lanes(.ofSinks))", named: "create positions")
                try connection.execute(settings.tables, named: "create tables")
                try Self.requireOneFile(connection)
            }
            self.connection = connection
            lanes = try LaneStatements(connection, .ofSinks)
            transactionGuard = TransactionGuard(connection)
        }

        /// Throws if `setup` or `tables` has attached another file. SQLite commits files one after another, so the
        /// position and the rows wouldn't be one transaction.
        private static func requireOneFile(_ connection: Connection) throws(StoreError) {
            let statement = try Statement("PRAGMA database_list", named: "list of files", on: connection)
            let names = try statement.all { (row) throws(StoreError) in row.values()[1] }
            guard let other = names.first(where: { ![.text("main"), .text("temp")].contains($0) }) else { return }
            throw connection.error(
                .invalidArgument,
                "setup or tables attaches \(other), whose rows a crash could separate from the sink's position. Put the tables into the sink's file."
            )
        }

        func moving(_ batch: SinkBatch, key: String, _ body: () throws(StoreError) -> Void) throws(StoreError) {
            try connection.transaction { () throws(StoreError) in
                let now = Timestamp.now
                for lane in batch.lanes { try lanes.move(lane, to: batch.position, key: key, at: now) }
                try transactionGuard.whileOn(body)
            }
        }

        // MARK: Statements of the function

        func execute(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> Int {
            try bind(values, to: statement(sql)).run()
        }

        func executeMany(_ sql: String, _ rows: [[SQLValue]]) throws(StoreError) -> Int {
            let statement = try statement(sql)
            var count = 0
            for row in rows { count += try bind(row, to: statement).run() }
            return count
        }

        func query(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [[SQLValue]] {
            try bind(values, to: statement(sql)).all { (row) throws(StoreError) in row.values() }
        }

        private func bind(_ values: [SQLValue], to statement: Statement) throws(StoreError) -> Statement {
            try requireCount(values.count, statement.parameterCount, statement.name)
            for value in values { statement.bind(value) }
            return statement
        }

        private func statement(_ sql: String) throws(StoreError) -> Statement {
            if let known = statements[sql] { return known }
            if statements.count == Self.statementsMax { statements = [:] }
            do throws(StoreError) {
                let statement = try Statement(sql, named: sql, on: connection)
                statements[sql] = statement
                return statement
            } catch {
                guard error.number == Int(SQLITE_AUTH) else { throw error }
                guard transactionGuard.hasRefusedFile else { throw transactionError(sql) }
                throw connection.error(
                    .invalidArgument,
                    "the statement attaches a file, whose rows a crash could separate from the sink's position. Put the tables into the sink's file.",
                    statement: sql)
            }
        }
    }

    /// A guard that makes SQLite refuse statements that begin or end transactions or savepoints, or attach files, while
    /// a sink's function runs.
    private final class TransactionGuard {
        private var isOn = false
        /// Whether the last refused statement attaches a file.
        private(set) var hasRefusedFile = false

        /// Guards a connection for its whole life. Each change of the authorizer would make SQLite prepare all
        /// statements again.
        init(_ connection: Connection) {
            unsafe sqlite3_set_authorizer(
                connection.handle,
                { context, action, _, _, _, _ in
                    let isFile = action == SQLITE_ATTACH
                    guard isFile || action == SQLITE_TRANSACTION || action == SQLITE_SAVEPOINT,
                        let context = unsafe context
                    else {
                        return SQLITE_OK
                    }
                    let known = unsafe Unmanaged<TransactionGuard>.fromOpaque(context).takeUnretainedValue()
                    guard known.isOn else { return SQLITE_OK }
                    known.hasRefusedFile = isFile
                    return SQLITE_DENY
                }, Unmanaged.passUnretained(self).toOpaque())
        }

        func whileOn(_ body: () throws(StoreError) -> Void) throws(StoreError) {
            isOn = true
            defer { isOn = false }
            try body()
        }
    }
#endif
