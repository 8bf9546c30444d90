public import WAL
public import WALDelivery

extension SessionStore {
    /// The number of connections that write.
    public var maxConcurrency: Int { sessions.pools.writerCount }

    /// Takes over lanes of a log under the rules of `Sink.claim(_:of:log:)`.
    ///
    /// - Throws: `laneCountMismatch` if the log had another number of lanes before.
    public func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws(StoreError) -> [SinkLane] {
        let owner = sessions.pools.owner
        return try await sessions.pools.change { (session) throws(StoreError) in
            try session.lanes.claim(lanes, of: laneCount, log: log, key: log.description, owner: owner)
        }
    }

    /// Applies the operations of a batch and moves its lanes, in one transaction.
    ///
    /// - Throws:
    ///   - `fenced`, `busy`, `overloaded`, `full` and others, with nothing written
    ///   - `connectionFailed` if the connection broke before the transaction could be committed
    ///   - `indeterminate` if it is unknown whether the transaction was committed
    ///   - `rowRefused` if even the dead letter is too large for the server
    public func apply(_ batch: TaskBatch) async throws(StoreError) -> SinkReceipt {
        try await sessions.pools.change { (session) throws(StoreError) in
            try StoreError.ofBatch { () throws(StoreError) in try session.apply(batch) }
        }
    }

    /// Returns the current lanes of a log, under the rules of `Sink.positions(of:log:)`. Asks on a connection that
    /// writes, because a batch would reach the same server.
    public func positions(of lanes: Range<Int>, log: LogID) async throws(StoreError) -> [SinkLane]? {
        try await sessions.pools.change { (session) throws(StoreError) in
            try session.lanes.read(lanes, key: log.description)
        }
    }

    /// Returns the meaning of an error by the server's number or SQLSTATE. Fatal for an error that isn't a store's.
    public func classify(_ error: any Error) -> SinkFailure {
        (error as? StoreError)?.failure ?? .fatal
    }

    /// Returns the tasks with these ids, in as few queries as the server allows.
    public func tasks(ids: [String]) async throws(StoreError) -> [PersistentTask] {
        try await sessions.pools.query { (session) throws(StoreError) in try session.tasks(ids: ids) }
    }

    /// Returns the lanes of a log, in order. Empty if the log was never delivered to this store.
    ///
    /// - Throws: the server's error.
    public func checkpoints(log: LogID) async throws(StoreError) -> [SinkCheckpoint] {
        try await sessions.pools.query { (session) throws(StoreError) in try session.checkpoints(log: log) }
    }
}
