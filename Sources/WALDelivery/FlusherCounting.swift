internal import Metrics
internal import WAL

/// Counts for the statistics and the metrics.
extension FlusherCore {
    func count(_ recordCount: Int, _ receipt: SinkReceipt, duration: Duration) {
        coordinator.withState { state in
            state.counters.recordsApplied += UInt64(recordCount)
            state.counters.batchesApplied += 1
            state.counters.rowsWritten += UInt64(receipt.rowCount)
            state.counters.coalesced += UInt64(receipt.coalescedCount)
            state.counters.deadLetters += UInt64(receipt.deadLetters.count)
            state.counters.deadLettersInSink += UInt64(receipt.deadLetters.count)
            state.counters.lastFlush = .now
            state.counters.flushDuration += duration
            state.latencies.record(duration)
            state.durations.record(duration)
        }
        metrics?.applied(records: recordCount, receipt: receipt, duration: duration)
        for letter in receipt.deadLetters { events.deadLetter(letter, isInSink: true) }
    }

    func countDeadLetter(_ letter: DeadLetter) {
        coordinator.withState { $0.counters.deadLetters += 1 }
        metrics?.deadLetters.increment()
        events.deadLetter(letter, isInSink: false)
    }

    /// Reports that the sink has lost data that it had confirmed.
    func lostClaim(_ known: SinkLane, _ claimed: SinkLane) {
        coordinator.withState { $0.counters.claimsLost += 1 }
        metrics?.lostClaims.increment()
        events.claimLost(known, claimed)
    }

    /// Reports a gap of the log that a worker's reader has met. It is reported once, and delivery continues after it.
    func passed(_ gap: LogGap) {
        guard coordinator.withState({ $0.passed(gap) }) else { return }
        if gap.isLoss { metrics?.lost(gap) }
        events.gap(gap)
    }

    var statistics: FlusherStatistics {
        var statistics = coordinator.withState { state in
            var counters = state.counters
            counters.appliedSequence = state.applied
            counters.flushLatency = state.latencies.summary
            counters.breaker = state.breaker.state
            return counters
        }
        statistics.lag = lag
        return statistics
    }
}
