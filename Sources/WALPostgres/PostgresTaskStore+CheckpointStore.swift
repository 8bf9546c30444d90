#if Postgres
    public import WAL
    public import WALTasks

    extension PostgresTaskStore: CheckpointStore {
        /// - Throws: `StoreError`, for what PostgreSQL reports.
        public func checkpoints(log: LogID) async throws(StoreError) -> [SinkCheckpoint] {
            try await read { (session) throws(StoreError) in try session.checkpoints(log: log) }
        }
    }
#endif
