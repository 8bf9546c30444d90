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

    /// Adds a record of `count` bytes, at least 0. `initialize` writes them in place, and must write all of them.
    ///
    /// If the closure throws, its error is thrown and the batch stays as it was.
    public mutating func append<Failure: Error>(
        count: Int, initializingWith initialize: (inout OutputRawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        try payloads.append(count: count, initializingWith: initialize)
        sizes.append(UInt32(count))
    }

    /// Makes room for records, so that adding them allocates nothing.
    package mutating func reserve(records: Int, byteCount: Int) {
        sizes.reserveCapacity(sizes.count + records)
        payloads.reserveCapacity(payloads.count + byteCount)
    }

    /// Adds a record as ``append(count:initializingWith:)`` does. It isn't generic, so that other modules call no generic code, which
    /// would look up its types at run time.
    package mutating func append(count: Int, filledBy fill: (inout OutputRawSpan) -> Void) {
        payloads.append(count: count, initializingWith: fill)
        sizes.append(UInt32(count))
    }

    /// Returns the records `range`, whose payloads begin at `offset`.
    func part(_ range: Range<Int>, at offset: Int) -> RecordBatch {
        if range.count == count { return self }
        var part = RecordBatch()
        part.sizes = Array(sizes[range])
        part.payloads = Array(payloads[offset..<offset + part.sizes.reduce(0) { $0 + Int($1) }])
        return part
    }

    /// Removes all records and keeps the memory for reuse.
    public mutating func removeAll() {
        sizes.removeAll(keepingCapacity: true)
        payloads.removeAll(keepingCapacity: true)
    }
}

extension [UInt8] {
    /// Appends `count` bytes that `initialize` writes in place, or nothing if it throws.
    mutating func append<Failure: Error>(
        count: Int, initializingWith initialize: (inout OutputRawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(count >= 0, "a record can't have \(count) bytes")
        try append(addingCapacity: count) { output throws(Failure) in
            try unsafe output.withUnsafeMutableBufferPointer { bytes, filledCount throws(Failure) in
                let bytes = UnsafeMutableRawBufferPointer(bytes)
                let room = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
                var output = unsafe OutputRawSpan(buffer: room, initializedCount: 0)
                try initialize(&output)
                let written = unsafe output.finalize(for: room)
                precondition(written == count, "\(written) of \(count) bytes were written")
                filledCount = count
            }
        }
    }
}
