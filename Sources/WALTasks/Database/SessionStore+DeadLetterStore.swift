public import WAL

extension SessionStore {
    /// Returns up to `limit` dead letters, ordered by log and sequence number.
    ///
    /// - Throws: `invalidArgument` for a negative limit, or the server's error.
    public func deadLetters(
        log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int
    ) async throws(StoreError) -> [StoredDeadLetter] {
        try checkPage(limit)
        return try await sessions.pools.query { (session) throws(StoreError) in
            try session.deadLetters(log: log, after: previous, limit: limit)
        }
    }

    /// Applies a dead letter's operation and removes the letter, in one transaction.
    ///
    /// - Throws: `rowRefused` if the database still rejects it, `rowUnreadable` if the letter can't be decoded, or
    ///   the server's error.
    public func redrive(_ id: StoredDeadLetter.ID) async throws(StoreError) {
        try await sessions.pools.change { (session) throws(StoreError) in try session.redrive(id) }
    }

    /// Removes a dead letter without applying it, if it exists.
    ///
    /// - Throws: the server's error.
    public func discard(_ id: StoredDeadLetter.ID) async throws(StoreError) {
        try await sessions.pools.change { (session) throws(StoreError) in try session.discard(id) }
    }
}
