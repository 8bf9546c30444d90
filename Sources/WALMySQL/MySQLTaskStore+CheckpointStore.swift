#if MySQL
    public import WAL
    public import WALTasks

    extension MySQLTaskStore: CheckpointStore {
        /// - Throws: `StoreError`, for what the server reports.
        public func checkpoints(log: LogID) async throws(StoreError) -> [SinkCheckpoint] {
            try await read { (session) throws(StoreError) in try session.checkpoints(log: log) }
        }
    }
#endif
