#if Postgres
    internal import WAL
    package import WALDelivery
    package import WALTasks

    extension PostgresTaskStore: CopyingStore {
        package func apply(_ batch: CopyableBatch) async throws -> SinkReceipt? {
            try await pools.write { (session) throws(StoreError) in
                try StoreError.ofBatch { () throws(StoreError) in try session.apply(batch) }
            }
        }
    }

    extension WriteSession {
        /// Applies a batch, and writes its activities by COPY. The server processes them while the next ones are
        /// encoded.
        ///
        /// Returns nil, with nothing written, if there are few activities, or if the server refuses the batch in this
        /// form. It refuses an activity that exists, a row at fault, or a COPY into this table. After a refusal, the
        /// next batches return nil at once; see ``FormPace``.
        func apply(_ batch: CopyableBatch) throws(StoreError) -> SinkReceipt? {
            guard batch.activityCount >= connection.settings.copiedMin, copyPace.isDue() else { return nil }
            do throws(StoreError) {
                let receipt = try copy(batch)
                copyPace.succeeded()
                return receipt
            } catch {
                // 0A000: for example, the table has row-level security.
                guard error.code == .rowRefused || error.sqlState == "0A000" else { throw error }
                copyPace.refused()
                return nil
            }
        }

        private func copy(_ copyable: CopyableBatch) throws(StoreError) -> SinkReceipt {
            let batch = copyable.batch
            let move = LaneMove(batch.lanes, of: batch.log.description, to: batch.position)
            return try connection.transaction { () throws(StoreError) in
                try lanes.move(move)
                var receipt = SinkReceipt(rowCount: 0)
                var operations: [TaskBatch.Operation] = []
                receipt.rowCount = try connection.copy(ActivityRows.copy, named: "copy activities") {
                    (stream) throws(StoreError) in
                    (operations, receipt.coalescedCount) = try send(copyable, into: stream)
                }
                for section in BatchSection.pieces(of: operations) {
                    receipt.rowCount += try apply(section, of: operations)
                }
                return receipt
            }
        }

        /// Sends the activities, and returns the other records.
        private func send(
            _ batch: CopyableBatch, into stream: Connection.CopyStream
        ) throws(StoreError) -> (operations: [TaskBatch.Operation], coalescedCount: Int) {
            activities.removeAll()
            activities.appendHeader()
            let others = try batch.separate { (activity) throws(StoreError) in
                guard (try? activities.append(activity)) != nil else { return false }
                if unsafe activities.bytes.count >= Connection.CopyStream.pieceSize {
                    unsafe try stream.send(activities.bytes)
                    activities.removeAll()
                }
                return true
            }
            guard let others else {
                throw connection.error(
                    .rowRefused, "a record isn't an encoded task mutation", statement: "copy activities")
            }
            activities.appendTrailer()
            unsafe try stream.send(activities.bytes)
            return others
        }
    }
#endif
