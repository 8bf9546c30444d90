import WAL
import WALDelivery
import WALMonitor

/// What `wal top` shows: a pure function of two snapshots, the pane and the screen's size.
struct TopView {
    /// The panes, by their keys.
    enum Pane: Int, CaseIterable {
        case log = 1
        case sinks, segments, deadLetters, tail

        var title: String {
            switch self {
            case .log: "log"
            case .sinks: "sinks"
            case .segments: "segments"
            case .deadLetters: "dead letters"
            case .tail: "tail"
            }
        }
    }

    /// The order of sinks and cursors.
    enum Order: String, CaseIterable {
        case name, lag, pins

        var next: Order {
            switch self {
            case .name: .lag
            case .lag: .pins
            case .pins: .name
            }
        }
    }

    /// What the pane shows beside the snapshot.
    struct Details {
        var segments: [SegmentInfo] = []
        var deadLetters: [DeadLetterRecord] = []
        var tail: [String] = []
    }

    var pane = Pane.log
    var order = Order.name
    var isPaused = false
    var isHelpShown = false
    /// The number of rows above the first one.
    var scrolled = 0
    /// Whether signs are ASCII.
    var isASCII = false

    /// Returns the rows of the screen.
    func rows(
        _ snapshot: LogSnapshot, before: LogSnapshot?, _ details: Details, height: Int
    ) -> [[StyledText]] {
        let head = header(snapshot)
        let body = isHelpShown ? Self.help : content(snapshot, before, details)
        let room = max(0, height - head.count - 1)
        let first = max(0, min(scrolled, body.count - room))
        var rows = head + body[first...].prefix(room)
        rows += Array(repeating: [], count: max(0, height - 1 - rows.count))
        rows.append(footer)
        return Array(rows.prefix(height))
    }

    // MARK: Head and foot

    private func header(_ snapshot: LogSnapshot) -> [[StyledText]] {
        let check = LogCheck(snapshot)
        let name = StyledText(snapshot.name, .bold)
        let state =
            switch check.verdict {
            case .ok: StyledText("\(sign(.good)) healthy", .good)
            case .warning: StyledText("\(sign(.warning)) warning", .warning)
            case .critical, .unknown: StyledText("\(sign(.bad)) critical", .bad)
            }
        let status = snapshot.status
        let writer =
            snapshot.isUp ? "process \(status.process), up \(Self.span(status.time - status.openedAt))" : "no writer"
        var rows = [[name, StyledText("  "), state, StyledText("  \(writer)\(isPaused ? "  paused" : "")", .dim)]]
        let worst = check.items.filter { $0.verdict != .ok }.max { $0.verdict < $1.verdict }
        rows.append([
            StyledText(worst.map { "\($0.text)\($0.next.map { ". Next: \($0)" } ?? "")" } ?? status.storage.explanation)
        ])
        rows.append([])
        return rows
    }

    private var footer: [StyledText] {
        Pane.allCases.flatMap { each in
            [StyledText("\(each.rawValue) \(each.title)", each == pane ? .inverse : .plain), StyledText("  ")]
        } + [StyledText("p pause  s sort  ? help  q quit", .dim)]
    }

    private static let help: [[StyledText]] = [
        "1 to 5   the panes: log, sinks and cursors, segments, dead letters, the last records",
        "p        pause, and continue",
        "s        sort sinks and cursors by name, lag, or what they alone keep on the disk",
        "up down  scroll",
        "?        this help, and back",
        "q        quit",
        "",
        "The figures are those that the log's writer publishes once a second.",
    ].map { [StyledText($0)] }

    private enum Sign { case good, warning, bad }

    private func sign(_ sign: Sign) -> String {
        switch sign {
        case .good: isASCII ? "*" : "●"
        case .warning: isASCII ? "!" : "▲"
        case .bad: isASCII ? "x" : "✗"
        }
    }

    // MARK: Panes

    private func content(_ snapshot: LogSnapshot, _ before: LogSnapshot?, _ details: Details) -> [[StyledText]] {
        switch pane {
        case .log: log(snapshot.status, before?.status)
        case .sinks: sinks(snapshot.status, before?.status)
        case .segments: segments(snapshot.status, details.segments)
        case .deadLetters:
            table(
                [("record", 12), ("sink", 16), ("code", 10), ("reason", 0)],
                details.deadLetters.map { ["\($0.sequence.rawValue)", $0.sink, $0.code, $0.reason] },
                empty: "no dead letters")
        case .tail: details.tail.isEmpty ? [[StyledText("no records", .dim)]] : details.tail.map { [StyledText($0)] }
        }
    }

