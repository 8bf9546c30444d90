internal import Synchronization
internal import WAL

/// How much memory all stripes of a ``TaskOverlay`` take, and may take.
final class OverlayBudget: Sendable {
    private let limit: Int
    private let used = Atomic<Int>(0)
    /// Called when mutations were dropped from memory, so that they can only be found in the log: by whoever holds a stripe's lock.
    private let dropped: @Sendable (SequenceNumber) -> Void

    init(limit: Int, dropped: @escaping @Sendable (SequenceNumber) -> Void = { _ in }) {
        self.limit = limit
        self.dropped = dropped
    }

    /// Read with each mutation, written with each new chunk of memory.
    var isExceeded: Bool { used.load(ordering: .relaxed) > limit }

    var usedSize: Int { used.load(ordering: .relaxed) }

    func change(by size: Int) {
        used.add(size, ordering: .relaxed)
    }

    func noteDropped(through sequence: SequenceNumber) {
        dropped(sequence)
    }
}
