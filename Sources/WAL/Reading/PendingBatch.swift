/// The remaining records of a verified batch.
@safe
struct PendingBatch {
    /// Keeps the decompressed bytes in memory.
    var memory: BatchBody.Memory?
    var recordCount = 0
    /// The addresses of the next record's size and payload.
    var size: UnsafeRawPointer?
    var payload: UnsafeRawPointer?
    /// The address of the next record's time, if the records have times of their own.
    var ownTime: UnsafeRawPointer?
    var sequence: UInt64 = 0
    var time: Int64 = 0
}
