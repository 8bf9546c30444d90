#if Postgres
    package import WALTasks

    extension PostgresTaskStore {
        /// Connects to a database for inspection, and checks its tables. Creates no schema, no table and no row.
        ///
        /// - Throws: `StoreError`: `connectionFailed`, `noTables`, `noTaskTables`, `schemaTooNew`, or the code of an
        ///   error that PostgreSQL reports.
        package static func inspector(_ conninfo: String) async throws(StoreError) -> any StoreInspector {
            let settings = try ConnectionSettings(
                conninfo: conninfo, statementTimeout: .seconds(30), lockTimeout: .seconds(10))
            return try await SessionInspector<InspectSession>(settings, name: "postgres")
        }
    }

    /// The queries on a database whose tables were checked. Its transactions are read-only.
    final class InspectSession: Session, InspectingSession {
        private let queries: ReadSession
        var connection: Connection { queries.connection }

        init(_ settings: ConnectionSettings) throws(StoreError) {
            let connection = try Connection(settings)
            try connection.reading { () throws(StoreError) in try Schema.requireTables(connection) }
            queries = try ReadSession(settings)
        }

        func inspect<Value>(_ body: (ReadSession) throws(StoreError) -> Value) throws(StoreError) -> Value {
            try connection.reading { () throws(StoreError) in try body(queries) }
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