    private func log(_ status: LogStatus, _ before: LogStatus?) -> [[StyledText]] {
        let seconds = before.map { max(0.001, (status.time - $0.time) / .seconds(1)) }
        func rate(_ value: (LogStatus) -> UInt64) -> String {
            guard let before, let seconds, value(status) >= value(before), status.time > before.time else { return "" }
            return Self.number(Double(value(status) - value(before)) / seconds)
        }
        let syncs = status.syncs.recent ?? status.syncs.durations
        let p99 = syncs.bound(of: 0.99).map { "\($0 / .milliseconds(1)) ms" } ?? "-"
        let p50 = syncs.bound(of: 0.5).map { "\($0 / .milliseconds(1)) ms" } ?? "-"
        let rates = rate(\.appended.records)
        let bytes = before == nil ? "" : rate(\.appended.bytes)
        var pairs = [
            ("appended", "\(status.appended.records) records" + (rates.isEmpty ? "" : ", \(rates)/s, \(bytes)B/s")),
            ("last record", "\(status.lastSequence.rawValue)"),
            ("durable", "\(status.durableSequence.rawValue)"),
            (
                "a power loss takes now",
                "\(Table.bytes(status.notDurable.bytes)), \(Self.span(status.notDurableAge))"
            ),
            (
                "syncs",
                "\(status.syncs.durations.count), p50 at most \(p50), p99 at most \(p99), \(status.syncs.failures) failed"
            ),
            (
                "on disk",
                "\(Table.bytes(status.disk.bytes))\(status.disk.budget.map { " of \(Table.bytes($0))" } ?? ""), "
                    + "\(Table.bytes(status.disk.reclaimable)) may be removed"
            ),
        ]
        if let free = status.disk.free { pairs.append(("file system", "\(Table.bytes(free)) free")) }
        for wait in status.waits where wait.count > 0 {
            let span = wait.nanoseconds.map { ", \(Self.span(.nanoseconds($0)))" } ?? ""
            pairs.append(("waits for \(wait.reason)", "\(wait.count)\(span)"))
        }
        for error in status.errors { pairs.append(("failed: \(error.code)", "\(error.count)")) }
        for finding in status.recovery.findings {
            pairs.append(
                (
                    "found at opening",
                    "\(finding.count) \(finding.classification)\(finding.isAcknowledged ? ", acknowledged" : "")"
                ))
        }
        return pairs.map { [StyledText($0.0.padded(to: 24), .dim), StyledText($0.1)] }
    }

    private func sinks(_ status: LogStatus, _ before: LogStatus?) -> [[StyledText]] {
        let sorted = status.sinks.sorted { left, right in
            switch order {
            case .name, .pins: left.name < right.name
            case .lag: left.lag.records > right.lag.records
            }
        }
        var rows: [[StyledText]] = [
            heading([
                ("sink", 20), ("state", 12), ("position", 14), ("lag", 10), ("age", 8), ("rows/s", 8), ("errors", 8),
                ("dead", 6),
            ])
        ]
        for sink in sorted {
            let old = before?.sinks.first { $0.name == sink.name }
            let seconds = before.map { max(0.001, (status.time - $0.time) / .seconds(1)) } ?? 1
            let rate = old.map { Double(sink.writtenRows - min($0.writtenRows, sink.writtenRows)) / seconds }
            let failures = sink.failures.reduce(0) { $0 + $1.count }
            let style: StyledText.Style =
                sink.state == .running ? .good : sink.state == .unavailable || sink.state == .probing ? .warning : .bad
            let mark = sign(style == .good ? .good : style == .warning ? .warning : .bad)
            rows.append([
                StyledText("\(mark) \(sink.name)".padded(to: 20) + " "),
                StyledText(sink.state.rawValue.padded(to: 12) + " ", style),
                StyledText(
                    cells([
                        ("\(sink.appliedSequence.rawValue)", 14), ("\(sink.lag.records)", 10),
                        (Self.span(sink.lag.age(at: status.time)), 8), (rate.map(Self.number) ?? "", 8),
                        ("\(failures)", 8),
                        ("\(sink.deadLetters)", 6),
                    ])),
            ])
            if let error = sink.error { rows.append([StyledText("  \(error)", .dim)]) }
        }
        if sorted.isEmpty { rows.append([StyledText("no sinks in the writer's process", .dim)]) }
        rows.append([])
        rows.append(heading([("cursor", 33), ("position", 14), ("lag", 10), ("keeps alone", 12)]))
        let cursors = status.cursors.sorted { left, right in
            switch order {
            case .name: left.name < right.name
            case .lag: left.lagRecords > right.lagRecords
            case .pins: left.pinnedBytes > right.pinnedBytes
            }
        }
        for cursor in cursors {
            rows.append([
                StyledText(cursor.name.padded(to: 33) + " "),
                StyledText(
                    cells([
                        ("\(cursor.position.rawValue)", 14), ("\(cursor.lagRecords)", 10),
                        (Table.bytes(cursor.pinnedBytes), 12),
                    ])),
            ])
        }
        if cursors.isEmpty { rows.append([StyledText("no cursors", .dim)]) }
        return rows
    }

