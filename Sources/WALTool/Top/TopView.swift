import WAL
import WALMonitor

/// The screen of `wal top`. It is a pure function of two looks at the log, the keys that were pressed, and the screen's
/// size.
struct TopView {
    /// The panes. The raw value is the pane's key.
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

    /// The data of one look at the log.
    struct Look {
        var snapshot: LogSnapshot
        var before: LogSnapshot?
        var details = TopDetails()
        /// The reason why the snapshot isn't current.
        var failure: String?
    }

    var pane = Pane.log
    var order = Order.name
    var isPaused = false
    var isHelpShown = false
    /// Whether all signs are ASCII.
    var isASCII = false
    /// The text that rows must contain to be shown.
    var filter = ""
    /// Whether keys are added to the filter.
    var isFilterTyped = false
    /// The identity of the selected row.
    var selected: String?
    /// The reply to the last key.
    var notice = ""
    /// The number of rows that are scrolled off above the first shown row.
    var scrolled = 0

    /// Returns the rows of the screen.
    mutating func screen(_ look: Look, width: Int, height: Int) -> [[StyledText]] {
        let head = header(look) + [filterRow(look, width: width)]
        let lines = isHelpShown ? Self.help : lines(look, width: width)
        let room = max(0, height - head.count - 1)
        var body: [[StyledText]] = []
        var isFirst = true
        for line in lines {
            if let row = line.row {
                if row == selected {
                    // The headings above the first row stay visible.
                    scrolled = isFirst ? 0 : max(min(scrolled, body.count), body.count + line.rows.count - room)
                }
                isFirst = false
            }
            body += shown(line)
        }
        scrolled = max(0, min(scrolled, body.count - room))
        var rows = head + body[scrolled...].prefix(room)
        rows += Array(repeating: [], count: max(0, height - 1 - rows.count))
        rows.append(footer)
        return Array(rows.prefix(height))
    }

    /// Returns the head and all lines of the pane, for output as text.
    func text(_ look: Look) -> [[StyledText]] {
        header(look) + [[]] + lines(look, width: .max).flatMap(\.rows)
    }

    private func shown(_ line: TopLine) -> [[StyledText]] {
        guard let row = line.row, row == selected else { return line.rows }
        return line.rows.map { [StyledText($0.map(\.text).joined(), .inverse)] }
    }

    // MARK: Lines

    /// Returns the pane's lines without the rows that the filter leaves out.
    func lines(_ look: Look, width: Int) -> [TopLine] {
        let all = content(look, width: width)
        guard !filter.isEmpty else { return all }
        let wanted = filter.lowercased()
        return all.filter { $0.row == nil || $0.contains(wanted) }
    }

    // MARK: Head and foot

    private func header(_ look: Look) -> [[StyledText]] {
        let snapshot = look.snapshot
        let check = LogCheck(snapshot)
        let name = StyledText(snapshot.name, .bold)
        // The log may have been healthy at the last look and not be healthy now.
        let state =
            switch look.failure == nil ? check.verdict : .unknown {
            case .ok: StyledText("\(sign(.good)) healthy", .good)
            case .warning: StyledText("\(sign(.warning)) warning", .warning)
            case .critical: StyledText("\(sign(.bad)) critical", .bad)
            case .unknown: StyledText("\(sign(.bad)) unknown", .bad)
            }
        let status = snapshot.status
        let writer =
            snapshot.isUp ? "process \(status.process), up \(Self.span(status.time - status.openedAt))" : "no writer"
        let first = [name, StyledText("  "), state, StyledText("  \(writer)\(isPaused ? "  paused" : "")", .dim)]
        if let failure = look.failure {
            return [first, [StyledText("\(sign(.bad)) since \(status.time): \(failure)", .bad)]]
        }
        let worst = check.items.filter { $0.verdict != .ok }.max { $0.verdict < $1.verdict }
        let sentence = worst.map { "\($0.text)\($0.next.map { ". Next: \($0)" } ?? "")" }
        return [first, [StyledText(sentence ?? status.storage.explanation)]]
    }

    /// Returns the filter with the number of its rows, or the reply to the last key.
    private func filterRow(_ look: Look, width: Int) -> [StyledText] {
        guard isFilterTyped || !filter.isEmpty else { return [StyledText(notice)] }
        let counts = [lines(look, width: width), content(look, width: width)].map { $0.count { $0.row != nil } }
        let typed = StyledText("/\(filter)\(isFilterTyped ? "_" : "")", .bold)
        let hint = isFilterTyped ? "  Enter keeps it, Escape clears it" : notice.isEmpty ? "" : "  \(notice)"
        return [typed, StyledText("  \(counts[0]) of \(counts[1]) rows\(hint)", .dim)]
    }

    private var footer: [StyledText] {
        Pane.allCases.flatMap { each in
            [StyledText("\(each.rawValue) \(each.title)", each == pane ? .inverse : .plain), StyledText("  ")]
        } + [StyledText("? help  q quit  / filter  p pause", .dim)]
    }

    private static let help: [TopLine] = [
        "1 to 5   the panes: log, sinks and cursors, segments, dead letters, the last records",
        "up down  select a row",
        "y        copy the selected row as JSON, if the terminal allows it (OSC 52)",
        "/        show only rows with a text; Enter keeps it, Escape clears it",
        "s        sort sinks and cursors by name, lag, or what they alone keep on the disk",
        "p        pause, and continue",
        "?        this help, and back",
        "q        quit",
        "",
        "The figures are those that the log's writer publishes once a second.",
    ].map { TopLine($0) }

    /// Returns the sign of a state that is shown in a style.
    func sign(_ style: StyledText.Style) -> String {
        switch style {
        case .good: isASCII ? "*" : "●"
        case .warning: isASCII ? "!" : "▲"
        default: isASCII ? "x" : "✗"
        }
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
