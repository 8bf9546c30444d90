import ArgumentParser
import Logging
import WAL
import WALLogging

/// The options that select records of a log: lines of a program's log by level and label, and any record by time and
/// text.
struct LineFilter: ParsableArguments {
    @Option(help: "Only log lines of this level and above.")
    var level: Logger.Level?
    @Option(help: "Only log lines with this label, or with a label that begins with it and a dot.") var label: String?
    @Option(
        parsing: .unconditional,
        help:
            "Only records of this time or later, such as 2011-09-30T22:38:44Z or -1h, without a limit to their number.")
    var since: Timestamp?
    @Option(parsing: .unconditional, help: "Only records before this time.") var until: Timestamp?
    @Option(parsing: .unconditional, help: "Only records whose line of text has this text.") var match: String?

    /// Whether the filter may leave out records.
    var isSet: Bool { level != nil || label != nil || since != nil || until != nil || match != nil }

    /// Returns whether the filter accepts a record.
    func accepts(_ record: borrowing RecordView) -> Bool {
        if let since, record.time < since { return false }
        if let until, record.time >= until { return false }
        if level != nil || label != nil {
            guard let line = LogLine(payload: record.payload), accepts(line) else { return false }
        }
        guard let match else { return true }
        return String(decoding: RecordLine.text(record), as: UTF8.self).contains(match)
    }

    private func accepts(_ line: LogLine) -> Bool {
        if let level, line.level < level { return false }
        guard let label else { return true }
        return line.label == label || line.label.hasPrefix(label + ".")
    }
}
