/// What is left of a batch that has been verified.
@safe
struct PendingBatch {
    /// Holds what was decompressed.
    var memory: BatchBody.Memory?
    var recordCount = 0
    /// The next record's size and payload.
    var size: UnsafeRawPointer?
    var payload: UnsafeRawPointer?
    var sequence: UInt64 = 0
    var time: Int64 = 0
}
