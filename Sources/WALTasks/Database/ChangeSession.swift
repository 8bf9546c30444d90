package import WALDelivery

/// The changes of a store. Each function is one transaction.
package protocol ChangeSession: LaneSession {
    /// Applies changes that didn't come through a log, all or none.
    func commit(_ mutations: [TaskMutation]) throws(StoreError)
    /// Applies a batch and moves its lanes. Operations that the database rejects become dead letters.
    func apply(_ batch: TaskBatch) throws(StoreError) -> SinkReceipt
    /// Applies a dead letter and removes it.
    func redrive(_ id: StoredDeadLetter.ID) throws(StoreError)
    /// Removes a dead letter.
    func discard(_ id: StoredDeadLetter.ID) throws(StoreError)
}
