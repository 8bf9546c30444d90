import ArgumentParser
import WAL

struct Tail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the last records, and with --follow those that come.",
        discussion: """
            Works beside the writer. With --follow it ends on SIGINT and SIGTERM, with exit code 0 and no line cut short, or when
            the output is closed.

            Example: wal tail --follow events.wal
            """)

    @Argument(help: "The log's directory.") var directory: String
    @Flag(name: [.customShort("f"), .long], help: "Wait for more.") var follow = false
    @Option(name: [.customShort("n"), .long], help: "How many records to begin with.") var lines: UInt64 = 10
    @Flag(help: "Print JSON, one object a line.") var json = false

    func run() async throws {
        let log = try ReadOnlyLog(at: directory)
        let reader = log.reader(from: try firstSequence(log))
        var output = StandardOutput()
        let stop = try StopSignal()
        if follow { stop.catchSignals() }
        defer { if follow { stop.releaseSignals() } }
        while true {
            while stop.signalName == nil {
                guard let line = try reader.next({ json ? RecordLine.json($0) : RecordLine.text($0) }) else { break }
                try output.write(line: line)
            }
            try output.flush()
            guard follow, stop.signalName == nil else { return }
            try await reader.waitForMore()
        }
    }

    /// Where the last `lines` records begin. Sealed segments say where they end; the last one has to be read.
    private func firstSequence(_ log: ReadOnlyLog) throws -> SequenceNumber {
        let written = try log.segments.last { $0.state != .prepared }
        let start = try written?.firstSequence ?? log.firstSequence
        let reader = log.reader(from: start)
        var last = start
        while let sequence = try reader.next({ $0.sequence }) { last = sequence }
        return SequenceNumber(rawValue: last.rawValue >= lines ? last.rawValue - lines + 1 : 1)
    }
}
