internal import Synchronization
internal import WAL

/// The memory that all stripes of a ``TaskOverlay`` use, and their limit.
final class OverlayBudget: Sendable {
    private let limit: Int
    private let used = Atomic<Int>(0)
    /// Call it after mutations up to a sequence number were dropped from memory, so that they can only be found in the
    /// log. The caller holds the lock of a stripe.
    let dropped: @Sendable (SequenceNumber) -> Void

    init(limit: Int, dropped: @escaping @Sendable (SequenceNumber) -> Void) {
        self.limit = limit
        self.dropped = dropped
    }

    /// Read with each mutation, written only with each new chunk of memory.
    var isExceeded: Bool { used.load(ordering: .relaxed) > limit }

    var usedSize: Int { used.load(ordering: .relaxed) }

    func change(by size: Int) {
        used.add(size, ordering: .relaxed)
    }
}
