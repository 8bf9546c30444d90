#if MySQL
    package import WALTasks

    extension MySQLTaskStore {
        /// Connects to a database for inspection, and checks its tables. Creates no table and no row.
        ///
        /// - Throws: `StoreError`: `connectionFailed`, `noTables`, `noTaskTables`, `foreignDatabase`, `schemaTooNew`,
        ///   or the code of an error that the server reports.
        package static func inspector(url: String) async throws(StoreError) -> any StoreInspector {
            try await SessionInspector<InspectSession>(ConnectionSettings(url: url), name: "mysql")
        }
    }

    /// The queries on a database whose tables were checked. Every transaction of the session is read-only.
    final class InspectSession: Session, InspectingSession {
        static let isReadOnly = true
        private let queries: ReadSession
        var connection: Connection { queries.connection }

        init(_ settings: ConnectionSettings) throws(StoreError) {
            try Schema.requireTables(Connection(settings, access: .readOnly))
            queries = try ReadSession(settings)
        }

        func inspect<Value>(_ body: (ReadSession) throws(StoreError) -> Value) throws(StoreError) -> Value {
            try body(queries)
        }
    }
#endif
