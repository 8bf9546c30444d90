import WAL
import WALDelivery

/// What a replay has done so far, also for a caller that has given up waiting for it.
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
