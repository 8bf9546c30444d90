internal import Metrics

/// The log's metrics objects, each created once.
final class LogMetrics: Sendable {
    private let syncFailures: Counter
    private let syncDuration: Timer
    private let objects: Monitor<LogMetricsObjects>

    init(_ factory: any MetricsFactory, log: String) {
        let log = ("log", WALMetric.logName(log))
        syncFailures = Counter(label: WALMetric.syncFailures.rawValue, dimensions: [log], factory: factory)
        syncDuration = Timer(label: WALMetric.syncDuration.rawValue, dimensions: [log], factory: factory)
        objects = Monitor(LogMetricsObjects(factory: factory, log: log))
    }

    /// Counts a consumer for which no records are kept any more.
    func recordRelease(_ reason: String) {
        objects.withLock { $0.increment(.consumersReleased, ["reason": reason]) }
    }

    func recordSync(_ duration: Duration) {
        syncDuration.recordNanoseconds(Int64(clamping: duration.nanoseconds))
    }

    func recordFailedSync() {
        syncFailures.increment()
    }

    func record(_ recovery: LogStatus.Recovery) {
        objects.withLock { objects in
            objects.set(.recoveryDuration, Double(recovery.nanoseconds) / 1e9)
            for finding in recovery.findings {
                objects.set(
                    .recoveryFindings, Double(finding.count),
                    ["class": finding.classification, "acknowledged": "\(finding.isAcknowledged)"])
            }
        }
    }

    /// Records the log's figures. Maintenance calls this once a second, so that appends don't count anything.
    func record(_ status: LogStatus) {
        objects.withLock { $0.record(status) }
    }
}

/// The objects whose dimensions are known only when they are needed. The owner locks them.
private struct LogMetricsObjects {
    let factory: any MetricsFactory
    let log: (String, String)
    var counters: [String: FloatingPointCounter] = [:]
    var gauges: [String: Gauge] = [:]
    /// The values of counters at the last record.
    var counted: [String: Double] = [:]
    /// The names of the cursors that have gauges.
    var cursors: Set<String> = []

    mutating func record(_ status: LogStatus) {
        count(.appendedRecords, Double(status.appended.records))
        count(.appendedBytes, Double(status.appended.bytes))
        for wait in status.waits {
            count(.appendWaits, Double(wait.count), ["reason": wait.reason])
            if let length = wait.nanoseconds {
                count(.appendWaitDuration, Double(length) / 1e9, ["reason": wait.reason])
            }
        }
        for error in status.errors { count(.appendErrors, Double(error.count), ["code": error.code]) }
        set(.startTime, Double(status.openedAt.rawValue) / 1e6)
        set(.lastSequence, Double(status.lastSequence.rawValue))
        set(.durableSequence, Double(status.durableSequence.rawValue))
        set(.notDurableBytes, Double(status.notDurable.bytes))
        set(.notDurableAge, status.notDurableAge / .seconds(1))
        set(.acceptingAppends, status.refusal == nil ? 1 : 0)
        for (state, number) in status.segments.byState { set(.segments, Double(number), ["state": state]) }
        set(.diskBytes, Double(status.disk.bytes))
        if let budget = status.disk.budget { set(.diskBudgetBytes, Double(budget)) }
        set(.diskReclaimableBytes, Double(status.disk.reclaimable))
        if let free = status.disk.free { set(.filesystemFreeBytes, Double(free)) }
        record(status.cursors)
    }

    private mutating func record(_ cursors: [LogStatus.Cursor]) {
        for name in self.cursors.subtracting(cursors.map(\.name)) {
            for metric in [WALMetric.cursorLagRecords, .cursorLagBytes, .cursorPinnedBytes] {
                gauges.removeValue(forKey: key(metric, ["cursor": name]))?.destroy()
            }
        }
        self.cursors = Set(cursors.map(\.name))
        for cursor in cursors {
            set(.cursorLagRecords, Double(cursor.lagRecords), ["cursor": cursor.name])
            set(.cursorLagBytes, Double(cursor.lagBytes), ["cursor": cursor.name])
            set(.cursorPinnedBytes, Double(cursor.pinnedBytes), ["cursor": cursor.name])
        }
    }

    mutating func set(_ metric: WALMetric, _ value: Double, _ dimensions: KeyValuePairs<String, String> = [:]) {
        let key = key(metric, dimensions)
        let gauge =
            gauges[key] ?? Gauge(label: metric.rawValue, dimensions: all(dimensions), factory: factory)
        gauges[key] = gauge
        gauge.record(value)
    }

    /// Increments a counter to a value that only rises.
    private mutating func count(
        _ metric: WALMetric, _ value: Double, _ dimensions: KeyValuePairs<String, String> = [:]
    ) {
        let known = counted.updateValue(value, forKey: key(metric, dimensions)) ?? 0
        increment(metric, dimensions, by: max(0, value - known))
    }

    mutating func increment(
        _ metric: WALMetric, _ dimensions: KeyValuePairs<String, String> = [:], by amount: Double = 1
    ) {
        let key = key(metric, dimensions)
        let counter =
            counters[key]
            ?? FloatingPointCounter(label: metric.rawValue, dimensions: all(dimensions), factory: factory)
        counters[key] = counter
        if amount > 0 { counter.increment(by: amount) }
    }

    private func all(_ dimensions: KeyValuePairs<String, String>) -> [(String, String)] {
        [log] + dimensions.map { ($0.key, $0.value) }
    }

    private func key(_ metric: WALMetric, _ dimensions: KeyValuePairs<String, String>) -> String {
        ([metric.rawValue] + dimensions.map(\.value)).joined(separator: "\n")
    }
}

extension WALMetric {
    /// Returns the value of the dimension `log`: the last part of the directory's path.
    package static func logName(_ directory: String) -> String {
        directory.split(separator: "/").last.map(String.init) ?? directory
    }
}
