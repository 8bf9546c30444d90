import WAL
import WALMonitor

extension TopView {
    func content(_ look: Look, width: Int) -> [TopLine] {
        let (status, before) = (look.snapshot.status, look.before?.status)
        switch pane {
        case .log: return log(status, before)
        case .sinks: return sinks(look.snapshot, before, width: width) + [TopLine([])] + cursors(status, width: width)
        case .segments: return segments(status, look.details.segments, width: width)
        case .deadLetters: return letters(look.details.letters, width: width)
        case .tail:
            guard !look.details.tail.isEmpty else { return [TopLine("no records", .dim)] }
            return look.details.tail.map { TopLine([StyledText($0.text)], row: $0.identity, json: $0.json) }
        }
    }

    private func log(_ status: LogStatus, _ before: LogStatus?) -> [TopLine] {
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
        let budget = status.disk.budget.map { " of \(Table.bytes($0))" } ?? ""
        var pairs = [
            ("appended", "\(status.appended.records) records" + (rates.isEmpty ? "" : ", \(rates)/s, \(bytes)B/s")),
            ("last record", "\(status.lastSequence.rawValue)"),
            ("durable", "\(status.durableSequence.rawValue)"),
            ("a power loss takes now", "\(Table.bytes(status.notDurable.bytes)), \(Self.span(status.notDurableAge))"),
            (
                "syncs",
                "\(status.syncs.durations.count), p50 at most \(p50), p99 at most \(p99), \(status.syncs.failures) failed"
            ),
            (
                "on disk",
                "\(Table.bytes(status.disk.bytes))\(budget), \(Table.bytes(status.disk.reclaimable)) may be removed"
            ),
        ]
        if let free = status.disk.free { pairs.append(("file system", "\(Table.bytes(free)) free")) }
        for wait in status.waits where wait.count > 0 {
            let span = wait.nanoseconds.map { ", \(Self.span(.nanoseconds($0)))" } ?? ""
            pairs.append(("waits for \(wait.reason)", "\(wait.count)\(span)"))
        }
        for error in status.errors { pairs.append(("failed: \(error.code)", "\(error.count)")) }
        for finding in status.recovery.findings {
            let acknowledged = finding.isAcknowledged ? ", acknowledged" : ""
            pairs.append(("found at opening", "\(finding.count) \(finding.classification)\(acknowledged)"))
        }
        return pairs.enumerated().map { index, pair in
            TopLine(
                [StyledText(pair.0.padded(to: 24), .dim), StyledText(pair.1)], row: "\(index) \(pair.0)",
                json: JSON.object([(pair.0, .string(pair.1))]).description)
        }
    }

    // MARK: Sinks and cursors

    private func sinks(_ snapshot: LogSnapshot, _ before: LogStatus?, width: Int) -> [TopLine] {
        let status = snapshot.status
        let sorted = status.sinks.sorted { left, right in
            switch order {
            case .name, .pins: left.name < right.name
            case .lag: left.lag.records > right.lag.records
            }
        }
        let table = TopTable(
            [
                .init("sink", 20), .init("state", 12), .init("position", 14, rank: 3), .init("lag", 10),
                .init("age", 8), .init("rows/s", 8, rank: 1), .init("errors", 8, rank: 2), .init("dead", 6, rank: 1),
            ], width: width)
        var lines = [table.heading]
        for sink in sorted {
            let old = before?.sinks.first { $0.name == sink.name }
            let seconds = before.map { max(0.001, (status.time - $0.time) / .seconds(1)) } ?? 1
            let rate = old.map { Double(sink.writtenRows - min($0.writtenRows, sink.writtenRows)) / seconds }
            let failures = sink.failures.map(\.count).clampedSum
            let style: StyledText.Style =
                sink.state == .running ? .good : sink.state == .unavailable || sink.state == .probing ? .warning : .bad
            let cells = table.row([
                StyledText("\(sign(style)) \(sink.name)"), StyledText(sink.state.rawValue, style),
                StyledText("\(sink.appliedSequence.rawValue)"), StyledText("\(sink.lag.records)"),
                StyledText(Self.span(sink.lag.age(at: status.time))), StyledText(rate.map(Self.number) ?? ""),
                StyledText("\(failures)"), StyledText("\(snapshot.deadLetterCount(of: sink))"),
            ])
            var line = TopLine(cells, row: "sink \(sink.name)", json: JSON.text { sink.write(to: &$0) })
            if let error = sink.error { line.below = [StyledText("  \(error)", .dim)] }
            lines.append(line)
        }
        if sorted.isEmpty { lines.append(TopLine("no sinks in the writer's process", .dim)) }
        return lines
    }

