import ArgumentParser
import WAL

struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Restores a log from a backup into an empty place, and verifies it.",
        discussion: """
            The log is restored in DIRECTORY.restoring, and renamed at the end. It gives no sequence number that the
            backup's log had given when it was copied, also with --to-sequence and --to-time. A batch is restored as a
            whole or not at all.

            The exit code is 1 if the backup is damaged, or begins after the record or time.

            Example: wal restore /mnt/backup/events copy.wal --to-time 2026-01-01T00:00:00Z
            """)

    @Argument(help: "The backup's directory.", completion: .directory) var target: String
    @Argument(help: "The log's new directory.", completion: .directory) var directory: String
    @Option(help: "The last record to restore.") var toSequence: SequenceNumber?
    @Option(
        parsing: .unconditional,
        help: "Restore the records before the first one that is later than this, such as 2011-09-30T22:38:44Z or -1h.")
    var toTime: Timestamp?
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        if toSequence != nil, toTime != nil { throw ValidationError("Give --to-sequence or --to-time, not both.") }
    }

    func run() throws {
        let point = toSequence.map { LogBackup.RestorePoint.sequence($0) } ?? toTime.map { .time($0) } ?? .end
        let restored = try LogBackup.restoreBlocking(target, to: directory, upTo: point)
        let (first, last, highest) = (restored.firstSequence, restored.lastSequence, restored.highestSequence)
        let result = JSON.object([
            ("first_sequence", JSON(first.rawValue)),
            ("last_sequence", JSON(last.rawValue)),
            ("highest_sequence", JSON(highest.rawValue)),
            ("segments", JSON(restored.segmentCount)),
        ])
        let text = Table.pairs([
            ("records", "\(first.rawValue) to \(last.rawValue), every byte verified"),
            ("next record", "\(max(last, highest).rawValue + 1)"),
        ])
        try StandardOutput.print(json ? result.description : text)
    }
}
