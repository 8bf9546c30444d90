#if SQLite
    public import WAL
    public import WALTasks

    extension SQLiteTaskStore: DeadLetterStore {
        /// - Throws: `StoreError`: `invalidArgument` for a negative limit, or what SQLite reports.
        public func deadLetters(
            log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int
        ) async throws(StoreError) -> [StoredDeadLetter] {
            try checkPage(limit, 0)
            return try await read { (session) throws(StoreError) in
                try session.deadLetters(log: log, after: previous, limit: limit)
            }
        }

        /// - Throws: `StoreError`: `rowRefused` where the database still can't take it, `rowUnreadable` for a letter that
        ///   can't be decoded, or what SQLite reports.
        public func redrive(_ id: StoredDeadLetter.ID) async throws(StoreError) {
            try await write { (session) throws(StoreError) in try session.redrive(id) }
        }

        /// - Throws: `StoreError`, for what SQLite reports.
        public func discard(_ id: StoredDeadLetter.ID) async throws(StoreError) {
            try await write { (session) throws(StoreError) in
                try session.connection.transaction { () throws(StoreError) in try session.deadLetters.remove(id) }
            }
        }
    }
#endif
