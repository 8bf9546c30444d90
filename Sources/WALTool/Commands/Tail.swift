import ArgumentParser
import WAL

struct Tail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the last records, and with --follow new ones as they are appended.",
        discussion: """
            Works while a writer runs. With --follow it ends on SIGINT and SIGTERM, with exit code 0 and after a whole line,
            or when the output is closed.

            Each gap in the sequence numbers is reported on standard error. If acknowledged records are missing, or may be,
            --json prints a line {"gap": …} in their place, and the exit code is 1.

            Example: wal tail --follow events.wal
            """)

    @Argument(help: "The log's directory.") var directory: String
    @Flag(name: [.customShort("f"), .long], help: "Wait for new records.") var follow = false
    @Option(name: [.customShort("n"), .long], help: "The number of records to begin with.") var lines: UInt64 = 10
    @Flag(help: "Print JSON, one object a line.") var json = false

    func run() async throws {
        let log = try ReadOnlyLog(at: directory)
        let reader = log.reader(from: try firstSequence(log))
        var output = StandardOutput()
        let stop = try StopSignal()
        if follow { stop.catchSignals() }
        defer { if follow { stop.releaseSignals() } }
        var gaps = GapReport()
        while true {
            while stop.signalName == nil,
                let line = try reader.next({ .text(json ? RecordLine.json($0) : RecordLine.text($0)) }, gap: Line.gap)
            {
                switch line {
                case .text(let text): try output.write(line: text)
                case .gap(let gap):
                    gaps.met(gap)
                    if json, gap.isLoss { try output.write(line: gap.jsonLine) }
                }
            }
            try output.flush()
            guard follow, stop.signalName == nil else { return try gaps.finish() }
            try await reader.waitForMore()
        }
    }

    private enum Line {
        case text([UInt8])
        case gap(LogGap)
    }

    /// Returns the first of the last `lines` records. Only reading finds the end of a segment without a footer.
    private func firstSequence(_ log: ReadOnlyLog) throws -> SequenceNumber {
        let written = try log.segments.last { $0.state != .prepared }
        let start = try written?.firstSequence ?? log.firstSequence
        let reader = log.reader(from: start)
        while try reader.next({ _ in () }, gap: { _ in () }) != nil {}
        let end = reader.nextSequence.rawValue
        return max(try log.firstSequence, SequenceNumber(rawValue: end > lines ? end - lines : 1))
    }
}
