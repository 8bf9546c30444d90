/// Records that become visible all together or not at all. Fill a batch first, then append it with one call.
public struct RecordBatch: Sendable {
    /// The size of each record in bytes, in order.
    public private(set) var sizes: [UInt32] = []
    /// The payloads, one after another.
    public private(set) var payloads: [UInt8] = []

    /// Makes an empty batch.
    public init() {}

    /// The number of records.
    public var count: Int { sizes.count }
    /// Whether the batch has no records.
    public var isEmpty: Bool { sizes.isEmpty }

    /// Adds a record.
    public mutating func append(_ payload: RawSpan) {
        unsafe payload.withUnsafeBytes { unsafe payloads.append(contentsOf: $0) }
        sizes.append(UInt32(payload.byteCount))
    }

    /// Adds a record.
    public mutating func append(_ payload: [UInt8]) {
        payloads.append(contentsOf: payload)
        sizes.append(UInt32(payload.count))
    }

    /// Adds a record of `count` bytes that `initialize` writes in place. The closure must write all of them.
    public mutating func append(count: Int, initializingWith initialize: (inout OutputRawSpan) -> Void) {
        let start = payloads.count
        payloads.append(contentsOf: repeatElement(0, count: count))
        unsafe payloads.withUnsafeMutableBytes { bytes in
            let room = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[start...])
            var output = unsafe OutputRawSpan(buffer: room, initializedCount: 0)
            initialize(&output)
            let written = unsafe output.finalize(for: room)
            precondition(written == count, "\(written) of \(count) bytes were written")
        }
        sizes.append(UInt32(count))
    }

    /// Removes all records and keeps the memory for reuse.
    public mutating func removeAll() {
        sizes.removeAll(keepingCapacity: true)
        payloads.removeAll(keepingCapacity: true)
    }
}
