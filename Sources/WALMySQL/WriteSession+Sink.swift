#if MySQL
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    extension WriteSession {
        /// Applies a batch and moves its lanes, in one transaction. Operations that the database refuses become dead
        /// letters.
        func apply(_ batch: TaskBatch) throws(StoreError) -> SinkReceipt {
            do throws(StoreError) {
                return try apply(batch, isolating: false)
            } catch {
                // A refused row is rare. Savepoints in each batch would cost all other batches round trips.
                guard error.code == .rowRefused, !connection.isBroken else { throw error }
                return try apply(batch, isolating: true)
            }
        }

        private func apply(_ batch: TaskBatch, isolating: Bool) throws(StoreError) -> SinkReceipt {
            try connection.transaction { () throws(StoreError) in
                let now = Timestamp.now
                try lanes.move(batch.lanes, to: batch.position, key: batch.log.description, at: now)
                var receipt = SinkReceipt(rowCount: 0)
                try deadLetters.setAsideUndecodable(of: batch, at: now, in: &receipt.deadLetters)
                try apply(batch.operations) { (work) throws(StoreError) in
                    guard isolating else {
                        receipt.rowCount += try run(work)
                        return
                    }
                    try isolate(work, 0..<work.table.count, &receipt.rowCount) { (row, error) throws(StoreError) in
                        try deadLetters.setAside(
                            batch.operations[work.operations[row]], of: batch, for: error, at: now,
                            in: &receipt.deadLetters)
                    }
                }
                return receipt
            }
        }

        /// Runs rows. Halves refused ones until each refused row is alone, and calls `setAside` with it.
        private func isolate(
            _ work: Work, _ rows: Range<Int>, _ count: inout Int,
            _ setAside: (_ row: Int, _ error: StoreError) throws(StoreError) -> Void
        ) throws(StoreError) {
            try connection.execute("SAVEPOINT wal_sink_rows", named: "isolate rows")
            let refusal: StoreError
            do throws(StoreError) {
                count += try run(work, rows)
                return
            } catch {
                guard error.code == .rowRefused, !connection.isBroken else { throw error }
                refusal = error
            }
            try connection.execute("ROLLBACK TO SAVEPOINT wal_sink_rows", named: "isolate rows")
            guard rows.count > 1 else { return try setAside(rows.lowerBound, refusal) }
            let middle = rows.lowerBound + rows.count / 2
            try isolate(work, rows.lowerBound..<middle, &count, setAside)
            try isolate(work, middle..<rows.upperBound, &count, setAside)
        }
    }
#endif
