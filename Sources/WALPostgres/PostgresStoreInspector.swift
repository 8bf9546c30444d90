#if Postgres
    package import WAL
    package import WALTasks

    /// An inspector of a database of ``PostgresTaskStore``. Its transactions are read-only, so it creates no schema, no
    /// table and no row.
    package final class PostgresStoreInspector: StoreInspector {
        package let name = "postgres"
        private let readers: ConnectionPool<InspectSession>

        /// Connects to a database, and checks its tables.
        ///
        /// - Throws: `StoreError`: `connectionFailed`, `noTables`, `noTaskTables`, `schemaTooNew`, or the code of an
        ///   error that PostgreSQL reports.
        package init(_ conninfo: String) async throws(StoreError) {
            let settings = try ConnectionSettings(
                conninfo: conninfo, statementTimeout: .seconds(30), lockTimeout: .seconds(10))
            readers = try await ConnectionPool(
                settings, count: 1, log: ConnectionLog(nil, store: name))
            do throws(StoreError) {
                try await readers.run { (_) throws(StoreError) in }
            } catch {
                try? await readers.close()
                throw error
            }
        }

        package func checkpoints(log: LogID) async throws(StoreError) -> [SinkCheckpoint] {
            try await readers.run { (session) throws(StoreError) in
                try session.connection.reading { () throws(StoreError) in try session.queries.checkpoints(log: log) }
            }
        }

        package func deadLetters(
            log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int
        ) async throws(StoreError) -> [StoredDeadLetter] {
            try await readers.run { (session) throws(StoreError) in
                try session.connection.reading { () throws(StoreError) in
                    try session.queries.deadLetters(log: log, after: previous, limit: limit)
                }
            }
        }

        package func close() async throws(StoreError) {
            try await readers.close()
        }
    }

    /// The queries on a database whose tables were checked.
    final class InspectSession: Session {
        let queries: ReadSession
        var connection: Connection { queries.connection }

        init(_ settings: ConnectionSettings) throws(StoreError) {
            let connection = try Connection(settings)
            try connection.reading { () throws(StoreError) in try Schema.requireTables(connection) }
            queries = try ReadSession(settings)
        }
    }

    extension Connection {
        /// Runs queries in a transaction in which the server refuses all writes.
        fileprivate func reading<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
            try execute("BEGIN READ ONLY", named: "begin")
            let result = Result { () throws(StoreError) in try body() }
            try execute("ROLLBACK", named: "end reading")
            return try result.get()
        }
    }
#endif
