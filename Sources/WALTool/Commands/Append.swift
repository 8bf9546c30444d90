import ArgumentParser
import WAL

struct Append: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Appends each line of standard input as a record.",
        discussion: """
            A record is a line without its line end; an empty line is an empty record. The log is created if it doesn't
            exist. With exit code 0 every record is durable. A line of more than 16 MiB is bad input (exit code 65); the
            lines before it are appended. After an error, standard error says how many were.

            Example: printf 'one\\ntwo\\n' | wal append notes.wal
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Option(help: "When records become durable: always, interval:5ms, bytes:1MiB or manual.")
    var sync = SyncPolicyArgument.standard
    @Flag(help: "Print the result as JSON.") var json = false

    func run() throws {
        let stop = try StopSignal()
        stop.catchSignals()
        defer { stop.releaseSignals() }
        var configuration = WriteAheadLog.Configuration()
        configuration.syncPolicy = sync.policy
        let log = try WriteAheadLog.openBlocking(
            at: directory, configuration: configuration, logger: StandardErrorLog.logger)
        let reader = LineReader(stop: stop)
        var first: SequenceNumber?
        var last: SequenceNumber?
        var count = 0
        do {
            reading: while true {
                switch try reader.next() {
                case .line(let bytes):
                    last = try log.appendBlocking(RawSpan(_unsafeBytes: bytes))
                    first = first ?? last
                    count += 1
                case .rest(let bytes):
                    last = try log.appendBlocking(RawSpan(_unsafeBytes: bytes))
                    first = first ?? last
                    count += 1
                    break reading
                case .tooLong: try refuseLine(reader.position.lines, log)
                case .idle: continue
                case .end where reader.endsInLongLine: try refuseLine(reader.position.lines + 1, log)
                case .stopped, .end: break reading
                }
            }
        } catch {
            // The same input would append these again.
            if let first, let last {
                StandardError.write("\(count) records were appended before the error, \(first) to \(last).\n")
            }
            try? log.closeBlocking()
            throw error
        }
        try log.closeBlocking()
        let result = JSON.object([
            ("records", JSON(count)),
            ("first_sequence", first.map { JSON($0.rawValue) } ?? .null),
            ("last_sequence", last.map { JSON($0.rawValue) } ?? .null),
        ])
        let range = first.flatMap { first in last.map { ", \(first.rawValue) to \($0.rawValue)" } } ?? ""
        try StandardOutput.print(json ? result.description : "\(count) records appended\(range)")
    }

    /// Closes the log, which has the lines before, and throws the error of a line that is too long.
    private func refuseLine(_ number: UInt64, _ log: WriteAheadLog) throws {
        try log.closeBlocking()
        throw ToolError(.badInput, "<stdin>:\(number):1: the line is longer than \(LineReader.lineSizeMax) bytes")
    }
}
