import ArgumentParser
import WAL

struct Cursors: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the cursors of a log, and removes or sets one.",
        discussion: """
            A cursor is a consumer's position: retention keeps every record behind it. One of a consumer that is gone keeps them
            for ever; --remove lets go of them. A sink's cursor (sink/NAME) only follows the sink's own position: --set moves
            what is kept, not what is delivered next.

            Without --remove and --set it reads beside a writer and changes nothing. With one of them nobody may have the log
            open: a running program calls WriteAheadLog.removeCursor(_:) or setCursor(_:to:) itself.

            Example: wal cursors events.wal --remove sink/old-database
            """)

    @Argument(help: "The log's directory.") var directory: String
    @Option(help: "The cursor that is removed.") var remove: String?
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "The cursor that is set, and the last sequence number that its consumer has done with.",
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
        // A directory that holds no log stays as it is.
        let overview = try CursorOverview(ReadOnlyLog(at: directory))
        if let remove {
            try requireCursor(remove, in: overview)
            let after = try changing { log throws(WALError) in
                try log.removeCursor(remove)
                return CursorOverview(log)
            }
            try show(after, "Removed \(remove). \(after.retentionText)")
        } else if let name = set.first, let sequence = set.last.flatMap(SequenceNumber.init(argument:)) {
            let after = try changing { log in
                let lowest = UInt64(max(log.firstSequence.rawValue, 1) - 1)
                guard (lowest...log.lastSequence.rawValue).contains(sequence.rawValue) else {
                    throw ToolError(
                        .usage,
                        "\(name) can be set to \(lowest) (every record that is there is kept) up to "
                            + "\(log.lastSequence.rawValue) (the last one), not to \(sequence.rawValue).")
                }
                try log.setCursor(name, to: sequence)
                return CursorOverview(log)
            }
            try show(after, "Set \(name) to \(sequence.rawValue). \(after.retentionText)")
        } else {
            try StandardOutput.print(json ? overview.json.description : overview.text)
        }
    }

    private func show(_ overview: CursorOverview, _ text: String) throws {
        try StandardOutput.print(json ? overview.json.description : text)
    }

    private func requireCursor(_ name: String, in overview: CursorOverview) throws {
        guard overview.names.contains(name) else {
            let known = overview.names.isEmpty ? "it has none" : "it has \(overview.names.joined(separator: ", "))"
            throw ToolError(.usage, "\(directory) has no cursor \(name): \(known).")
        }
    }

    /// Opens the log for writing. A damaged one is left alone: that is for `repair`.
    private func changing(_ change: (WriteAheadLog) throws -> CursorOverview) throws -> CursorOverview {
        var configuration = WriteAheadLog.Configuration()
        configuration.damagePolicy = .strict
        let log: WriteAheadLog
        do throws(WALError) {
            log = try WriteAheadLog.openBlocking(at: directory, configuration: configuration)
        } catch {
            guard error.code == .locked else { throw error }
            throw ToolError(
                .inputOutput,
                "\(error.message) A program that has it open changes cursors with WriteAheadLog.removeCursor(_:) and "
                    + "setCursor(_:to:).")
        }
        let overview: CursorOverview
        do {
            overview = try change(log)
        } catch {
            try? log.closeBlocking()
            throw error
        }
        try log.closeBlocking()
        return overview
    }
}
