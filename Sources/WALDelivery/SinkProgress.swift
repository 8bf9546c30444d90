public import WAL

extension WriteAheadLog {
    /// Suspends until the sink of this name has applied every record up to and including `sequence`. This is the
    /// third step, after written and durable. The sink's ``Flusher`` must be running on this log.
    ///
    /// - Throws:
    ///   - `invalidArgument` if no such flusher runs on this log
    ///   - the codes of ``Flusher/waitUntilApplied(_:)``
    public func waitUntilApplied(_ sequence: SequenceNumber, by sink: String) async throws(WALError) {
        guard let progress = sinks[sink] else {
            let names = sinks.names.joined(separator: ", ")
            throw WALError(
                .invalidArgument,
                "No flusher into \(sink) runs on this log. Running flushers: \(names.isEmpty ? "none" : names).")
        }
        try await progress.waitUntilApplied(sequence)
    }
}

extension FlusherCore: SinkProgress {
    /// Registers this flusher with the log under its sink's name.
    func register() {
        log.sinks.begin(sink.name, self)
    }

    /// Leaves the flusher's last state with the log.
    func unregister() {
        metrics?.report(stateAndError.state)
        // Another flusher into the same sink may have taken the name.
        log.sinks.end(sink.name, status) { ($0 as? Self)?.coordinator === coordinator }
    }

    var status: SinkStatus {
        let (state, error) = stateAndError
        let (counters, applied, batches) = coordinator.withState { ($0.counters, $0.applied, $0.durations) }
        return SinkStatus(
            name: sink.name, state: state, error: error, appliedSequence: applied,
            appliedRecords: counters.recordsApplied, appliedBatches: counters.batchesApplied,
            writtenRows: counters.rowsWritten, coalescedRecords: counters.coalesced,
            lostRecords: counters.sequencesLost, lostClaims: counters.claimsLost,
            failures: counters.failures.map { SinkStatus.Failures(kind: $0.key.rawValue, count: $0.value) }
                .sorted { $0.kind < $1.kind },
            retries: counters.retries, deadLetters: counters.deadLetters, deadLettersInSink: counters.deadLettersInSink,
            lag: lagAtHand, lastSuccess: counters.lastFlush, batches: batches)
    }

    /// The largest number of characters of an error. A longer one would take the place of other sinks in the status.
    private static var errorLengthMax: Int { 1000 }

    private static func text(of error: any Error) -> String { "\(error)".shortened(to: errorLengthMax) }

    var stateAndError: (state: SinkStatus.State, error: String?) {
        coordinator.withState { state in
            if case .ended(let error) = state.phase {
                switch error.code {
                case .fenced: return (.fenced, Self.text(of: error))
                case .detached: return (.detached, Self.text(of: error))
                default: return (.stopped, Self.text(of: error))
                }
            }
            var last: String?
            if case .away(_, let error) = state.contact.state { last = Self.text(of: error) }
            switch state.breaker.state {
            case .closed: return (.running, last)
            case .open: return (.unavailable, last)
            case .probing: return (.probing, last)
            }
        }
    }
}
