#if Postgres
    public import WAL
    public import WALTasks

    extension PostgresTaskStore: DeadLetterStore {
        /// - Throws: `PostgresError`: `invalidArgument` for a negative limit, or what PostgreSQL reports.
        public func deadLetters(
            log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int
        ) async throws(PostgresError) -> [StoredDeadLetter] {
            try checkPage(limit, 0)
            return try await read { (session) throws(PostgresError) in
                try session.deadLetters(log: log, after: previous, limit: limit)
            }
        }

        /// - Throws: `PostgresError`: `rowRefused` where the database still can't take it, `rowUnreadable` for a letter that
        ///   can't be decoded, or what PostgreSQL reports.
        public func redrive(_ id: StoredDeadLetter.ID) async throws(PostgresError) {
            try await write { (session) throws(PostgresError) in try session.redrive(id) }
        }

        /// - Throws: `PostgresError`, for what PostgreSQL reports.
        public func discard(_ id: StoredDeadLetter.ID) async throws(PostgresError) {
            try await write { (session) throws(PostgresError) in
                try session.connection.committing { () throws(PostgresError) in try session.deadLetters.remove(id) }
            }
        }
    }
#endif
