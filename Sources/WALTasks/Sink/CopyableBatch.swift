internal import WAL
package import WALDelivery

/// A store that writes encoded activities faster than operations.
package protocol CopyingStore: TaskStore {
    /// Applies a batch and moves its lanes, in one transaction. Returns nil, with nothing written, if the batch must be applied as
    /// operations.
    func apply(_ batch: CopyableBatch) async throws -> SinkReceipt?
}

/// A batch whose activities a store writes while they are encoded, without decoding them. The other records become operations.
///
/// Activities are in a table that no other record of such a batch touches, so their order among the other records
/// doesn't matter.
package struct CopyableBatch: Sendable {
    package let batch: SinkBatch
    package let activityCount: Int
    /// The bytes of the encoded activities.
    let activityByteCount: Int

    /// Makes a batch; nil if it has no activity, or an operation without a task id, which may remove activities.
    init?(_ batch: SinkBatch) {
        var (count, byteCount) = (0, 0)
        for record in batch.records {
            switch TaskCodec.kind(of: unsafe record.payload.span.bytes) {
            case .log:
                count += 1
                byteCount += record.payload.count
            case .deleteDAG, .removeTasks, .removeActivities: return nil
            case .save, .updateStatus, .delete, nil: break
            }
        }
        guard count > 0 else { return nil }
        self.batch = batch
        activityCount = count
        activityByteCount = byteCount
    }

    /// Calls `copy` with each encoded activity, in order, and returns the other records as coalesced operations.
    ///
    /// Returns nil if a record can't be decoded. `copy` returns false for such an activity.
    package func separate(
        copying copy: (RawSpan) throws(StoreError) -> Bool
    ) throws(StoreError) -> (operations: [TaskBatch.Operation], coalescedCount: Int)? {
        var coalescer = TaskCoalescer(capacity: batch.records.count - activityCount)
        for record in batch.records {
            let payload = unsafe record.payload.span.bytes
            if TaskCodec.kind(of: payload) == .log {
                guard try copy(payload) else { return nil }
            } else if !TaskCodec.isFlowRecord(payload) {
                guard let mutation = try? TaskCodec.decode(payload) else { return nil }
                coalescer.add(TaskBatch.Operation(record: record, mutation: mutation))
            }
        }
        return (coalescer.result, coalescer.coalescedCount)
    }
}
