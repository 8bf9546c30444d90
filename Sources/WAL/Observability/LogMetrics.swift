internal import Metrics

/// The log's metrics objects, created once.
final class LogMetrics: Sendable {
    private let syncs: Counter
    private let failedSyncs: Counter
    private let syncTime: Timer
    private let recordsAppended: Gauge
    private let durableSequence: Gauge
    private let diskBytes: Gauge
    private let segmentCount: Gauge

    init(_ factory: any MetricsFactory) {
        syncs = Counter(label: "wal.syncs", factory: factory)
        failedSyncs = Counter(label: "wal.syncs.failed", factory: factory)
        syncTime = Timer(label: "wal.sync.time", factory: factory)
        recordsAppended = Gauge(label: "wal.records.last", factory: factory)
        durableSequence = Gauge(label: "wal.records.durable", factory: factory)
        diskBytes = Gauge(label: "wal.disk.bytes", factory: factory)
        segmentCount = Gauge(label: "wal.segments", factory: factory)
    }

    func recordSync(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        syncs.increment()
        syncTime.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    func recordFailedSync() {
        failedSyncs.increment()
    }

    /// Records the gauges. Called once a second, so that appends don't count anything.
    func record(_ statistics: WriteAheadLog.Statistics) {
        recordsAppended.record(statistics.lastSequence.rawValue)
        durableSequence.record(statistics.durableSequence.rawValue)
        diskBytes.record(statistics.diskBytes)
        segmentCount.record(statistics.segmentCount)
    }
}
