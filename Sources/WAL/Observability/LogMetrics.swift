internal import Metrics

/// The log's metrics objects, created once.
final class LogMetrics: Sendable {
    private let appendedRecords, appendedBytes, syncFailures: Counter
    private let syncDuration: Timer
    private let lastSequence, durableSequence, notDurableBytes, acceptingAppends: Gauge
    private let diskBytes, diskBudgetBytes, recoveryDuration: Gauge
    private let segments: [SegmentState: Gauge]
    private let recoveryFindings: @Sendable (String) -> Gauge
    private let consumersReleased: @Sendable (String) -> Counter
    /// The last sequence number and position that the counters include.
    private let counted = Monitor<(sequence: UInt64, bytes: UInt64)?>(nil)

    enum SegmentState: String, CaseIterable {
        case prepared, active, unsealed, sealed, compressed
    }

    /// The values for the gauges.
    struct Snapshot {
        var lastSequence: UInt64
        /// The log position after the last record.
        var position: UInt64
        var durableSequence: UInt64
        var notDurableBytes: UInt64
        var isAccepting: Bool
        var diskBytes: Int
        var diskBudget: Int?
        var segments: [SegmentState: Int]
    }

    init(_ factory: any MetricsFactory, log: String) {
        let log = ("log", WALMetric.logName(log))
        func counter(_ metric: WALMetric) -> Counter {
            Counter(label: metric.rawValue, dimensions: [log], factory: factory)
        }
        func gauge(_ metric: WALMetric) -> Gauge {
            Gauge(label: metric.rawValue, dimensions: [log], factory: factory)
        }
        appendedRecords = counter(.appendedRecords)
        appendedBytes = counter(.appendedBytes)
        syncFailures = counter(.syncFailures)
        syncDuration = Timer(label: WALMetric.syncDuration.rawValue, dimensions: [log], factory: factory)
        lastSequence = gauge(.lastSequence)
        durableSequence = gauge(.durableSequence)
        notDurableBytes = gauge(.notDurableBytes)
        acceptingAppends = gauge(.acceptingAppends)
        diskBytes = gauge(.diskBytes)
        diskBudgetBytes = gauge(.diskBudgetBytes)
        recoveryDuration = gauge(.recoveryDuration)
        segments = Dictionary(
            uniqueKeysWithValues: SegmentState.allCases.map { state in
                let dimensions = [log, ("state", state.rawValue)]
                return (state, Gauge(label: WALMetric.segments.rawValue, dimensions: dimensions, factory: factory))
            })
        recoveryFindings = { name in
            Gauge(label: WALMetric.recoveryFindings.rawValue, dimensions: [log, ("class", name)], factory: factory)
        }
        consumersReleased = { reason in
            Counter(
                label: WALMetric.consumersReleased.rawValue, dimensions: [log, ("reason", reason)], factory: factory)
        }
    }

    /// Counts a consumer for which no records are kept any more.
    func recordRelease(_ reason: String) {
        consumersReleased(reason).increment()
    }

    func recordSync(_ duration: Duration) {
        syncDuration.recordNanoseconds(Int64(clamping: Int(duration / .nanoseconds(1))))
    }

    func recordFailedSync() {
        syncFailures.increment()
    }

    /// Records the duration and the findings of an opening. `findings` has the number of findings of each class.
    func recordRecovery(_ duration: Duration, findings: [String: Int], at start: Snapshot? = nil) {
        // The counters count from here.
        if let start { counted.withLock { $0 = $0 ?? (start.lastSequence, start.position) } }
        recoveryDuration.record(duration / .seconds(1))
        for (name, count) in findings { recoveryFindings(name).record(count) }
    }

    /// Records the log's figures. The maintenance thread calls this once a second, so that appends don't count
    /// anything.
    func record(_ snapshot: Snapshot) {
        let (records, bytes) = counted.withLock { counted in
            defer { counted = (snapshot.lastSequence, snapshot.position) }
            guard let counted else { return (UInt64(0), UInt64(0)) }
            return (
                snapshot.lastSequence - min(counted.sequence, snapshot.lastSequence),
                snapshot.position - min(counted.bytes, snapshot.position)
            )
        }
        appendedRecords.increment(by: Int64(clamping: records))
        appendedBytes.increment(by: Int64(clamping: bytes))
        lastSequence.record(snapshot.lastSequence)
        durableSequence.record(snapshot.durableSequence)
        notDurableBytes.record(snapshot.notDurableBytes)
        acceptingAppends.record(snapshot.isAccepting ? 1 : 0)
        diskBytes.record(snapshot.diskBytes)
        if let budget = snapshot.diskBudget { diskBudgetBytes.record(budget) }
        for (state, gauge) in segments { gauge.record(snapshot.segments[state] ?? 0) }
    }
}

extension WALMetric {
    /// Returns the value of the dimension `log`: the last part of the directory's path.
    package static func logName(_ directory: String) -> String {
        directory.split(separator: "/").last.map(String.init) ?? directory
    }
}
