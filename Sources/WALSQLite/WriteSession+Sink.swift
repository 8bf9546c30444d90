#if SQLite
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    extension WriteSession {
        /// Applies a batch and moves its lanes, in one transaction. Operations that the database refuses become dead
        /// letters.
        func apply(_ batch: TaskBatch) throws(StoreError) -> SinkReceipt {
            let key = batch.log.description
            return try connection.transaction { () throws(StoreError) in
                let now = Timestamp.now
                for lane in batch.lanes {
                    try lanes.move(lane, to: batch.position, key: key, at: now)
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
    }
#endif
