internal import WAL

/// The verdict on the state of a log, for monitoring plugins.
public struct LogCheck: Sendable {
    /// Two thresholds of a figure. From the first value on, the figure is a warning; from the second value on, it is
    /// critical.
    public struct Limits<Value: Comparable & Sendable>: Sendable {
        /// The value from which on a figure is a warning.
        public var warning: Value
        /// The value from which on a figure is critical.
        public var critical: Value

        /// Makes limits. Each argument sets the property of the same name.
        public init(warning: Value, critical: Value) {
            self.warning = warning
            self.critical = critical
        }

        /// Returns the verdict on a figure.
        func verdict(_ value: Value) -> Verdict {
            value >= critical ? .critical : value >= warning ? .warning : .ok
        }
    }

    /// The limits of all figures.
    public struct Rules: Sendable {
        /// The limits of a sink's lag: the age of its first record that isn't applied.
        public var lag = Limits<Duration>(warning: .seconds(60), critical: .seconds(300))
        /// The limits of the disk use, in percent: of the file system, and of the disk budget. Segments that retention
        /// may remove don't count against the budget.
        public var disk = Limits<Double>(warning: 80, critical: 90)
        /// The limits of the number of records that a sink has set aside.
        public var deadLetters = Limits<UInt64>(warning: 1, critical: 100)
        /// The limits of the 99th percentile of the durations of syncs. A figure that equals a limit is within the
        /// limit.
        public var syncP99 = Limits<Duration>(warning: .milliseconds(100), critical: .seconds(1))

        /// Makes rules with the default limits.
        public init() {}
    }

    /// A verdict, whose raw value is the exit code of a monitoring plugin.
    public enum Verdict: Int32, Sendable, Comparable {
        case ok, warning, critical, unknown

        public static func < (left: Verdict, right: Verdict) -> Bool { left.rawValue < right.rawValue }
    }

    /// One figure with its verdict.
    public struct Item: Sendable {
        /// The name of the figure: `writer`, `accepting`, `budget`, `disk`, `findings`, `sync_p99`, `sink`, `lag` or
        /// `dead_letters`.
        public var name: String
        /// The name of the sink; nil for a figure of the log.
        public var sink: String?
        /// The verdict on the figure.
        public var verdict: Verdict
        /// The figure; for a state, 0 or 1.
        public var value: Double
        /// The unit of the value: `s`, `%`, or empty.
        public var unit: String
        /// The state, as a clause without a full stop.
        public var text: String
        /// The next step, as a clause; nil if the verdict is ok.
        public var next: String?

        /// Makes an item. Without a figure, its value is 0.
        package init(
            _ name: String, _ verdict: Verdict, _ text: String, sink: String? = nil, value: Double = 0,
            unit: String = "", next: String? = nil
        ) {
            self.name = name
            self.sink = sink
            self.verdict = verdict
            self.value = value
            self.unit = unit
            self.text = text.hasSuffix(".") ? String(text.dropLast()) : text
            self.next = verdict == .ok ? nil : next
        }
    }

    /// The figures of the log and of its sinks. Without a writer, the figures of its process are missing.
    public private(set) var items: [Item] = []

    /// The worst verdict of all items.
    public var verdict: Verdict { Self.verdict(of: items) }

    /// Returns the worst verdict of these items; `unknown` if there are none.
    ///
    /// - Parameter items: The items.
    public static func verdict(of items: [Item]) -> Verdict { items.map(\.verdict).max() ?? .unknown }

    /// Checks the state of a log.
    ///
    /// - Parameters:
    ///   - snapshot: The state.
    ///   - rules: The limits of the figures.
    public init(_ snapshot: LogSnapshot, rules: Rules = Rules()) {
        let status = snapshot.status
        checkWriter(snapshot)
        checkDisk(status, rules.disk)
        checkFindings(status)
        // Without a writer, the other figures describe the past. But a takeover by another flusher may be the reason
        // why the writer ended, so the states *fenced* and *detached* still count.
        guard snapshot.isUp else {
            for sink in status.sinks where [.fenced, .detached].contains(sink.state) { checkState(of: sink) }
            return
        }
        // The recent syncs count, so that a slow sync in the past doesn't matter forever.
        if let p99 = (status.syncs.recent ?? status.syncs.durations).bound(of: 0.99) {
            let seconds = p99 / .seconds(1)
            // The figure is an upper bound, so a figure that equals the limit is within the limit.
            let limits = rules.syncP99
            let verdict: Verdict = p99 > limits.critical ? .critical : p99 > limits.warning ? .warning : .ok
            add(
                "sync_p99", verdict, seconds, "s", "99 % of syncs take at most \(seconds) s",
                remedy: "check the disk: wal doctor DIR --probe")
        }
        for sink in status.sinks { check(sink, snapshot, rules) }
    }

