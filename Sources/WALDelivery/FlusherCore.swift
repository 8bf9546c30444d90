internal import WAL

/// The log, sink, settings and shared state that every part of a flusher uses.
struct FlusherCore<Destination: Sink>: Sendable {
    let log: WriteAheadLog
    let sink: Destination
    let configuration: Flusher<Destination>.Configuration
    let key: @Sendable (RawSpan) -> UInt64?
    let coordinator: FlusherCoordinator
    let clock: FlusherClock
    let events: FlusherEvents
    let metrics: FlusherMetrics?
    let deadLetters: DeadLetterLog
    /// The log's last record when the flusher was made. If earlier flushers couldn't ask the sink, the last record
    /// when the first of them was made. No sink can have applied later records of this log before.
    let lastAtStart: SequenceNumber

    var cursorName: String { "sink/\(sink.name)" }
}

/// Calls of the sink by the rules of the circuit breaker.
extension FlusherCore {
    /// Suspends until the worker may call the sink.
    func waitForPermission(_ worker: Int) async throws(WALError) {
        while true {
            let now = clock.now()
            let permission = coordinator.withState { $0.breaker.permission(worker: worker, now: now) }
            guard case .wait(let time) = permission else { return }
            try await waitForFirst(of: [.time(time), .condition(.breakerClosed)])
        }
    }

    /// Notes that the sink answered, even if it rejected a record.
    func sinkAnswered() {
        var hasClosed = false
        var outage: Duration = .zero
        coordinator.update { state in
            hasClosed = state.breaker.succeeded()
            outage = state.contact.answered(at: .now)
            return hasClosed ? state.takeSatisfied() : []
        }
        if hasClosed {
            events.breakerClosed(after: outage, lagAtHand)
            metrics?.report(.running)
        }
    }

    /// Counts a failure. Throws if the task is canceled, because the sink may have failed for that reason alone.
    func failed(_ failure: SinkFailure) throws(WALError) {
        if Task.isCancelled { throw .waitCancelled }
        coordinator.withState { $0.counters.count(failure) }
        metrics?.failed(failure)
    }

    /// Handles a failed check of the idle sink. An error that may pass is only logged: the next check or batch shows
    /// the positions.
    func checkFailed(_ error: any Error, worker: Int) throws(WALError) {
        if Task.isCancelled { throw .waitCancelled }
        try requirePassing(sink.classify(error), "can't report its positions", cause: error)
        events.positionsUnknown(error, worker: worker)
    }

    /// Throws unless the failure of a call without records may pass.
    private func requirePassing(_ failure: SinkFailure, _ what: String, cause: any Error) throws(WALError) {
        switch failure {
        case .transient, .overloaded, .indeterminate: break
        case .fenced: throw .fenced(sink.name, cause: cause)
        case .record, .fatal: throw .sinkFailed(sink.name, what, cause: cause)
        }
    }

    /// Pauses after a failure to reach the sink, or parks if the breaker is open.
    func pause<Generator>(
        after error: any Error, worker: Int, backoff: inout Backoff<Generator>
    ) async throws(WALError) {
        let now = clock.now()
        let (consequence, failures) = coordinator.withState { state in
            let consequence = state.breaker.failed(worker: worker, now: now)
            state.contact.failed(error, isAway: consequence != .backOff, at: .now)
            return (consequence, state.breaker.failures)
        }
        switch consequence {
        case .backOff:
            events.willRetry(error, worker: worker)
            try await clock.sleep(until: now + backoff.next())
        case .opened:
            events.breakerOpened(error, failures: failures, lagAtHand)
            metrics?.report(.unavailable)
        case .parked:
            events.willRetry(error, worker: worker)
        }
    }
}

/// Claiming.
extension FlusherCore {
    /// Claims lanes, and retries until that succeeds. Also returns the number of calls that may have raised the epochs:
    /// the last one, and those whose outcome is unknown. More calls would hide the claim of another owner.
    func claim<Generator>(
        _ lanes: Range<Int>, worker: Int, backoff: inout Backoff<Generator>
    ) async throws(WALError) -> (lanes: [SinkLane], claims: Int) {
        var claims = 1
        while true {
            try await waitForPermission(worker)
            do {
                let claimed = try await sink.claim(lanes, of: configuration.laneCount, log: log.id)
                sinkAnswered()
                backoff.reset()
                guard claimed.map(\.index) == Array(lanes) else {
                    throw WALError.sinkFailed(
                        sink.name, "answered a claim of lanes \(lanes) with lanes \(claimed.map(\.index))")
                }
                return (claimed, claims)
            } catch let error as WALError where error.code == .sinkFailed {
                throw error
            } catch {
                coordinator.update { $0.asked() }
                let failure = sink.classify(error)
                if failure == .indeterminate { claims += 1 }
                try failed(failure)
                try requirePassing(failure, "can't be claimed", cause: error)
                try await pause(after: error, worker: worker, backoff: &backoff)
            }
        }
    }
}

/// The log's cursor for the sink.
extension FlusherCore {
    /// Keeps all records until the sink has reported its positions. The sink may be unreachable for long, and
    /// retention runs meanwhile.
    func holdRecords() {
        let first = log.firstSequence.rawValue
        guard log.cursors[cursorName] == nil, first > 0 else { return }
        setCursor(cursorName, to: SequenceNumber(rawValue: first - 1))
    }

    /// Lets retention remove the records that the sink is missing.
    func releaseRecords() {
        do throws(WALError) {
            try log.removeCursor(cursorName)
            try log.removeCursor(OwedRecords.mark(of: sink.name))
        } catch {
            events.cursorFailed(error)
        }
    }

    /// Moves the log's cursor to the position that every lane has reached in the sink, so that retention may remove
    /// the records before it. Positions in memory alone don't count, because after a restart that range is read
    /// again.
    func moveCursor(isDrained: Bool = false) {
        let now = clock.now()
        let due = coordinator.withState { state in
            state.cursor.move(to: state.committed, now: now, isDrained: isDrained)
        }
        if let due { setCursor(cursorName, to: due) }
    }

    /// Sets a cursor of the log, or removes it. After an error retention waits, which is logged.
    func setCursor(_ name: String, to sequence: SequenceNumber?) {
        do throws(WALError) {
            if let sequence { try log.setCursor(name, to: sequence) } else { try log.removeCursor(name) }
        } catch {
            events.cursorFailed(error)
        }
    }
}
