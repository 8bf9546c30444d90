#if MySQL
    public import WAL
    public import WALTasks

    extension MySQLTaskStore: DeadLetterStore {
        /// - Throws: `MySQLError`: `invalidArgument` for a negative limit, or what the server reports.
        public func deadLetters(
            log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int
        ) async throws(MySQLError) -> [StoredDeadLetter] {
            try checkPage(limit, 0)
            return try await read { (session) throws(MySQLError) in
                try session.deadLetters(log: log, after: previous, limit: limit)
            }
        }

        /// - Throws: `MySQLError`: `rowRefused` where the database still can't take it, `rowUnreadable` for a letter that
        ///   can't be decoded, or what the server reports.
        public func redrive(_ id: StoredDeadLetter.ID) async throws(MySQLError) {
            try await write { (session) throws(MySQLError) in try session.redrive(id) }
        }

        /// - Throws: `MySQLError`, for what the server reports.
        public func discard(_ id: StoredDeadLetter.ID) async throws(MySQLError) {
            try await write { (session) throws(MySQLError) in
                try session.connection.transaction { () throws(MySQLError) in try session.deadLetters.remove(id) }
            }
        }
    }
#endif
