internal import WAL

/// The collector of a worker's next batch from the records of the log. Pure: it neither waits nor reads.
struct BatchAssembler {
    enum Step: Hashable {
        case more
        /// The batch has reached a limit, or the worker has read enough records that its position should move.
        case full
        /// A barrier follows the batch.
        case barrier
    }

    private struct Slot {
        var sequence: SequenceNumber
        var time: Timestamp
        var end: Int
    }

    /// The number of scanned records that ends a batch, after a few milliseconds of reading. It moves the position of
    /// a worker even if few records are of its lanes.
    static let scanMax = 1 << 16

    let laneCount: UInt64
    var sizeMax: Int
    let bytesMax: Int
    /// The last sequence number that was offered or can't appear any more.
    private(set) var scanned: SequenceNumber = .zero
    /// A record without a key that follows the batch. It belongs to lane 0 and is applied alone, after every earlier
    /// record and before every later one. Its payload is empty for workers that only wait for it.
    private(set) var barrier: SinkRecord?
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

    /// Drops the batch and restarts after `sequence`.
    mutating func restart(after sequence: SequenceNumber) {
        scanned = sequence
        barrier = nil
        clear()
    }

    /// Takes the next record of the log. Must not be called while a barrier is pending.
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
        // Sequence numbers may be missing before the barrier. None of them can appear any more.
        scanned = SequenceNumber(rawValue: record.sequence.rawValue - 1)
        barrier = SinkRecord(
            sequence: record.sequence, time: record.time,
            payload: isMine ? unsafe record.payload.withUnsafeBytes { unsafe ArraySlice($0) } : [])
        return .barrier
    }

    /// Marks all sequence numbers up to and including `sequence` as scanned. Numbers that a crash abandoned have no
    /// record.
    mutating func reached(_ sequence: SequenceNumber) {
        scanned = max(scanned, sequence)
    }

    /// Moves past the pending barrier after it was applied.
    mutating func passBarrier() {
        guard let passed = barrier else { return }
        scanned = passed.sequence
        barrier = nil
    }

    /// Returns the batch of all offered records, and begins a new one. The records share one array.
    mutating func cut() -> Delivery {
        var records: [SinkRecord] = []
        records.reserveCapacity(slots.count)
        var start = 0
        for slot in slots {
            records.append(SinkRecord(sequence: slot.sequence, time: slot.time, payload: bytes[start..<slot.end]))
            start = slot.end
        }
        clear()
        return Delivery(records: records, position: scanned)
    }

    private mutating func clear() {
        let capacity = bytes.count
        slots.removeAll(keepingCapacity: true)
        bytes = []
        bytes.reserveCapacity(capacity)
        scannedCount = 0
    }
}
