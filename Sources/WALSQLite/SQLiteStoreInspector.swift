#if SQLite
    package import WAL
    package import WALTasks

    /// An inspector of a database of ``SQLiteTaskStore``. It writes nothing: no file, no table, not a byte.
    package final class SQLiteStoreInspector: StoreInspector {
        package let name = "sqlite"
        private let reader: DatabaseThread<ReadSession>

        /// Opens a database, and checks its tables.
        ///
        /// - Throws: `StoreError`: `noSuchDatabase`, `noTables`, `noTaskTables`, `schemaTooNew`, `unsupported`, or the
        ///   code of an error that SQLite reports.
        package init(path: String, busyTimeout: Duration = .seconds(1)) async throws(StoreError) {
            reader = try DatabaseThread(.sqlite)
            try await reader.open { () throws(StoreError) in
                let connection = try Connection(path: path, access: .inspect, busyTimeout: busyTimeout)
                try Schema.requireTables(connection)
                return try ReadSession(connection)
            }
        }

        package func checkpoints(log: LogID) async throws(StoreError) -> [SinkCheckpoint] {
            try await reader.run { (session) throws(StoreError) in
                try session.whileUnchanged { () throws(StoreError) in try session.checkpoints(log: log) }
            }
        }

        package func deadLetters(
            log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int
        ) async throws(StoreError) -> [StoredDeadLetter] {
            try await reader.run { (session) throws(StoreError) in
                try session.whileUnchanged { () throws(StoreError) in
                    try session.deadLetters(log: log, after: previous, limit: limit)
                }
            }
        }

        package func close() async throws(StoreError) {
            try await reader.close()
        }
    }
#endif
