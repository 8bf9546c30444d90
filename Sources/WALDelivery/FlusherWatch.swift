public import WAL

/// How far the sink is behind, looked at once a second: a sink that is away moves nothing else that could tell.
extension FlusherCore {
    private static var watchInterval: Duration { .seconds(1) }

    /// Reports the lag and what lasts, until the lag is more than the sink may have.
    func watch() async throws(WALError) -> Never {
        var outage = StateLogPacer()
        var parking = StateLogPacer()
        while true {
            let lag = lag
            metrics?.report(lag)
            report(lag, &outage, &parking)
            if case .bestEffort(let max) = configuration.attachment {
                let bytes = log.byteCount(after: reached)
                if bytes > UInt64(clamping: max) { throw .detached(sink.name, lag: bytes, max: max) }
            }
            try await clock.sleep(until: clock.now() + Self.watchInterval)
        }
    }

    /// Logs states that last; their beginning and end is logged where they begin and end.
    private func report(_ lag: FlusherLag, _ outage: inout StateLogPacer, _ parking: inout StateLogPacer) {
        let (contact, deadLetters) = coordinator.withState { ($0.contact.state, $0.counters.deadLetters) }
        let now = clock.now()
        if case .away(_, let error) = contact {
            if case .lasts(let duration) = outage.line(isOn: true, at: now) {
                events.stillAway(error, for: duration, lag)
            }
        } else {
            _ = outage.line(isOn: false, at: now)
        }
        if case .lasts(let duration) = parking.line(isOn: deadLetters > 0, at: now) {
            events.stillSetAside(deadLetters, for: duration)
        }
    }

    /// The first record after a position. Damage that is in the way is for the workers to report.
    private func oldest(after position: SequenceNumber) -> (sequence: SequenceNumber, time: Timestamp)? {
        let reader = log.reader(from: position.next)
        while let found = try? reader.next({ Optional((sequence: $0.sequence, time: $0.time)) }, gap: { _ in nil }) {
            if let found { return found }
        }
        return nil
    }

    /// Every record up to here was applied, as far as is known: until the sink was asked, by the log's cursor.
    private var reached: SequenceNumber {
        max(coordinator.applied, log.cursors[cursorName] ?? .zero)
    }

    /// What was appended and not applied; reads the log for the time of the oldest record.
    var lag: FlusherLag {
        let applied = reached
        guard log.lastSequence > applied else { return FlusherLag() }
        let oldest = oldest(after: applied)
        coordinator.withState { $0.oldest = oldest }
        return lag(behind: applied, oldest: oldest?.time)
    }

    /// The same without reading: its age is that of the last look, a second ago.
    var lagAtHand: FlusherLag {
        let applied = reached
        let oldest = coordinator.withState { $0.oldest }
        return lag(behind: applied, oldest: oldest.flatMap { $0.sequence > applied ? $0.time : nil })
    }

    private func lag(behind applied: SequenceNumber, oldest: Timestamp?) -> FlusherLag {
        let last = log.lastSequence
        guard last > applied else { return FlusherLag() }
        let first = max(applied.next, log.firstSequence)
        return FlusherLag(
            records: last.rawValue + 1 - min(first, last.next).rawValue,
            bytes: log.byteCount(after: applied), oldest: oldest)
    }
}

/// What a sink lacks of its log.
public struct FlusherLag: Hashable, Sendable {
    /// Records that were appended and not applied.
    public var records: UInt64 = 0
    /// About how many bytes of the log they take up.
    public var bytes: UInt64 = 0
    /// When the first of them was appended.
    public var oldest: Timestamp?

    /// How long the first of them has been waiting.
    public var age: Duration {
        oldest.map { .microseconds(max(0, Timestamp.now.rawValue - $0.rawValue)) } ?? .zero
    }
}
