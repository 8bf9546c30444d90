/// How far the sink is behind, looked at once a second: a sink that is away moves nothing else that could tell.
extension FlusherContext {
    private static var watchInterval: Duration { .seconds(1) }

    /// Whether anybody wants to know: finding the oldest record takes reading.
    var isWatched: Bool { metrics != nil || configuration.attachment != .required }

    /// Reports the lag, until it is more than the sink may have.
    func watch() async throws(WALError) -> Never {
        while true {
            metrics?.report(lag)
            if case .bestEffort(let max) = configuration.attachment {
                let bytes = log.engine.byteCount(behind: reached.rawValue)
                if bytes > UInt64(clamping: max) { throw .detached(sink.name, lag: bytes, max: max) }
            }
            try await clock.sleep(until: clock.now() + Self.watchInterval)
        }
    }

    /// Every record up to here was applied, as far as is known: until the sink was asked, by the log's cursor.
    private var reached: SequenceNumber {
        max(coordinator.withState { $0.applied }, log.cursors[cursorName] ?? .zero)
    }

    /// When the first record behind a position was appended. Damage that is in the way is for the workers to tell of.
    private func oldest(behind position: SequenceNumber) -> Timestamp? {
        let reader = log.reader(from: position.next)
        while let time = try? reader.next({ Optional($0.time) }, gap: { _ in nil }) {
            if let time { return time }
        }
        return nil
    }

    /// What was appended and not applied.
    var lag: FlusherLag {
        let applied = reached
        let last = log.lastSequence
        guard last > applied else { return FlusherLag() }
        let oldest = oldest(behind: applied)
        let first = max(applied.next, log.firstSequence)
        return FlusherLag(
            records: last.rawValue + 1 - min(first, last.next).rawValue,
            bytes: log.engine.byteCount(behind: applied.rawValue), oldest: oldest)
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
