internal import WAL

/// The metrics of logs as text for Prometheus.
public struct MetricsText: Sendable {
    /// The format of the text, which depends on the formats that the scraper accepts.
    public enum Form: Sendable {
        case prometheus, openMetrics

        /// Chooses the format for an HTTP request.
        ///
        /// - Parameter accept: The value of the request's `Accept` header.
        public init(accept: String?) {
            self = accept?.contains("application/openmetrics-text") == true ? .openMetrics : .prometheus
        }

        /// The value of the response's `Content-Type` header.
        public var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    private struct Sample {
        var suffix = ""
        var labels: [(String, String)]
        var value: String
    }

    private var families: [WALMetric: [Sample]] = [:]

    /// Makes the metrics of logs.
    ///
    /// - Parameters:
    ///   - snapshots: The states of the logs. Each log has a different name.
    ///   - version: The version of the program that serves the metrics.
    public init(_ snapshots: [LogSnapshot], version: String) {
        if let first = snapshots.first {
            add(.buildInfo, 1, [("version", version), ("format", first.status.format)])
        }
        for snapshot in snapshots { add(snapshot) }
    }

    /// Returns the text of all metrics, which ends with a line break.
    ///
    /// - Parameter form: The format of the text.
    public func text(_ form: Form = .prometheus) -> String {
        var lines: [String] = []
        for metric in WALMetric.allCases {
            guard let samples = families[metric] else { continue }
            let name = metric.prometheusName
            // OpenMetrics omits the suffix of the samples from the name of a family of counters.
            let family = form == .openMetrics && metric.kind == .counter ? String(name.dropLast("_total".count)) : name
            lines.append("# HELP \(family) \(Self.escaped(metric.help))")
            let type = [.timer, .recorder].contains(metric.kind) ? "histogram" : metric.kind.rawValue
            lines.append("# TYPE \(family) \(type)")
            for sample in samples {
                lines.append("\(name)\(sample.suffix)\(Self.text(sample.labels)) \(sample.value)")
            }
        }
        if form == .openMetrics { lines.append("# EOF") }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Figures

    private mutating func add(_ snapshot: LogSnapshot) {
        let status = snapshot.status
        let log = [("log", snapshot.name)]
        add(.up, snapshot.isUp ? 1 : 0, log)
        if snapshot.isUp { add(.acceptingAppends, status.refusal == nil ? 1 : 0, log) }
        if let age = snapshot.age { addProcess(status, age, log) }
        add(.lastSequence, status.lastSequence.rawValue, log)
        add(.durableSequence, status.durableSequence.rawValue, log)
        for (state, number) in status.segments.byState { add(.segments, number, log + [("state", state)]) }
        add(.diskBytes, status.disk.bytes, log)
        if let budget = status.disk.budget { add(.diskBudgetBytes, budget, log) }
        add(.diskReclaimableBytes, status.disk.reclaimable, log)
        if let free = status.disk.free { add(.filesystemFreeBytes, free, log) }
        for cursor in status.cursors {
            add(.cursorLagRecords, cursor.lagRecords, log + [("cursor", cursor.name)])
            add(.cursorLagBytes, cursor.lagBytes, log + [("cursor", cursor.name)])
            add(.cursorPinnedBytes, cursor.pinnedBytes, log + [("cursor", cursor.name)])
        }
        for finding in status.recovery.findings {
            add(
                .recoveryFindings, finding.count,
                log + [("class", finding.classification), ("acknowledged", "\(finding.isAcknowledged)")])
        }
        for (sink, count) in snapshot.keptDeadLetters.sorted(by: { $0.key < $1.key }) {
            add(.keptDeadLetters, count, log + [("sink", sink)])
        }
        for sink in status.sinks { add(sink, at: status.time, log + [("sink", sink.name)]) }
    }

    /// Adds the figures that only the process of a writer has.
    private mutating func addProcess(_ status: LogStatus, _ age: Duration, _ log: [(String, String)]) {
        add(.startTime, Double(status.openedAt.rawValue) / 1e6, log)
        add(.statusAge, age / .seconds(1), log)
        add(.appendedRecords, status.appended.records, log)
        add(.appendedBytes, status.appended.bytes, log)
        for wait in status.waits {
            add(.appendWaits, wait.count, log + [("reason", wait.reason)])
            if let length = wait.nanoseconds {
                add(.appendWaitDuration, Double(length) / 1e9, log + [("reason", wait.reason)])
            }
        }
        for error in status.errors { add(.appendErrors, error.count, log + [("code", error.code)]) }
        add(.notDurableBytes, status.notDurable.bytes, log)
        add(.notDurableAge, status.notDurableAge / .seconds(1), log)
        add(.syncDuration, status.syncs.durations, log)
        add(.syncFailures, status.syncs.failures, log)
        add(.recoveryDuration, Double(status.recovery.nanoseconds) / 1e9, log)
    }

    private mutating func add(_ sink: SinkStatus, at time: Timestamp, _ labels: [(String, String)]) {
        add(.sinkAppliedRecords, sink.appliedRecords, labels)
        add(.sinkAppliedBatches, sink.appliedBatches, labels)
        add(.sinkWrittenRows, sink.writtenRows, labels)
        add(.sinkCoalescedRecords, sink.coalescedRecords, labels)
        add(.sinkLostRecords, sink.lostRecords, labels)
        add(.sinkLostClaims, sink.lostClaims, labels)
        for failures in sink.failures { add(.sinkFailures, failures.count, labels + [("kind", failures.kind)]) }
        add(.sinkRetries, sink.retries, labels)
        add(.sinkDeadLetters, sink.deadLetters, labels)
        add(.sinkBatchDuration, sink.batches, labels)
        add(.sinkLagRecords, sink.lag.records, labels)
        add(.sinkLagBytes, sink.lag.bytes, labels)
        add(.sinkLagAge, sink.lag.age(at: time) / .seconds(1), labels)
        if let last = sink.lastSuccess { add(.sinkLastSuccess, Double(last.rawValue) / 1e6, labels) }
        for state in SinkStatus.State.allCases {
            add(.sinkState, sink.state == state ? 1 : 0, labels + [("state", state.rawValue)])
        }
    }

    private mutating func add(_ metric: WALMetric, _ value: some Numeric, _ labels: [(String, String)]) {
        families[metric, default: []].append(Sample(labels: labels, value: "\(value)"))
    }

    private mutating func add(_ metric: WALMetric, _ histogram: DurationHistogram, _ labels: [(String, String)]) {
        let bounds = DurationHistogram.bounds.map { "\($0 / .seconds(1))" } + ["+Inf"]
        var sum: UInt64 = 0
        for (bound, count) in zip(bounds, histogram.counts) {
            sum = sum.addingClamped(count)
            families[metric, default: []].append(
                Sample(suffix: "_bucket", labels: labels + [("le", bound)], value: "\(sum)"))
        }
        families[metric, default: []] += [
            Sample(suffix: "_sum", labels: labels, value: "\(Double(histogram.nanoseconds) / 1e9)"),
            Sample(suffix: "_count", labels: labels, value: "\(sum)"),
        ]
    }

    // MARK: Text

    private static func text(_ labels: [(String, String)]) -> String {
        guard !labels.isEmpty else { return "" }
        return "{" + labels.map { "\($0.0)=\"\(escaped($0.1, quotes: true))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ text: String, quotes: Bool = false) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
