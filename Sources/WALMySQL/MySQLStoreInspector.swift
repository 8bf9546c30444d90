#if MySQL
    package import WAL
    package import WALTasks

    /// An inspector of a database of ``MySQLTaskStore``. Its transactions are read-only, so it creates no table and no
    /// row.
    package final class MySQLStoreInspector: StoreInspector {
        package let name = "mysql"
        private let readers: ConnectionPool<InspectSession>

        /// Connects to a database, and checks its tables.
        ///
        /// - Throws: `StoreError`: `connectionFailed`, `noTables`, `noTaskTables`, `foreignDatabase`, `schemaTooNew`,
        ///   or the code of an error that the server reports.
        package convenience init(url: String) async throws(StoreError) {
            try await self.init(
                ConnectionSettings(url: url, statementTimeout: .seconds(30), lockTimeout: .seconds(10)))
        }

        init(_ settings: ConnectionSettings) async throws(StoreError) {
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
            try await readers.run { (session) throws(StoreError) in try session.queries.checkpoints(log: log) }
        }

        package func deadLetters(
            log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int
        ) async throws(StoreError) -> [StoredDeadLetter] {
            try await readers.run { (session) throws(StoreError) in
                try session.queries.deadLetters(log: log, after: previous, limit: limit)
            }
        }

        package func close() async throws(StoreError) {
            try await readers.close()
        }
    }

    /// The queries on a database whose tables were checked. Every transaction of the session is read-only.
    final class InspectSession: Session {
        static let isReadOnly = true
        let queries: ReadSession
        var connection: Connection { queries.connection }

        init(_ settings: ConnectionSettings) throws(StoreError) {
            try Schema.requireTables(Connection(settings, access: .readOnly))
            queries = try ReadSession(settings)
        }
    }
#endif
