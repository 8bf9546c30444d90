internal import WAL

/// One stripe of a ``TaskOverlay``, with the tasks whose hashed ids have the same low bits.
///
/// `@unchecked`: `lock` protects the other properties. Lock order: several stripes are locked in their order.
@safe final class OverlayStripe: @unchecked Sendable {
    /// The number of applied mutations that each addition removes. It is more than one, so that a backlog shrinks.
    private static let pruneCount = 2
    /// The number of mutations that each addition over the budget drops, so that all callers together get below it.
    private static let dropCount: UInt32 = 4

    /// Held from before an append to the log until its mutation is in `queue`, so that both have the same order. An
    /// append under it doesn't wait for a segment, so no reader waits for a full disk.
    let lock = TaskLock()
    private var queue = OverlayQueue()
    private let budget: OverlayBudget
    private var countedSize = 0
    /// The sequence number up to which mutations that aren't in `queue` are in the store, or in the log alone. If the
    /// store loses mutations that it had confirmed, queries find them in the log. Requires `lock`.
    private(set) var floor: SequenceNumber

    /// Makes a stripe. Mutations up to `floor` are in the log alone.
    init(budget: OverlayBudget, floor: SequenceNumber) {
        self.budget = budget
        self.floor = floor
    }

    /// Encodes a mutation of `size` bytes, appends it, and keeps it if `append` returns a sequence number. Requires
    /// `lock`.
    @inline(__always)
    func add<Failure: Error>(
        _ kind: OverlayKind, size: Int, hash: UInt64, applied: SequenceNumber, encode: (inout OutputRawSpan) -> Void,
        append: (RawSpan) throws(Failure) -> SequenceNumber?
    ) throws(Failure) -> SequenceNumber? {
        prune(through: applied, atMost: Self.pruneCount)
        let reservation = queue.reserve(size, hash: hash)
        var output = unsafe OutputRawSpan(buffer: reservation.buffer, initializedCount: 0)
        encode(&output)
        let written = unsafe output.finalize(for: reservation.buffer)
        precondition(written == size, "\(written) of \(size) bytes were encoded")
        let encoded = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(reservation.buffer))
        guard let sequence = try append(encoded) else { return nil }
        queue.commit(reservation, kind, at: sequence)
        keepToBudget()
        return sequence
    }

    /// Keeps a mutation that is in the log already. Requires `lock`.
    func insert(
        _ encoded: RawSpan, _ kind: OverlayKind, hash: UInt64, applied: SequenceNumber, at sequence: SequenceNumber
    ) {
        prune(through: applied, atMost: Self.pruneCount)
        let reservation = queue.reserve(encoded.byteCount, hash: hash)
        unsafe encoded.withUnsafeBytes { unsafe reservation.buffer.copyMemory(from: $0) }
        queue.commit(reservation, kind, at: sequence)
        keepToBudget()
    }

    /// Removes up to `countMax` applied mutations. Requires `lock`.
    @inline(__always)
    private func prune(through applied: SequenceNumber, atMost countMax: Int) {
        if let last = queue.prune(through: applied, atMost: countMax) { floor = max(floor, last) }
    }

    /// Drops the oldest mutations while the budget is exceeded. They remain in the log.
    @inline(__always)
    private func keepToBudget() {
        let size = queue.memorySize
        if size != countedSize { count(size) }
        if budget.isExceeded { drop() }
    }

    private func drop() {
        guard let last = queue.drop(atMost: Self.dropCount) else { return }
        floor = max(floor, last)
        count(queue.memorySize)
        budget.dropped(floor)
    }

    private func count(_ size: Int) {
        budget.change(by: size - countedSize)
        countedSize = size
    }

    /// Copies the mutations of a task. Requires `lock`.
    func copy(_ part: OverlayPart, of taskID: String, hash: UInt64, applied: SequenceNumber) -> OverlayCopy {
        prune(through: applied, atMost: .max)
        count(queue.memorySize)
        return queue.copy(part, of: taskID, hash: hash)
    }

    func prune(through applied: SequenceNumber) {
        lock.withLock {
            prune(through: applied, atMost: .max)
            count(queue.memorySize)
        }
    }
}
