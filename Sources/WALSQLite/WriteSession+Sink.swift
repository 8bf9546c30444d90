#if SQLite
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    extension WriteSession {
        /// Raises the epochs of the lanes, all or none.
        func claim(
            _ indices: Range<Int>, of laneCount: Int, log: LogID, owner: String
        ) throws(StoreError) -> [SinkLane] {
            let log = log.description
            return try connection.transaction { () throws(StoreError) in
                if let before = try lanes.count(log: log), before != laneCount {
                    throw StoreError(
                        .laneCountMismatch,
                        "the log \(log) had \(before) lanes here before, not \(laneCount): go back to \(before)",
                        place: connection.path)
                }
                var claimed: [SinkLane] = []
                for index in indices {
                    claimed.append(try lanes.claim(index, of: laneCount, log: log, owner: owner))
                }
                return claimed
            }
        }

        /// Applies a batch and moves its lanes, in one transaction. Rows that the database refuses become dead letters.
        func apply(_ batch: TaskBatch) throws(StoreError) -> SinkReceipt {
            let log = batch.log.description
            return try connection.transaction { () throws(StoreError) in
                let now = Timestamp.now
                for lane in batch.lanes {
                    try lanes.move(lane, to: batch.position, log: log, at: now)
                }
                var receipt = SinkReceipt(rowCount: 0)
                for (record, letter) in batch.undecodable {
                    try deadLetters.insert(StoredDeadLetter(undecodable: record, letter, of: batch, time: now))
                    receipt.deadLetters.append(letter)
                }
                for operation in batch.operations {
                    do throws(StoreError) {
                        receipt.rowCount += try apply(operation.mutation)
                    } catch {
                        // The statement is undone and the transaction goes on, unless a trigger has rolled it back.
                        guard error.code == .rowRefused, connection.isInTransaction else { throw error }
                        let letter = StoredDeadLetter(
                            operation, of: batch, code: error.letterCode, reason: error.message, time: now)
                        try deadLetters.insert(letter)
                        receipt.deadLetters.append(letter.summary)
                    }
                }
                return receipt
            }
        }

        /// Applies a dead letter and removes it, in one transaction.
        func redrive(_ id: StoredDeadLetter.ID) throws(StoreError) {
            try connection.transaction { () throws(StoreError) in
                guard let letter = try deadLetters.letter(id) else { return }
                let mutation: TaskMutation
                do throws(TaskCodecError) {
                    mutation = try letter.mutation()
                } catch {
                    throw StoreError(
                        .rowUnreadable, "the dead letter can't be decoded: \(error)", place: connection.path)
                }
                try apply(mutation)
                try deadLetters.remove(id)
            }
        }

        /// Removes a dead letter.
        func discard(_ id: StoredDeadLetter.ID) throws(StoreError) {
            try connection.transaction { () throws(StoreError) in try deadLetters.remove(id) }
        }
    }
#endif
