package import WAL

/// A session that checks the tables of a database when it connects. It creates and writes nothing.
package protocol InspectingSession: DatabaseSession {
    associatedtype Queries: QuerySession
    /// Runs queries so that they can't change the database.
    func inspect<Value>(_ body: (Queries) throws(StoreError) -> Value) throws(StoreError) -> Value
}

/// The inspector of a store that reaches its database through sessions.
package final class SessionInspector<Session: InspectingSession>: StoreInspector {
    package let name: String
    private let sessions: ConnectionPool<Session>

    /// Connects to a database, and checks its tables.
    package init(_ settings: Session.Settings, name: String) async throws(StoreError) {
        self.name = name
        sessions = try await ConnectionPool(settings, count: 1, log: ConnectionLog(nil, store: name))
        do throws(StoreError) {
            try await sessions.run { (_) throws(StoreError) in }
        } catch {
            try? await sessions.close()
            throw error
        }
    }

    package func checkpoints(log: LogID) async throws(StoreError) -> [SinkCheckpoint] {
        try await sessions.run { (session) throws(StoreError) in
            try session.inspect { (queries) throws(StoreError) in try queries.checkpoints(log: log) }
        }
    }

    package func deadLetters(
        log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int
    ) async throws(StoreError) -> [StoredDeadLetter] {
        try await sessions.run { (session) throws(StoreError) in
            try session.inspect { (queries) throws(StoreError) in
                try queries.deadLetters(log: log, after: previous, limit: limit)
            }
        }
    }

    package func close() async throws(StoreError) {
        try await sessions.close()
    }
}