    private mutating func checkWriter(_ snapshot: LogSnapshot) {
        let status = snapshot.status
        guard snapshot.isUp else {
            let text =
                if let closed = status.closedAt {
                    "no writer since \(closed), when the log was closed"
                } else if let age = snapshot.age, age < .zero {
                    "no writer: the last status is from before this machine's clock was set back"
                } else if let age = snapshot.age {
                    "no writer: the last status is \(Int(age / .seconds(1))) s old"
                } else {
                    "no writer has published a status"
                }
            // Two services on one store end each other in turn.
            let isFenced = status.sinks.contains { $0.state == .fenced }
            return add(
                "writer", .critical, 0, "", text,
                remedy: isFenced
                    ? "end the other owner of the sink, then start the service"
                    : "start the service; wal inspect DIR shows what it left")
        }
        add("writer", .ok, 1, "", "process \(status.process) has the log open since \(status.openedAt)")
        if let refusal = status.refusal {
            add("accepting", .critical, 0, "", "the log takes no records: \(refusal.message)", remedy: "wal doctor DIR")
        } else {
            add("accepting", .ok, 1, "", "the log takes records")
        }
    }

    private mutating func checkDisk(_ status: LogStatus, _ limits: Limits<Double>) {
        let disk = status.disk
        if let budget = disk.budget {
            let bytes = max(0, Double(disk.bytes) - Double(disk.reclaimable))
            let pin = status.cursors.max { $0.pinnedBytes < $1.pinnedBytes }
            let holder = pin.flatMap { $0.pinnedBytes > 0 ? "\($0.name) holds the most: wal cursors DIR" : nil }
            checkUse(
                "budget", 100 * bytes / Double(max(1, budget)), "of the disk budget", limits,
                holder ?? "raise the budget")
        }
        if let free = disk.free, let size = disk.size, size > 0 {
            checkUse(
                "disk", 100 * (1 - Double(free) / Double(size)), "of the file system", limits,
                "free space on the file system")
        }
    }

    private mutating func checkUse(
        _ name: String, _ percent: Double, _ what: String, _ limits: Limits<Double>, _ remedy: String
    ) {
        let rounded = (percent * 10).rounded() / 10
        add(name, limits.verdict(percent), rounded, "%", "\(rounded) % \(what) is used", remedy: remedy)
    }

    private mutating func checkFindings(_ status: LogStatus) {
        let lost = status.recovery.findings.filter(\.isAcknowledged).map(\.count).clampedSum
        guard lost > 0 else { return }
        add(
            "findings", .critical, Double(lost), "", "the last opening found \(lost) losses of acknowledged records",
            remedy: "wal gaps DIR lists the lost records; restore a backup to get them back")
    }

    private mutating func checkState(of sink: SinkStatus) {
        let name = sink.name
        let reason = sink.error.map { ": \($0)" } ?? ""
        switch sink.state {
        case .running: break
        case .unavailable, .probing:
            add(
                "sink", .warning, 0, "", "\(name) is unavailable\(reason)", sink: name,
                remedy: "check the database; delivery resumes by itself")
        case .fenced, .detached:
            add(
                "sink", .critical, 0, "", "\(name) is \(sink.state.rawValue)\(reason)", sink: name,
                remedy: "wal sinks DIR --store STORE")
        case .stopped:
            add("sink", .critical, 0, "", "\(name) has stopped\(reason)", sink: name, remedy: "restart the service")
        }
    }

    private mutating func check(_ sink: SinkStatus, _ snapshot: LogSnapshot, _ rules: Rules) {
        checkState(of: sink)
        let name = sink.name
        let age = sink.lag.age(at: snapshot.status.time)
        add(
            "lag", rules.lag.verdict(age), age / .seconds(1), "s",
            "\(name) lags by \(sink.lag.records) records, the first \(Int(age / .seconds(1))) s old", sink: name,
            remedy: "wal sinks DIR --store STORE")
        let letters = snapshot.deadLetterCount(of: sink)
        let isBesideLog = snapshot.keptDeadLetters[name, default: 0] > 0
        add(
            "dead_letters", rules.deadLetters.verdict(letters), Double(letters), "",
            "\(name) has set \(letters) records aside", sink: name,
            remedy: isBesideLog
                ? "wal dead-letters DIR; the program with the sink redrives them (tasks: --redrive --into STORE)"
                : "wal dead-letters STORE, then --redrive")
    }

    private mutating func add(
        _ name: String, _ verdict: Verdict, _ value: Double, _ unit: String, _ text: String, sink: String? = nil,
        remedy: String? = nil
    ) {
        items.append(Item(name, verdict, text, sink: sink, value: value, unit: unit, next: remedy))
    }
}
