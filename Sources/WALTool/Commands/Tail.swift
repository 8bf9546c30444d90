import ArgumentParser
import WAL

struct Tail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the last records, and with --follow new ones as they are appended.",
        discussion: """
            Shows log lines, task events, events of journals and other records as `wal dump` does. With --level or --label it shows log lines only.
            The options that choose records combine: a record must meet all of them.

            Works while a writer runs. With --follow it ends on SIGINT and SIGTERM, with exit code 0 and after a whole line,
            or when the output is closed.

            Each gap in the sequence numbers is reported on standard error. If acknowledged records are missing, or may be,
            --json prints a line {"gap": …} in their place, and the exit code is 1.

            Example: wal tail app-log --follow --level warning --label api --since -1h --match timeout
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Flag(name: [.customShort("f"), .long], help: "Wait for new records.") var follow = false
    @Option(name: [.customShort("n"), .long], help: "The number of records to begin with; 10 without --since.")
    var lines: Int?
    @OptionGroup var filter: LineFilter
    @Option(help: "text, or json: one object a line.") var output = OutputForm.text
    @Flag(help: "The same as --output json.") var json = false

    enum OutputForm: String, ExpressibleByArgument {
        case text, json
    }

    private static let linesDefault = 10

    func validate() throws {
        if let lines, lines < 0 { throw ValidationError("--lines must be at least 0.") }
    }

    func run() async throws {
        let stop = try StopSignal()
        if follow { stop.catchSignals() }
        defer { if follow { stop.releaseSignals() } }
        try await stop.run { try await show(until: stop) }.get()
    }

    private func show(until stop: StopSignal) async throws {
        let log = try ReadOnlyLog(at: directory)
        let isJSON = json || output == .json
        var output = StandardOutput()
        let limit = lines ?? (filter.since == nil ? Self.linesDefault : .max)
        let first = try filter.isSet ? firstWanted(log, limit) : firstOfLast(log, limit)
        let reader = log.reader(from: first)
        var gaps = GapReport()
        while true {
            while stop.signalName == nil,
                try reader.next(
                    { (record) throws(ToolError) in
                        guard filter.accepts(record) else { return }
                        try output.write(line: isJSON ? RecordLine.json(record) : RecordLine.text(record))
                    },
                    gap: { (gap) throws(ToolError) in
                        gaps.met(gap)
                        if isJSON, gap.isLoss { try output.write(line: gap.jsonLine) }
                    }) != nil
            {}
            try output.flush()
            guard follow, stop.signalName == nil else { return try gaps.finish() }
            try await wait(reader)
        }
    }

    /// Waits for more records or for a signal.
    private func wait(_ reader: LogReader) async throws(WALError) {
        do throws(WALError) {
            try await reader.waitForMore()
        } catch {
            guard error.code == .cancelled else { throw error }
        }
    }

    /// Returns the number of the first of the last `limit` records. Only reading finds the end of a segment without a
    /// footer.
    private func firstOfLast(_ log: ReadOnlyLog, _ limit: Int) throws -> SequenceNumber {
        let written = try log.segments.last { $0.state != .prepared }
        let start = try written?.firstSequence ?? log.firstSequence
        let reader = log.reader(from: start)
        while try reader.next({ _ in () }, gap: { _ in () }) != nil {}
        let last = SequenceNumber(rawValue: max(1, reader.nextSequence.rawValue) - 1)
        return try LastNumbers.first(of: limit, in: log, through: last)
    }

    /// Returns the number of the first of the last `limit` records that the filter accepts. Without such records,
    /// returns the number after the last record. Reads the log from its beginning, or from the filter's time.
    private func firstWanted(_ log: ReadOnlyLog, _ limit: Int) throws -> SequenceNumber {
        let reader = filter.since.map { log.reader(since: $0) } ?? log.reader()
        var last = LastNumbers(limit)
        while let found = try reader.next({ filter.accepts($0) ? $0.sequence : nil }, gap: { _ in nil }) {
            guard let found else { continue }
            if limit == .max { return found }
            last.add(found)
        }
        return last.first ?? reader.nextSequence
    }
}
