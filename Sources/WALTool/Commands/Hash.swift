import ArgumentParser
import WAL

struct Hash: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints a hash of a log's records, to compare logs.",
        discussion: """
            The hash is the SHA-256 of each record's sequence number, time and payload. Segments, batches, compression and the
            log's identifier don't matter, so a log and its replica have the same hash. Works while a writer runs: with --to, the
            hash is of the same records in both. With --from, the hash leaves out records that one of the logs doesn't keep.

            Each gap in the sequence numbers is reported on standard error. If acknowledged records are missing, or may be, the
            exit code is 1.

            Example: wal hash events.wal --to 1000000
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Option(help: "The first sequence number.") var from: SequenceNumber?
    @Option(help: "The last sequence number.") var to: SequenceNumber?
    @Option(parsing: .unconditional, help: "Only records of this time or later, such as 2011-09-30T22:38:44Z or -1h.")
    var since: Timestamp?
    @Option(parsing: .unconditional, help: "Only records before this time.") var until: Timestamp?
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let reader = try ReadOnlyLog(at: directory).reader(from: from)
        var hash = RecordHash()
        var gaps = GapReport()
        while try reader.next(
            { record -> Bool in
                if let to, record.sequence > to { return false }
                let isWanted = (since.map { record.time >= $0 } ?? true) && (until.map { record.time < $0 } ?? true)
                if isWanted { hash.add(record) }
                return true
            },
            gap: { gap -> Bool in
                if let to, gap.first > to { return false }
                gaps.met(gap)
                return true
            }) == true
        {}
        let digest = hash.hexadecimalDigest
        let result = JSON.object([
            ("records", JSON(hash.recordCount)),
            ("first_sequence", hash.sequences.map { JSON($0.lowerBound.rawValue) } ?? .null),
            ("last_sequence", hash.sequences.map { JSON($0.upperBound.rawValue) } ?? .null),
            ("sha256", .string(digest)),
        ])
        let range = hash.sequences.map { ", \($0.lowerBound.rawValue) to \($0.upperBound.rawValue)" } ?? ""
        try StandardOutput.print(json ? result.description : "\(digest)  \(hash.recordCount) records\(range)")
        try gaps.finish()
    }
}
