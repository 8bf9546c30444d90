#if SQLite
    package import WALTasks

    extension SQLiteTaskStore {
        /// Opens a database for inspection, and checks its tables. Writes nothing: no file, no table, not a byte.
        ///
        /// - Throws: `StoreError`: `noSuchDatabase`, `noTables`, `noTaskTables`, `schemaTooNew`, `unsupported`, or the
        ///   code of an error that SQLite reports.
        package static func inspector(path: String) async throws(StoreError) -> any StoreInspector {
            try await SessionInspector<InspectSession>(
                ConnectionSettings(path: path, busyTimeout: .seconds(1)), name: "sqlite")
        }
    }

    /// The queries on a database whose tables were checked.
    final class InspectSession: Session, InspectingSession {
        private let connection: Connection
        private let queries: ReadSession

        init(_ settings: ConnectionSettings) throws(StoreError) {
            connection = try Connection(path: settings.path, access: .inspect, busyTimeout: settings.busyTimeout)
            try Schema.requireTables(connection)
            queries = try ReadSession(connection)
        }

        /// Runs queries. Throws `busy` if another process may have changed the database's file.
        func inspect<Value>(_ body: (ReadSession) throws(StoreError) -> Value) throws(StoreError) -> Value {
            let result = Result { () throws(StoreError) in try body(queries) }
            try connection.requireUnchanged()
            return try result.get()
        }
    }
#endif
