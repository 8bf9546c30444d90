internal import WAL

/// The lag of the sink, measured once a second. While a sink is unavailable, no other event would update it.
extension FlusherCore {
    private static var watchInterval: Duration { .seconds(1) }

    /// Reports the lag and lasting states, until the lag exceeds the sink's limit.
    func watch() async throws(WALError) -> Never {
        var outage = StateLogPacer()
        var parking = StateLogPacer()
        while true {
            let lag = lag
            metrics?.report(lag)
            metrics?.report(stateAndError.state)
            report(lag, &outage, &parking)
            if case .bestEffort(let max) = configuration.attachment {
                let bytes = log.byteCount(after: reached)
                if bytes > UInt64(clamping: max) { throw .detached(sink.name, lag: bytes, max: max) }
            }
            try await clock.sleep(until: clock.now() + Self.watchInterval)
        }
    }

    /// Logs lasting states. Their beginning and end are logged by the code that changes them.
    private func report(_ lag: LogLag, _ outage: inout StateLogPacer, _ parking: inout StateLogPacer) {
        let (contact, deadLetters) = coordinator.withState { ($0.contact.state, $0.counters.deadLetters) }
        let now = clock.now()
        let failure: (any Error)? = if case .away(_, let error) = contact { error } else { nil }
        if case .lasts(let duration) = outage.line(isOn: failure != nil, at: now), let failure {
            events.stillAway(failure, for: duration, lag)
        }
        if case .lasts(let duration) = parking.line(isOn: deadLetters > 0, at: now) {
            events.stillSetAside(deadLetters, for: duration)
        }
    }

    /// Returns the time of the first record after a position. It ignores damage, which the workers report.
    private func oldest(after position: SequenceNumber) -> Timestamp? {
        let reader = log.reader(from: position.next)
        while let found = try? reader.next({ Optional($0.time) }, gap: { _ in nil }) {
            if let found { return found }
        }
        return nil
    }

    /// The last sequence number up to which every record is known to be applied. Until the sink was asked, it is the
    /// log's cursor.
    private var reached: SequenceNumber {
        max(coordinator.applied, log.cursors[cursorName] ?? .zero)
    }

    /// The current lag. Reads the log for the time of the oldest record.
    var lag: LogLag {
        let applied = reached
        let oldest = log.lastSequence > applied ? oldest(after: applied) : nil
        coordinator.withState { $0.oldest = oldest }
        return lag(behind: applied, oldest: oldest)
    }

    /// The current lag without a read of the log. Its age is that of the first record at the last look, up to a second
    /// ago. If that record has been applied since, the records after it are almost as old: a slow sink makes progress
    /// and lags all the same.
    var lagAtHand: LogLag {
        lag(behind: reached, oldest: coordinator.withState { $0.oldest })
    }

    private func lag(behind applied: SequenceNumber, oldest: Timestamp?) -> LogLag {
        let last = log.lastSequence
        guard last > applied else { return LogLag() }
        let first = max(applied.next, log.firstSequence)
        return LogLag(
            records: last.rawValue + 1 - min(first, last.next).rawValue,
            bytes: log.byteCount(after: applied), oldest: oldest)
    }
}
