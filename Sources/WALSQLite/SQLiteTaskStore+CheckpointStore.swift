#if SQLite
    public import WAL
    public import WALTasks

    extension SQLiteTaskStore: CheckpointStore {
        /// - Throws: `SQLiteError`, for what SQLite reports.
        public func checkpoints(log: LogID) async throws(SQLiteError) -> [SinkCheckpoint] {
            try await read { (session) throws(SQLiteError) in try session.checkpoints(log: log) }
        }
    }
#endif
