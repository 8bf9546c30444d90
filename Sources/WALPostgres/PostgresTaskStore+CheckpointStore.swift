#if Postgres
    public import WAL
    public import WALTasks

    extension PostgresTaskStore: CheckpointStore {
        /// - Throws: `PostgresError`, for what PostgreSQL reports.
        public func checkpoints(log: LogID) async throws(PostgresError) -> [SinkCheckpoint] {
            try await read { (session) throws(PostgresError) in try session.checkpoints(log: log) }
        }
    }
#endif
