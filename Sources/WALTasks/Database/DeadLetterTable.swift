package import WAL
package import WALDelivery

/// The table of a store's dead letters, within a transaction.
package protocol DeadLetterTable {
    /// Inserts a letter, and keeps an existing one. A database that was restored may have set the record aside
    /// already, and that must not stop the sink.
    func insert(_ letter: StoredDeadLetter) throws(StoreError)
    /// Returns the letter, locked against other sessions that want to apply it.
    func letter(_ id: StoredDeadLetter.ID) throws(StoreError) -> StoredDeadLetter?
    func remove(_ id: StoredDeadLetter.ID) throws(StoreError)
}

extension DeadLetterTable {
    /// Sets aside the records of a batch that can't be decoded.
    package func setAsideUndecodable(
        of batch: TaskBatch, at time: Timestamp, in letters: inout [DeadLetter]
    ) throws(StoreError) {
        for (record, letter) in batch.undecodable {
            try insert(StoredDeadLetter(undecodable: record, letter, of: batch, time: time))
            letters.append(letter)
        }
    }

    /// Sets aside an operation that the database has rejected.
    package func setAside(
        _ operation: TaskBatch.Operation, of batch: TaskBatch, for refusal: StoreError, at time: Timestamp,
        in letters: inout [DeadLetter]
    ) throws(StoreError) {
        let letter = StoredDeadLetter(
            operation, of: batch, code: refusal.letterCode, reason: refusal.message, time: time)
        try insert(letter)
        letters.append(letter.summary)
    }

    /// Applies a dead letter and removes it, if it exists. Errors name `session`'s server and `place`.
    package func redrive<Session: DatabaseSession>(
        _ id: StoredDeadLetter.ID, on session: Session, at place: String,
        _ apply: (TaskBatch.Operation) throws(StoreError) -> Void
    ) throws(StoreError) {
        guard let letter = try letter(id) else { return }
        let mutation: TaskMutation
        do throws(TaskCodecError) {
            mutation = try letter.mutation()
        } catch {
            throw StoreError(
                .rowUnreadable, "the dead letter can't be decoded: \(error)", server: Session.server, place: place)
        }
        let record = SinkRecord(sequence: id.sequence, time: letter.time, payload: [])
        try apply(TaskBatch.Operation(record: record, mutation: mutation))
        try remove(id)
    }
}
