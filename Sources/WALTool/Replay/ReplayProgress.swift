import WAL
import WALDelivery

/// The progress of a replay. A caller that no longer waits for the replay can still read it.
final class ReplayProgress: Sendable {
    private let state = Monitor((outcome: ReplayOutcome(), gaps: GapReport()))

    var outcome: ReplayOutcome { state.withLock { $0.outcome } }
    var gaps: GapReport { state.withLock { $0.gaps } }

    func add(_ receipt: SinkReceipt, records count: Int) {
        state.withLock { $0.outcome.add(receipt, records: count) }
    }

    func met(_ gap: LogGap) {
        state.withLock { $0.gaps.met(gap) }
    }
}
