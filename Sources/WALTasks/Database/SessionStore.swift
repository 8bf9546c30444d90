/// A store that reaches its database through sessions: the common part of the stores in SQLite, MySQL and PostgreSQL.
///
/// Your own store conforms to ``TaskStore`` instead.
public protocol SessionStore: CheckpointStore, DeadLetterStore {
    /// The store's sessions. This package alone makes and uses them.
    var sessions: StoreSessions { get }
}

/// The sessions of a ``SessionStore``, without functions for other packages.
public struct StoreSessions: Sendable {
    let pools: any SessionPools

    package init<Writer: ChangeSession, Reader: QuerySession>(_ pools: StorePools<Writer, Reader>) {
        self.pools = pools
    }
}

/// The interface of ``StorePools`` for sessions of any types.
protocol SessionPools: Sendable {
    var server: StoreError.Server { get }
    var owner: String { get }
    var writerCount: Int { get }
    func change<Value: Sendable>(
        _ body: @Sendable (any ChangeSession) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value
    func query<Value: Sendable>(
        _ body: @Sendable (any QuerySession) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value
    func close() async throws(StoreError)
}

extension StorePools: SessionPools {
    var server: StoreError.Server { Writer.server }
    var writerCount: Int { writers.count }

    func change<Value: Sendable>(
        _ body: @Sendable (any ChangeSession) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await write { (session) throws(StoreError) in try body(session) }
    }

    func query<Value: Sendable>(
        _ body: @Sendable (any QuerySession) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await read { (session) throws(StoreError) in try body(session) }
    }
}

extension SessionStore {
    /// Throws for a negative limit or offset. SQLite treats a negative limit as no limit, and other servers report an
    /// error of the statement.
    func checkPage(_ limit: Int, _ offset: Int = 0) throws(StoreError) {
        guard limit >= 0, offset >= 0 else {
            throw StoreError(
                .invalidArgument, "limit \(limit) or offset \(offset) is negative", server: sessions.pools.server)
        }
    }
}
