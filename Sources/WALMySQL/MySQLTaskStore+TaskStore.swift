#if MySQL
    public import WAL
    public import WALDelivery
    public import WALTasks

    extension MySQLTaskStore: TaskStore {
        /// The number of connections that write.
        public var concurrencyMax: Int { writeConnections }

        /// - Throws: `StoreError.Code.laneCountMismatch` if the log's lanes were counted differently before.
        public func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws(StoreError) -> [SinkLane] {
            try await write { [owner] (session) throws(StoreError) in
                try session.claim(lanes, of: laneCount, log: log, owner: owner)
            }
        }

        /// - Throws: `StoreError.Code.fenced`, `connectionFailed`, `busy` and others, with nothing written; `indeterminate` if
        ///   the connection broke at the very end; `rowRefused` where even the dead letter is too large for the server.
        public func apply(_ batch: TaskBatch) async throws(StoreError) -> SinkReceipt {
            try await write { (session) throws(StoreError) in
                do throws(StoreError) {
                    return try session.apply(batch)
                } catch {
                    var error = error
                    error.hasBrokenBatch = error.code == .connectionFailed
                    throw error
                }
            }
        }

        /// By the error's number; fatal for an error that isn't this store's.
        public func classify(_ error: any Error) -> SinkFailure {
            (error as? StoreError)?.failure ?? .fatal
        }

        /// In one query for each 100 ids.
        public func tasks(ids: [String]) async throws(StoreError) -> [PersistentTask] {
            try await read { (session) throws(StoreError) in try session.tasks(ids: ids) }
        }
    }
#endif
