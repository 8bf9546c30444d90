#if SQLite
    public import WAL
    public import WALTasks

    extension SQLiteTaskStore: DeadLetterStore {
        /// - Throws: `SQLiteError`: `invalidArgument` for a negative limit, or what SQLite reports.
        public func deadLetters(
            log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int
        ) async throws(SQLiteError) -> [StoredDeadLetter] {
            try checkPage(limit, 0)
            return try await read { (session) throws(SQLiteError) in
                try session.deadLetters(log: log, after: previous, limit: limit)
            }
        }

        /// - Throws: `SQLiteError`: `rowRefused` where the database still can't take it, `rowUnreadable` for a letter that
        ///   can't be decoded, or what SQLite reports.
        public func redrive(_ id: StoredDeadLetter.ID) async throws(SQLiteError) {
            try await write { (session) throws(SQLiteError) in try session.redrive(id) }
        }

        /// - Throws: `SQLiteError`, for what SQLite reports.
        public func discard(_ id: StoredDeadLetter.ID) async throws(SQLiteError) {
            try await write { (session) throws(SQLiteError) in
                try session.connection.transaction { () throws(SQLiteError) in try session.deadLetters.remove(id) }
            }
        }
    }
#endif
