internal import WAL

/// Collects a worker's records from the log until a batch must be cut. Pure: neither waits nor reads.
struct BatchAssembler {
    enum Step: Hashable {
        case more
        /// The batch is big enough, or so much was read that the position should move.
        case full
        /// A record that is ordered against all others follows the batch.
        case barrier
    }

    /// A record without a key: it belongs to lane 0, is applied alone, after everything before it and before everything after it.
    struct Barrier {
        var sequence: SequenceNumber
        var time: Timestamp
        /// Empty for workers that only wait for it.
        var payload: [UInt8]
    }

    struct Cut {
        var records: [SinkRecord]
        var position: SequenceNumber
    }

    private struct Slot {
        var sequence: SequenceNumber
        var time: Timestamp
        var end: Int
    }

    /// So that a worker whose lanes are rare among many records still moves on: a few milliseconds of reading.
    static let scanMax = 1 << 16

    let laneCount: UInt64
    var sizeMax: Int
    let bytesMax: Int
    /// Everything up to here was offered, or can't come any more.
    private(set) var scanned: SequenceNumber = .zero
    private(set) var barrier: Barrier?
    private var slots: [Slot] = []
    private var bytes: [UInt8] = []
    private var scannedCount = 0

    init(laneCount: Int, sizeMax: Int, bytesMax: Int) {
        self.laneCount = UInt64(laneCount)
        self.sizeMax = sizeMax
        self.bytesMax = bytesMax
    }

    var isEmpty: Bool { slots.isEmpty }
    /// The oldest record of the batch.
    var first: (sequence: SequenceNumber, time: Timestamp)? { slots.first.map { ($0.sequence, $0.time) } }

    /// Forgets everything and starts behind `sequence`.
    mutating func restart(after sequence: SequenceNumber) {
        scanned = sequence
        barrier = nil
        clear()
    }

    /// Looks at the next record of the log. Not to be called while a barrier is pending.
    mutating func offer(_ record: borrowing RecordView, hash: UInt64?, for lanes: borrowing OwnedLanes) -> Step {
        guard let hash else { return offerBarrier(record, for: lanes) }
        scanned = record.sequence
        scannedCount += 1
        if lanes.wants(record.sequence, lane: Int(truncatingIfNeeded: hash % laneCount)) {
            unsafe record.payload.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
            slots.append(Slot(sequence: record.sequence, time: record.time, end: bytes.count))
            if slots.count >= sizeMax || bytes.count >= bytesMax { return .full }
        }
        return scannedCount >= Self.scanMax ? .full : .more
    }

    private mutating func offerBarrier(_ record: borrowing RecordView, for lanes: borrowing OwnedLanes) -> Step {
        let isMine = lanes.range.contains(0)
        if isMine, !lanes.wants(record.sequence, lane: 0) {
            scanned = record.sequence
            return .more
        }
        // Numbers may be missing before the barrier; none of them can come any more.
        scanned = SequenceNumber(rawValue: record.sequence.rawValue - 1)
        barrier = Barrier(
            sequence: record.sequence, time: record.time,
            payload: isMine ? unsafe record.payload.withUnsafeBytes { unsafe Array($0) } : [])
        return .barrier
    }

    /// No record up to here can come any more, though none with this number was seen: a crash abandoned it.
    mutating func reached(_ sequence: SequenceNumber) {
        scanned = max(scanned, sequence)
    }

    /// The pending barrier was applied.
    mutating func passBarrier() {
        guard let passed = barrier else { return }
        scanned = passed.sequence
        barrier = nil
    }

    /// Ends the batch with everything that was offered. Its records share one array.
    mutating func cut() -> Cut {
        var records: [SinkRecord] = []
        records.reserveCapacity(slots.count)
        var start = 0
        for slot in slots {
            records.append(SinkRecord(sequence: slot.sequence, time: slot.time, payload: bytes[start..<slot.end]))
            start = slot.end
        }
        clear()
        return Cut(records: records, position: scanned)
    }

    private mutating func clear() {
        let capacity = bytes.count
        slots.removeAll(keepingCapacity: true)
        bytes = []
        bytes.reserveCapacity(capacity)
        scannedCount = 0
    }
}