    /// A map of the files, a sign for each, and the table of the newest.
    private func segments(_ status: LogStatus, _ segments: [SegmentInfo]) -> [[StyledText]] {
        let passed = status.cursors.map(\.position).min() ?? .zero
        let signs =
            isASCII
            ? ["passed": ".", "lz4": "-", "sealed": "=", "active": "#", "damaged": "x", "prepared": "o"]
            : ["passed": "░", "lz4": "▒", "sealed": "▓", "active": "█", "damaged": "✗", "prepared": "·"]
        var map = ""
        for segment in segments {
            let kind: String =
                switch segment.state {
                case .prepared: "prepared"
                case .active, .unsealed: "active"
                case .damaged: "damaged"
                case .sealed:
                    !status.cursors.isEmpty && segment.lastSequence.map { $0 <= passed } ?? false
                        ? "passed" : segment.path.hasSuffix(".lz4") ? "lz4" : "sealed"
                }
            map += signs[kind] ?? "?"
        }
        var rows: [[StyledText]] = []
        var rest = Substring(map)
        while !rest.isEmpty {
            rows.append([StyledText(String(rest.prefix(60)))])
            rest = rest.dropFirst(60)
        }
        let legend = ["passed", "lz4", "sealed", "active", "prepared", "damaged"].map { "\(signs[$0] ?? "") \($0)" }
        rows.append([StyledText(legend.joined(separator: "  "), .dim)])
        rows.append([])
        rows += table(
            [("segment", 10), ("state", 10), ("first", 14), ("last", 14), ("size", 12), ("times", 0)],
            segments.reversed().map { segment in
                [
                    "\(segment.number)", segment.state.rawValue, "\(segment.firstSequence.rawValue)",
                    segment.lastSequence.map { "\($0.rawValue)" } ?? "", Table.bytes(segment.fileSize),
                    segment.firstTime.map { "\($0)" } ?? "",
                ]
            }, empty: "no segments")
        return rows
    }

    // MARK: Tables

    private func heading(_ columns: [(String, Int)]) -> [StyledText] { [StyledText(cells(columns), .bold)] }

    /// Cells of fixed widths. The last one may have width 0, and takes the rest of the row.
    private func cells(_ cells: [(String, Int)]) -> String {
        cells.map { $0.1 == 0 ? $0.0 : $0.0.padded(to: $0.1) }.joined(separator: " ")
    }

    private func table(_ columns: [(String, Int)], _ rows: [[String]], empty: String) -> [[StyledText]] {
        guard !rows.isEmpty else { return [[StyledText(empty, .dim)]] }
        return [heading(columns)] + rows.map { row in [StyledText(cells(zip(row, columns).map { ($0, $1.1) }))] }
    }

    // MARK: Figures

    static func span(_ duration: Duration) -> String {
        let seconds = duration / .seconds(1)
        switch seconds {
        case ..<0.001: return "0"
        case ..<1: return "\(Int(seconds * 1000)) ms"
        case ..<120: return "\(Int(seconds)) s"
        case ..<7200: return "\(Int(seconds / 60)) min"
        case ..<172_800: return "\(Int(seconds / 3600)) h"
        default: return "\(Int(seconds / 86400)) d"
        }
    }

    static func number(_ value: Double) -> String {
        switch value {
        case ..<10_000: "\(Int(value.rounded()))"
        case ..<10_000_000: "\(Int((value / 1000).rounded()))k"
        default: "\(Int((value / 1_000_000).rounded()))M"
        }
    }
}
