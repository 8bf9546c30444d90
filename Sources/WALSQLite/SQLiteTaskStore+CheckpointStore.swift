#if SQLite
    public import WAL
    public import WALTasks

    extension SQLiteTaskStore: CheckpointStore {
        /// - Throws: `StoreError`, for what SQLite reports.
        public func checkpoints(log: LogID) async throws(StoreError) -> [SinkCheckpoint] {
            try await read { (session) throws(StoreError) in try session.checkpoints(log: log) }
        }
    }
#endif
