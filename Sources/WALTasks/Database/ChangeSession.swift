package import WAL
package import WALDelivery

/// The changes of a store. Each function is one transaction.
package protocol ChangeSession: DatabaseSession {
    /// Applies changes that didn't come through a log, all or none.
    func commit(_ mutations: [TaskMutation]) throws(StoreError)
    /// Raises the epochs of the lanes, all or none.
    func claim(_ indices: Range<Int>, of laneCount: Int, log: LogID, owner: String) throws(StoreError) -> [SinkLane]
    /// Returns those of the lanes that were ever claimed, in any order.
    func positions(of indices: Range<Int>, log: LogID) throws(StoreError) -> [SinkLane]
    /// Applies a batch and moves its lanes. Operations that the database rejects become dead letters.
    func apply(_ batch: TaskBatch) throws(StoreError) -> SinkReceipt
    /// Applies a dead letter and removes it.
    func redrive(_ id: StoredDeadLetter.ID) throws(StoreError)
    /// Removes a dead letter.
    func discard(_ id: StoredDeadLetter.ID) throws(StoreError)
}
