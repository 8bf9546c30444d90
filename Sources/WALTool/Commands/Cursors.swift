import ArgumentParser
import WAL
import WALLogging

struct Cursors: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the cursors of a log, or removes or sets one.",
        discussion: """
            A cursor is a consumer's position: retention keeps every later record. The cursor of a consumer that no longer
            exists keeps them forever, until --remove. A sink's cursor (sink/NAME) follows the sink's own position: --set
            changes which records are kept, not which record is delivered next.

            A consumer in another process than the writer has a file instead of a cursor. It is shown as consumers/NAME, with
            its owner. It expires by itself; remove the file to release it at once.

            `wal ingest` keeps its position in each input in a bookmark (source/NAME), which `wal inspect` shows. --remove also
            removes such a bookmark: if that input comes again, it is ingested from its beginning.

            Without --remove and --set the verb changes nothing, and works while a writer runs. With one of them, no process
            may have the log open (exit code 74): a running program calls WriteAheadLog.removeCursor(_:) or
            setCursor(_:to:) itself. An unknown cursor or an impossible position is exit code 64.

            Example: wal cursors events.wal --remove sink/old-database
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Option(help: "The cursor to remove, or the bookmark of an input.") var remove: String?
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "The cursor to set, and the last sequence number that its consumer has processed.",
            valueName: "name> <seq"))
    var set: [String] = []
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard set.isEmpty || set.count == 2 && SequenceNumber(argument: set[1]) != nil else {
            throw ValidationError("--set takes a name and a sequence number.")
        }
        guard remove == nil || set.isEmpty else { throw ValidationError("Give --remove or --set, not both.") }
    }

    func run() throws {
        // The log is opened read-only first. So no log is created in a directory that has none.
        let log = try ReadOnlyLog(at: directory)
        let overview = try CursorOverview(log)
        if let remove, !overview.names.contains(remove), try isInput(remove, of: log) {
            let after = try changing(overview) { log in try log.removeBookmark(remove) }
            try show(after, "Removed \(remove). If this input comes again, it is ingested from its beginning.")
        } else if let remove {
            try requireCursor(remove, in: overview)
            let after = try changing(overview) { log in try log.removeCursor(remove) }
            try show(after, "Removed \(remove). \(after.retentionText)")
        } else if let name = set.first, let sequence = set.last.flatMap(SequenceNumber.init(argument:)) {
            let after = try changing(overview) { log in
                let lowest = UInt64(max(log.firstSequence.rawValue, 1) - 1)
                guard (lowest...log.lastSequence.rawValue).contains(sequence.rawValue) else {
                    throw ToolError(
                        .usage,
                        "\(name) can be set to \(lowest) (all records are kept) up to "
                            + "\(log.lastSequence.rawValue) (the last one), not to \(sequence.rawValue).")
                }
                try log.setCursor(name, to: sequence)
            }
            try show(after, "Set \(name) to \(sequence.rawValue). \(after.retentionText)")
        } else {
            try StandardOutput.print(json ? overview.json.description : overview.text)
        }
    }

    private func show(_ overview: CursorOverview, _ text: String) throws {
        try StandardOutput.print(json ? overview.json.description : LineText.escaped(text))
    }

    private func isInput(_ name: String, of log: ReadOnlyLog) throws(WALError) -> Bool {
        guard name.hasPrefix(LineIngester.sourcePrefix) else { return false }
        return try log.bookmarks[name] != nil
    }

    private func requireCursor(_ name: String, in overview: CursorOverview) throws {
        guard overview.names.contains(name) else {
            let known = overview.names.isEmpty ? "it has none" : "it has \(overview.names.joined(separator: ", "))"
            throw ToolError(.usage, "\(directory) has no cursor \(name): \(known).")
        }
    }

    /// Changes the log, and returns its overview after the change.
    private func changing(
        _ overview: CursorOverview, _ change: (WriteAheadLog) throws -> Void
    ) throws -> CursorOverview {
        try LogChange.make(
            at: directory,
            remedy:
                "The program that has it open can change cursors with WriteAheadLog.removeCursor(_:) and setCursor(_:to:)."
        ) { log in
            try change(log)
            return CursorOverview(log, after: overview)
        }
    }
}
