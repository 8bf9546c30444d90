import ArgumentParser
import WAL

struct Gaps: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the sequence numbers for which a log has no record, with the reasons.",
        discussion: """
            Reads the whole log, and works while a writer runs. A number that was claimed and never committed is no loss: only gaps
            in which acknowledged records are missing, or may be, make the exit code 1.

            Example: wal gaps events.wal
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Option(help: "The first sequence number.") var from: SequenceNumber?
    @Option(help: "The last sequence number.") var to: SequenceNumber?
    @Flag(help: "Print JSON, one object a line.") var json = false

    func run() throws {
        let reader = try ReadOnlyLog(at: directory).reader(from: from)
        var gaps: [LogGap] = []
        var recordCount: UInt64 = 0
        while try reader.next(
            { record -> Bool in
                if let to, record.sequence > to { return false }
                recordCount += 1
                return true
            },
            gap: { gap -> Bool in
                if let to, gap.first > to { return false }
                gaps.append(gap)
                return true
            }) == true
        {}
        var output = StandardOutput()
        if json {
            for gap in gaps { try output.write(line: gap.json.description) }
        } else if gaps.isEmpty {
            try output.write(line: "no gaps in \(recordCount) records")
        } else {
            try output.write(
                line: Table.columns(
                    ["first", "last", "reason", "acknowledged", "segment", "offset"], right: [0, 1, 4, 5],
                    gaps.map(Self.row(of:))))
        }
        try output.flush()
        if gaps.contains(where: \.isLoss) { throw ExitCode(ExitStatus.damage.rawValue) }
    }

    private static func row(of gap: LogGap) -> [String] {
        [
            "\(gap.first.rawValue)", gap.last.map { "\($0.rawValue)" } ?? "unknown", gap.reason.rawValue,
            gap.isAcknowledged.map { $0 ? "yes" : "no" } ?? "unknown", "\(gap.segment)", "\(gap.offset)",
        ]
    }
}
