internal import WAL

/// One stripe of a ``TaskOverlay``: the tasks whose ids have the same hash, by its low bits.
///
/// `@unchecked`: `lock` protects the rest. Adding to several stripes locks them in their order.
@safe final class OverlayStripe: @unchecked Sendable {
    /// Each added mutation lets go of so many that the store has: more than one, so that a backlog goes too.
    private static let pruneCount = 2
    /// Each mutation that is added beyond the budget makes room for so many, so that all callers together get below it.
    private static let dropCount: UInt32 = 4

    /// Held from before an append to the log until its mutation is in `queue`: so both have the same order. Appending under it
    /// doesn't wait for a segment, so that no reader waits for a full disk.
    let lock = TaskLock()
    private var queue = OverlayQueue()
    private let budget: OverlayBudget
    private var countedSize = 0
    /// What isn't in `queue` and isn't in the store is in the log alone, up to here. For whoever holds `lock`.
    private(set) var floor: SequenceNumber

    /// Everything up to `floor` is in the log alone.
    init(budget: OverlayBudget, floor: SequenceNumber) {
        self.budget = budget
        self.floor = floor
    }

    /// Has `encode` write a mutation of `size` bytes, and `append` put those into the log; keeps them if it returns a number. For
    /// whoever holds `lock`.
    @inline(__always)
    func add<Failure: Error>(
        _ kind: OverlayKind, size: Int, hash: UInt64, applied: SequenceNumber, encode: (inout OutputRawSpan) -> Void,
        append: (RawSpan) throws(Failure) -> SequenceNumber?
    ) throws(Failure) -> SequenceNumber? {
        queue.prune(through: applied, atMost: Self.pruneCount)
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

    /// Keeps what is in the log already. For whoever holds `lock`.
    func insert(_ encoded: RawSpan, _ kind: OverlayKind, hash: UInt64, at sequence: SequenceNumber) {
        let reservation = queue.reserve(encoded.byteCount, hash: hash)
        unsafe encoded.withUnsafeBytes { unsafe reservation.buffer.copyMemory(from: $0) }
        queue.commit(reservation, kind, at: sequence)
        keepToBudget()
    }

    /// Beyond the budget, the oldest mutations are left to the log.
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
        budget.noteDropped(through: floor)
    }

    private func count(_ size: Int) {
        budget.change(by: size - countedSize)
        countedSize = size
    }

    /// For whoever holds `lock`.
    func copy(_ part: OverlayPart, hash: UInt64, applied: SequenceNumber) -> OverlayCopy {
        queue.prune(through: applied)
        count(queue.memorySize)
        return queue.copy(part, hash: hash)
    }

    func prune(through applied: SequenceNumber) {
        lock.withLock {
            queue.prune(through: applied)
            count(queue.memorySize)
        }
    }

    var isEmpty: Bool { lock.withLock { queue.isEmpty } }
}
