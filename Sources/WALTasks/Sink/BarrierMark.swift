internal import Synchronization
internal import WAL

/// How far a ``TaskSink`` is with mutations that have no task id.
///
/// The flusher brings such a mutation after everything before it and before everything after it. So when the sink has applied
/// one, the store has all records up to it, which is known here a little earlier than from the flusher.
final class BarrierMark: Sendable {
    private let begunNumber = Atomic<UInt64>(0)
    private let appliedNumber = Atomic<UInt64>(0)

    /// The last one that the store may have.
    var begun: SequenceNumber { SequenceNumber(rawValue: begunNumber.load(ordering: .acquiring)) }
    /// The last one that the store has.
    var applied: SequenceNumber { SequenceNumber(rawValue: appliedNumber.load(ordering: .acquiring)) }

    func begin(_ sequence: SequenceNumber) {
        begunNumber.max(sequence.rawValue, ordering: .acquiringAndReleasing)
    }

    func end(_ sequence: SequenceNumber) {
        appliedNumber.max(sequence.rawValue, ordering: .acquiringAndReleasing)
    }
}
