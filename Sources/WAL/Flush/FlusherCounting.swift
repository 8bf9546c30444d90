/// Counting, for the statistics and the metrics.
extension FlusherContext {
    func count(_ recordCount: Int, _ receipt: SinkReceipt, duration: Duration) {
        let applied = coordinator.withState { state in
            state.counters.recordsApplied += UInt64(recordCount)
            state.counters.batchesApplied += 1
            state.counters.rowsWritten += UInt64(receipt.rowCount)
            state.counters.coalesced += UInt64(receipt.coalescedCount)
            state.counters.deadLetters += UInt64(receipt.deadLetters.count)
            state.counters.lastFlush = .now
            state.counters.flushDuration += duration
            return state.applied
        }
        metrics?.applied(records: recordCount, receipt: receipt, duration: duration, lag: lag(behind: applied))
        for letter in receipt.deadLetters { events.deadLetter(letter) }
    }

    func countDeadLetter(_ letter: DeadLetter) {
        coordinator.withState { $0.counters.deadLetters += 1 }
        metrics?.deadLetter()
        events.deadLetter(letter)
    }

    func lag(behind applied: SequenceNumber) -> UInt64 {
        let last = log.lastSequence
        return last > applied ? last.rawValue - applied.rawValue : 0
    }

    var statistics: FlusherStatistics {
        var statistics = coordinator.withState { state in
            var counters = state.counters
            counters.appliedSequence = state.applied
            counters.oldestPending = state.oldestPending
            counters.breaker =
                switch state.breaker.state {
                case .closed: .closed
                case .open: .open
                case .probing: .probing
                }
            return counters
        }
        statistics.lag = lag(behind: statistics.appliedSequence)
        return statistics
    }
}
