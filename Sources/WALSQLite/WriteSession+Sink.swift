#if SQLite
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    extension WriteSession {
        /// Raises the epochs of the lanes, all or none.
        func claim(
            _ indices: Range<Int>, of laneCount: Int, log: LogID, owner: String
        ) throws(StoreError) -> [SinkLane] {
            try lanes.claim(indices, of: laneCount, log: log.description, owner: owner)
        }

        func positions(of indices: Range<Int>, log: LogID) throws(StoreError) -> [SinkLane] {
            try lanes.read(indices, log: log.description)
        }

        /// Applies a batch and moves its lanes, in one transaction. Operations that the database refuses become dead
        /// letters.
        func apply(_ batch: TaskBatch) throws(StoreError) -> SinkReceipt {
            let log = batch.log.description
            return try connection.transaction { () throws(StoreError) in
                let now = Timestamp.now
                for lane in batch.lanes {
                    try lanes.move(lane, to: batch.position, log: log, at: now)
                }
                var receipt = SinkReceipt(rowCount: 0)
                try deadLetters.setAsideUndecodable(of: batch, at: now, in: &receipt.deadLetters)
                for operation in batch.operations {
                    do throws(StoreError) {
                        receipt.rowCount += try apply(operation.mutation)
                    } catch {
                        // SQLite undoes the statement, and the transaction continues unless a trigger has rolled it
                        // back.
                        guard error.code == .rowRefused, connection.isInTransaction else { throw error }
                        try deadLetters.setAside(
                            operation, of: batch, for: error, at: now, in: &receipt.deadLetters)
                    }
                }
                return receipt
            }
        }

        /// Applies a dead letter and removes it, in one transaction.
        func redrive(_ id: StoredDeadLetter.ID) throws(StoreError) {
            try connection.transaction { () throws(StoreError) in
                try deadLetters.redrive(id, on: self, at: connection.path) { (operation) throws(StoreError) in
                    try apply(operation.mutation)
                }
            }
        }

        /// Removes a dead letter.
        func discard(_ id: StoredDeadLetter.ID) throws(StoreError) {
            try connection.transaction { () throws(StoreError) in try deadLetters.remove(id) }
        }
    }
#endif
