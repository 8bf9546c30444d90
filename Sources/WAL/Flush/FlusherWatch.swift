/// How far the sink is behind, looked at once a second: a sink that is away moves nothing else that could tell.
extension FlusherContext {
    private static var watchInterval: Duration { .seconds(1) }

    /// Reports the lag, until it is more than the sink may have.
    func watch() async throws(WALError) -> Never {
        while true {
            let lag = lag
            metrics?.report(lag)
            if case .bestEffort(let max) = configuration.attachment, lag.bytes > UInt64(clamping: max) {
                throw .detached(sink.name, lag: lag.bytes, max: max)
            }
            try await clock.sleep(until: clock.now() + Self.watchInterval)
        }
    }

    /// What was appended and not applied. Until the sink was asked, the log's cursor says where it was.
    var lag: FlusherLag {
        let applied = max(coordinator.withState { $0.applied }, log.cursors[cursorName] ?? .zero)
        let last = log.lastSequence
        guard last > applied else { return FlusherLag() }
        // Damage that is in the way is for the workers to tell of.
        let oldest = try? log.reader(from: applied.next).next { $0.time }
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
