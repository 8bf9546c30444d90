package import WAL
package import WALDelivery

/// The table of a store's dead letters, inside a transaction.
package protocol DeadLetterTable {
    /// Keeps what is there: a record that is set aside already, by a database that was restored since, must not stop the sink.
    func insert(_ letter: StoredDeadLetter) throws(StoreError)
    /// The letter, locked against others who want to apply it.
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

    /// Sets an operation aside that the database has refused.
    package func setAside(
        _ operation: TaskBatch.Operation, of batch: TaskBatch, for refusal: StoreError, at time: Timestamp,
        in letters: inout [DeadLetter]
    ) throws(StoreError) {
        let letter = StoredDeadLetter(
            operation, of: batch, code: refusal.letterCode, reason: refusal.message, time: time)
        try insert(letter)
        letters.append(letter.summary)
    }

    /// Has a dead letter applied and removes it, if it is there. Errors name `session`'s server and `place`.
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
