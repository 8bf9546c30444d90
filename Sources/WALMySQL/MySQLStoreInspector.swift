#if MySQL
    package import WAL
    package import WALTasks

    /// Looks into a database of ``MySQLTaskStore`` in read-only transactions: no table and no row is made.
    package final class MySQLStoreInspector: StoreInspector {
        package let name = "mysql"
        private let readers: ConnectionPool<InspectSession>

        /// - Throws: `StoreError`: `connectionFailed`, `noTables`, `noTaskTables`, `schemaTooNew`, or what the server reports.
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

    /// The queries on a database that surely has the tables. Every transaction of their session is read-only.
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
