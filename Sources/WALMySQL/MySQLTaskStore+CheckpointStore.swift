#if MySQL
    public import WAL
    public import WALTasks

    extension MySQLTaskStore: CheckpointStore {
        /// - Throws: `MySQLError`, for what the server reports.
        public func checkpoints(log: LogID) async throws(MySQLError) -> [SinkCheckpoint] {
            try await read { (session) throws(MySQLError) in try session.checkpoints(log: log) }
        }
    }
#endif
