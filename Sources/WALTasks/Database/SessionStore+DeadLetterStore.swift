public import WAL

extension SessionStore {
    /// - Throws: `invalidArgument` for a negative limit, or what the server reports.
    public func deadLetters(
        log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int
    ) async throws(StoreError) -> [StoredDeadLetter] {
        try checkPage(limit)
        return try await query { (session) throws(StoreError) in
            try session.deadLetters(log: log, after: previous, limit: limit)
        }
    }

    /// - Throws: `rowRefused` where the database still can't take it, `rowUnreadable` for a letter that can't be decoded, or
    ///   what the server reports.
    public func redrive(_ id: StoredDeadLetter.ID) async throws(StoreError) {
        try await change { (session) throws(StoreError) in try session.redrive(id) }
    }

    /// - Throws: What the server reports.
    public func discard(_ id: StoredDeadLetter.ID) async throws(StoreError) {
        try await change { (session) throws(StoreError) in try session.discard(id) }
    }
}
