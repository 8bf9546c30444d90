import ArgumentParser
import WAL

struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copies a log's durable records to a directory, and reads the copies back.",
        discussion: """
            Works while a writer runs. A backup to the same directory copies only new segments and the end of the log, and
            replaces the earlier one at its end: a backup that fails leaves that one as it is. The log's writer keeps new
            segments for the next backup until the time of --keep has passed.

            The exit code is 1 if the log or the backup that is there is damaged.

            Example: wal backup events.wal /mnt/backup/events && wal restore /mnt/backup/events copy.wal
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Argument(
        help: "The backup's directory: new, empty, or with an earlier backup of this log.", completion: .directory)
    var target: String
    @Option(help: "How long the writer keeps new segments for the next backup, such as 25h; 1h if not given.")
    var keep: DurationArgument?
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let lifetime = keep?.duration ?? .seconds(3600)
        let summary = try LogBackup.makeBlocking(of: directory, to: target, lifetime: lifetime)
        let result = JSON.object([
            ("log_id", .string(summary.logID.description)),
            ("first_sequence", JSON(summary.firstSequence.rawValue)),
            ("last_sequence", JSON(summary.lastSequence.rawValue)),
            ("highest_sequence", JSON(summary.highestSequence.rawValue)),
            ("segments", JSON(summary.segmentCount)),
            ("copied_segments", JSON(summary.copiedSegmentCount)),
            ("bytes", JSON(summary.byteCount)),
            ("copied_bytes", JSON(summary.copiedByteCount)),
        ])
        let text = Table.pairs([
            ("log", "id \(summary.logID)"),
            ("records", "\(summary.firstSequence.rawValue) to \(summary.lastSequence.rawValue)"),
            ("backup", "\(Table.bytes(summary.byteCount)) in \(summary.segmentCount) segments, all read back"),
            ("copied now", "\(Table.bytes(summary.copiedByteCount)) in \(summary.copiedSegmentCount) segments"),
        ])
        try StandardOutput.print(json ? result.description : text)
    }
}