    private func cursors(_ status: LogStatus, width: Int) -> [TopLine] {
        let sorted = status.cursors.sorted { left, right in
            switch order {
            case .name: left.name < right.name
            case .lag: left.lagRecords > right.lagRecords
            case .pins: left.pinnedBytes > right.pinnedBytes
            }
        }
        guard !sorted.isEmpty else { return [TopLine("no cursors", .dim)] }
        let table = TopTable(
            [.init("cursor", 33), .init("position", 14, rank: 1), .init("lag", 10), .init("keeps alone", 12)],
            width: width)
        return [table.heading]
            + sorted.map { cursor in
                let cells = [
                    cursor.name, "\(cursor.position.rawValue)", "\(cursor.lagRecords)", Table.bytes(cursor.pinnedBytes),
                ].map { StyledText($0) }
                return TopLine(
                    table.row(cells), row: "cursor \(cursor.name)", json: JSON.text { cursor.write(to: &$0) })
            }
    }

    // MARK: Segments and dead letters

    /// Returns a map of the segments, with a sign for each, and the table of the newest segments.
    private func segments(_ status: LogStatus, _ segments: [TopDetails.Segment], width: Int) -> [TopLine] {
        let passed = status.cursors.map(\.position).min() ?? .zero
        let signs =
            isASCII
            ? ["passed": ".", "lz4": "-", "sealed": "=", "active": "#", "damaged": "x", "prepared": "o"]
            : ["passed": "░", "lz4": "▒", "sealed": "▓", "active": "█", "damaged": "✗", "prepared": "·"]
        var map = ""
        for segment in segments {
            let kind: String =
                switch segment.state {
                case "active", "unsealed": "active"
                case "sealed":
                    !status.cursors.isEmpty && segment.last.map { $0 <= passed } ?? false
                        ? "passed" : segment.isCompressed ? "lz4" : "sealed"
                default: segment.state
                }
            map += signs[kind] ?? "?"
        }
        var lines: [TopLine] = []
        var rest = Substring(map)
        while !rest.isEmpty {
            lines.append(TopLine(String(rest.prefix(60))))
            rest = rest.dropFirst(60)
        }
        let legend = ["passed", "lz4", "sealed", "active", "prepared", "damaged"].map { "\(signs[$0] ?? "") \($0)" }
        lines += [TopLine(legend.joined(separator: "  "), .dim), TopLine([])]
        let table = TopTable(
            [
                .init("segment", 10), .init("state", 10), .init("first", 14), .init("last", 14, rank: 1),
                .init("size", 12), .init("time", 0, rank: 2),
            ], width: width)
        guard !segments.isEmpty else { return lines + [TopLine("no segments", .dim)] }
        return lines + [table.heading]
            + segments.reversed().map { segment in
                let cells = [
                    "\(segment.number)", segment.state, segment.first.map { "\($0.rawValue)" } ?? "",
                    segment.last.map { "\($0.rawValue)" } ?? "", Table.bytes(segment.size), segment.time ?? "",
                ].map { StyledText($0) }
                return TopLine(table.row(cells), row: "\(segment.number)", json: segment.json)
            }
    }

    private func letters(_ letters: [TopDetails.Letter], width: Int) -> [TopLine] {
        guard !letters.isEmpty else { return [TopLine("no dead letters", .dim)] }
        let table = TopTable(
            [.init("record", 12), .init("sink", 16, rank: 2), .init("code", 10, rank: 1), .init("reason", 0)],
            width: width)
        return [table.heading]
            + letters.map { letter in
                let cells = [letter.sequence, letter.sink, letter.code, letter.reason ?? ""].map { StyledText($0) }
                return TopLine(
                    table.row(cells), row: "\(letter.sequence) \(letter.sink)", json: letter.json)
            }
    }
}

extension JSON {
    /// Returns the text of one value.
    fileprivate static func text(_ body: (inout JSONText) -> Void) -> String {
        var text = JSONText()
        body(&text)
        return String(decoding: text.bytes, as: UTF8.self)
    }
}
