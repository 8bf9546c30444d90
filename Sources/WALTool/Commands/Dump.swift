import ArgumentParser
import WAL

struct Dump: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the records of a log.",
        discussion: """
            Decodes task events, log lines and events of journals, and shows other records in hexadecimal and as text. With --json, every task
            event is a line in the form that `wal ingest` reads, with the record's sequence number and time. Works while a
            writer runs.

            Records come in the order of their sequence numbers, in which they were appended. Times increase with them
            unless the writer's clock was set back; --since and --until compare each record's own time.

            Each gap in the sequence numbers is reported on standard error. If acknowledged records are missing, or may be,
            --json prints a line {"gap": …} in their place, and the exit code is 1.

            With --frames, prints the frames of the segments instead: what the file has, from byte to byte. Bytes that aren't a frame
            are named with the condition of FORMAT.md that they don't meet, and the exit code is 1. A segment without a
            readable header is reported on standard error, and the exit code is 1, too. A segment that is being written
            ends at its last frame.

            Example: wal dump --json events.wal | wal ingest --log copy.wal --store sqlite:copy.db -
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Option(help: "The first sequence number to print.") var from: SequenceNumber?
    @Option(help: "The last sequence number to print.") var to: SequenceNumber?
    @Option(
        parsing: .unconditional, help: "Only records of this time or later, such as 2011-09-30T22:38:44Z or -1h.")
    var since: Timestamp?
    @Option(parsing: .unconditional, help: "Only records before this time.") var until: Timestamp?
    @Flag(help: "Print frames instead of records.") var frames = false
    @Option(help: "With --frames: the number of the only segment to print.") var segment: UInt64?
    @Flag(help: "Print JSON, one object a line.") var json = false

    func validate() throws {
        if segment != nil, !frames { throw ValidationError("--segment needs --frames.") }
    }

    func run() throws {
        let log = try ReadOnlyLog(at: directory)
        if frames { return try printFrames(of: log) }
        let reader = since.map { log.reader(since: $0) } ?? log.reader(from: from)
        var output = StandardOutput()
        defer { try? output.flush() }
        var gaps = GapReport()
        while try reader.next(
            { (record) throws(ToolError) -> Bool in
                if let to, record.sequence > to { return false }
                if let from, record.sequence < from { return true }
                if let since, record.time < since { return true }
                if let until, record.time >= until { return true }
                try output.write(line: json ? RecordLine.json(record) : RecordLine.text(record))
                return true
            },
            gap: { (gap) throws(ToolError) -> Bool in
                if let to, gap.first > to { return false }
                var gap = gap
                if let from, gap.first < from {
                    // A reader that begins at a time may return records before the wanted ones.
                    if let last = gap.last, last < from { return true }
                    gap.first = from
                }
                gaps.met(gap)
                if json, gap.isLoss { try output.write(line: gap.jsonLine) }
                return true
            }) == true
        {}
        try output.flush()
        try gaps.finish()
    }

    private func printFrames(of log: ReadOnlyLog) throws {
        if let segment, try !log.segments.contains(where: { $0.number == segment }) {
            throw ToolError(.usage, "\(directory) has no segment \(segment). `wal inspect DIR` lists the segments.")
        }
        var output = StandardOutput()
        defer { try? output.flush() }
        var hasProblem = false
        if !json { try output.write(line: FrameLine.heading) }
        try log.forEachFrame(inSegment: segment) { frame in
            if let to, frame.sequence > to { return false }
            let past = frame.sequence.rawValue + UInt64(frame.recordCount)
            if let from, past <= from.rawValue { return true }
            if let time = frame.time {
                if let since, time < since { return true }
                if let until, time >= until { return true }
            }
            if frame.problem != nil { hasProblem = true }
            try output.write(line: json ? FrameLine.json(frame) : FrameLine.text(frame))
            return true
        }
        try output.flush()
        for damaged in try log.segments where damaged.state == .damaged {
            guard segment == nil || segment == damaged.number else { continue }
            StandardError.write("Segment \(damaged.number) has no readable header, so its frames can't be found.\n")
            hasProblem = true
        }
        if hasProblem { throw ExitCode(ExitStatus.damage.rawValue) }
    }
}
