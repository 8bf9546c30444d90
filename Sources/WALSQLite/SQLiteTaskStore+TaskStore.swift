#if SQLite
    public import WAL
    public import WALDelivery
    public import WALTasks

    extension SQLiteTaskStore: TaskStore {
        /// 1: SQLite has one writer at a time.
        public var concurrencyMax: Int { 1 }

        /// - Throws: `StoreError.Code.laneCountMismatch` if the log's lanes were counted differently before.
        public func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws(StoreError) -> [SinkLane] {
            try await write { [owner] (session) throws(StoreError) in
                try session.claim(lanes, of: laneCount, log: log, owner: owner)
            }
        }

        /// - Throws: `StoreError.Code.fenced`, `busy`, `full`, `inputOutput` and others, with nothing written;
        ///   `indeterminate` if a sync failed at the very end.
        public func apply(_ batch: TaskBatch) async throws(StoreError) -> SinkReceipt {
            try await write { (session) throws(StoreError) in try session.apply(batch) }
        }

        /// By SQLite's result code; fatal for an error that isn't this store's.
        public func classify(_ error: any Error) -> SinkFailure {
            (error as? StoreError)?.failure ?? .fatal
        }
    }
#endif
