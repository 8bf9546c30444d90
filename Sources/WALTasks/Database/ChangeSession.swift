internal import WAL
package import WALDelivery

/// The changes of a store. Each function except ``write(_:)`` is one transaction.
package protocol ChangeSession: LaneSession {
    var deadLetters: DeadLetterTable { get }

    /// Applies changes within a transaction.
    func write(_ mutations: [TaskMutation]) throws(StoreError)
    /// Applies changes that didn't come through a log, all or none.
    func commit(_ mutations: [TaskMutation]) throws(StoreError)
    /// Applies a batch and moves its lanes. Operations that the database rejects become dead letters.
    func apply(_ batch: TaskBatch) throws(StoreError) -> SinkReceipt
    /// Removes a dead letter.
    func discard(_ id: StoredDeadLetter.ID) throws(StoreError)
}

extension ChangeSession {
    package func commit(_ mutations: [TaskMutation]) throws(StoreError) {
        try connection.transaction { () throws(StoreError) -> Void in try write(mutations) }
    }

    package func discard(_ id: StoredDeadLetter.ID) throws(StoreError) {
        try connection.transaction { () throws(StoreError) -> Void in try deadLetters.remove(id) }
    }

    /// Applies a dead letter and removes it, if it exists.
    func redrive(_ id: StoredDeadLetter.ID) throws(StoreError) {
        try connection.transaction { () throws(StoreError) -> Void in
            guard let letter = try deadLetters.letter(id) else { return }
            try write([mutation(of: letter)])
            try deadLetters.remove(id)
        }
    }

    private func mutation(of letter: StoredDeadLetter) throws(StoreError) -> TaskMutation {
        do throws(TaskCodecError) {
            return try letter.mutation()
        } catch {
            throw connection.error(.rowUnreadable, "the dead letter can't be decoded: \(error)")
        }
    }
}

extension TaskBatch.Operation {
    /// Makes an operation of a change that came through no log.
    package init(_ mutation: TaskMutation) {
        self.init(
            record: SinkRecord(sequence: .zero, time: Timestamp(rawValue: 0), payload: []), mutation: mutation)
    }
}
