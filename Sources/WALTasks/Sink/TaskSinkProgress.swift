internal import Synchronization
internal import WAL
internal import WALDelivery

/// The progress of a ``TaskSink``, which it knows a little earlier than its flusher.
///
/// The flusher delivers a mutation without a task id, a "barrier", after all earlier records and before all later ones. So once the sink has
/// applied one, the store has all records up to it.
final class TaskSinkProgress: Sendable {
    private let begunNumber = Atomic<UInt64>(0)
    private let appliedNumber = Atomic<UInt64>(0)
    private let begunRecordNumber = Atomic<UInt64>(0)
    private let failures = Atomic<UInt64>(0)

    /// The last barrier that the store may have applied.
    var begun: SequenceNumber { SequenceNumber(rawValue: begunNumber.load(ordering: .acquiring)) }
    /// The last barrier that the store has applied.
    var applied: SequenceNumber { SequenceNumber(rawValue: appliedNumber.load(ordering: .acquiring)) }

    /// The last record of any kind that the store may have applied.
    var begunRecord: SequenceNumber { SequenceNumber(rawValue: begunRecordNumber.load(ordering: .acquiring)) }

    /// The number of the store's transactions that failed.
    var failedCount: UInt64 { failures.load(ordering: .relaxed) }

    /// Takes the position of lane 0, which has the barriers, from a claim. The store has lost the barriers after it, or
    /// hasn't applied them yet.
    func claimed(_ lanes: [SinkLane]) {
        guard let lane = lanes.first(where: { $0.index == 0 }) else { return }
        begunNumber.min(lane.position.rawValue, ordering: .acquiringAndReleasing)
        appliedNumber.min(lane.position.rawValue, ordering: .acquiringAndReleasing)
    }

    func beginBatch(through sequence: SequenceNumber) {
        begunRecordNumber.max(sequence.rawValue, ordering: .acquiringAndReleasing)
    }

    func begin(_ sequence: SequenceNumber) {
        begunNumber.max(sequence.rawValue, ordering: .acquiringAndReleasing)
    }

    func end(_ sequence: SequenceNumber) {
        appliedNumber.max(sequence.rawValue, ordering: .acquiringAndReleasing)
    }

    func fail() {
        failures.add(1, ordering: .relaxed)
    }
}
