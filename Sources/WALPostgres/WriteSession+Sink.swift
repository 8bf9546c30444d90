#if Postgres
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    extension WriteSession {
        /// Applies a batch and moves its lanes, in one transaction, which is usually one statement. Operations that the
        /// database refuses become dead letters.
        func apply(_ batch: TaskBatch) throws(StoreError) -> SinkReceipt {
            let operations = batch.operations
            let sections = BatchSection.pieces(of: operations)
            let move = LaneMove(batch.lanes, of: batch.log.description, to: batch.position)
            do throws(StoreError) {
                if batch.undecodable.isEmpty, let rows = Self.onlyRows(sections) {
                    let outcome = try connection.committing { () throws(StoreError) in
                        try self.rows.apply(rows, of: operations, moving: move)
                    }
                    guard outcome.isOwner else { throw try lanes.refusal(of: move) }
                    return SinkReceipt(rowCount: outcome.rowCount)
                }
                return try apply(sections, of: batch, move) { section, receipt throws(StoreError) in
                    receipt.rowCount += try apply(section, of: operations)
                }
            } catch {
                guard error.code == .rowRefused else { throw error }
                return try apply(sections, of: batch, move) { section, receipt throws(StoreError) in
                    try applyIsolating(section, of: batch, &receipt)
                }
            }
        }

        /// Returns the rows of a batch that is one statement, or nil if the batch needs more.
        private static func onlyRows(_ sections: [BatchSection]) -> RowSection? {
            guard let first = sections.first else { return RowSection() }
            guard sections.count == 1, case .rows(let rows) = first else { return nil }
            return rows
        }

        private func apply(
            _ sections: [BatchSection], of batch: TaskBatch, _ move: LaneMove,
            with body: (BatchSection, inout SinkReceipt) throws(StoreError) -> Void
        ) throws(StoreError) -> SinkReceipt {
            try connection.transaction { () throws(StoreError) in
                // A deferred constraint would fail at the commit, which is too late to set its row aside.
                try connection.execute("SET CONSTRAINTS ALL IMMEDIATE", named: "set constraints")
                try lanes.move(move)
                var receipt = SinkReceipt(rowCount: 0)
                try deadLetters.setAsideUndecodable(of: batch, at: .now, in: &receipt.deadLetters)
                for section in sections { try body(section, &receipt) }
                return receipt
            }
        }

        /// Applies a section. Halves a refused one until each refused operation is alone, and sets those operations
        /// aside.
        private func applyIsolating(
            _ section: BatchSection, of batch: TaskBatch, _ receipt: inout SinkReceipt
        ) throws(StoreError) {
            try connection.execute("SAVEPOINT section", named: "set savepoint")
            do {
                receipt.rowCount += try apply(section, of: batch.operations)
                try connection.execute("RELEASE section", named: "release savepoint")
            } catch {
                guard error.code == .rowRefused else { throw error }
                try connection.execute("ROLLBACK TO section; RELEASE section", named: "roll back to savepoint")
                guard let culprit = section.only else {
                    for half in section.halves { try applyIsolating(half, of: batch, &receipt) }
                    return
                }
                try deadLetters.setAside(
                    batch.operations[culprit], of: batch, for: error, at: .now, in: &receipt.deadLetters)
            }
        }

        /// Removes a dead letter.
        func discard(_ id: StoredDeadLetter.ID) throws(StoreError) {
            try connection.committing { () throws(StoreError) in try deadLetters.remove(id) }
        }
    }
#endif
