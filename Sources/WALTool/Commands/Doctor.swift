import ArgumentParser
import WAL
import WALMonitor

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Examines a log and its machine, and names the next step for each trouble.",
        discussion: """
            Exit codes, as those of `wal check`: 0 all is well, 1 warnings, 2 critical, 3 unknown. Changes nothing. Only --probe writes, into
            a temporary file. --bundle packs the report, the status and the list of segments for an issue, without payloads,
            addresses, and messages of errors, which may have addresses in them.

            Example: wal doctor events.wal --store sqlite:events.db --probe
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Option(help: "A store that must be reachable: \(StoreArgument.forms). Can be repeated.") var store:
        [StoreArgument] = []
    @Flag(help: "Time syncs in the log's directory for 2 seconds.") var probe = false
    @Flag(help: "Print JSON.") var json = false
    @Option(help: "Write a tar archive with the report.", completion: .file()) var bundle: String?

    func run() async throws {
        let log: ReadOnlyLog
        do throws(WALError) {
            log = try ReadOnlyLog(at: directory)
        } catch {
            // Other errors have their remedy in their text.
            try end(error, next: error.code == .notALogDirectory ? "name a log's directory" : nil)
        }
        var answers: [StoreAnswer] = []
        for argument in store { answers.append(await .of(argument, about: log.id)) }
        try examine(log, answers)
    }

    private func examine(_ log: ReadOnlyLog, _ answers: [StoreAnswer]) throws {
        var snapshot: LogSnapshot
        var items: [LogCheck.Item]
        do {
            let found = try LogSnapshot.examine(directory)
            snapshot = found.snapshot
            for answer in answers { snapshot.take(answer) }
            items = try LogExamination(log, snapshot).items + found.items
            items += SystemExamination(directory, snapshot).items
        } catch let error as WALError {
            try end(error, next: nil)
        }
        items += answers.map(\.item)
        if probe { items.append(SyncProbe.item(in: directory, on: log.storage)) }
        try report(items)
        if let bundle { try write(items, snapshot, log, to: bundle) }
        let verdict = LogCheck.verdict(of: items)
        if verdict != .ok { throw ExitCode(verdict.rawValue) }
    }

    /// Reports that the log can't be examined, and throws the exit code.
    private func end(_ error: WALError, next: String?) throws -> Never {
        try report([LogCheck.Item("log", .unknown, "\(error)", next: next)])
        throw ExitCode(LogCheck.Verdict.unknown.rawValue)
    }

    private func report(_ items: [LogCheck.Item]) throws {
        try StandardOutput.print(json ? JSON.report(items).description : items.map(\.line).joined(separator: "\n"))
    }

    private func write(_ items: [LogCheck.Item], _ snapshot: LogSnapshot, _ log: ReadOnlyLog, to path: String) throws {
        var tarball = Tarball()
        let devices = [snapshot.status.storage, log.storage].compactMap(\.device)
        let shown = items.map { item in
            // The texts of these items contain error messages.
            if ["store", "sink", "accepting"].contains(item.name) { return LogCheck.Item(item.name, item.verdict, "") }
            var item = item
            if item.name == "storage" { item.text = Self.text(item.text, without: devices) }
            return item
        }
        tarball.add("report.json", Array(JSON.report(shown).mappingStrings(withoutPath).description.utf8))
        var status = snapshot.status
        status.storage.explanation = Self.text(status.storage.explanation, without: devices)
        status.storage.device = nil
        status.storage.mountOptions = nil
        status.refusal?.message = ""
        for index in status.sinks.indices { status.sinks[index].error = nil }
        tarball.add("status.json", status.json)
        let segments = try LogOverview(log, directory: ".").json.mappingStrings(withoutPath)
        tarball.add("segments.json", Array(segments.description.utf8))
        tarball.add("version.txt", Array("\(Version.text); \(Libraries.text)".utf8))
        try OutputFile.write(tarball.finished, to: path)
    }

    /// Returns a text without the names of devices, which follow a kind of file system. A device may be a server.
    private static func text(_ text: String, without devices: [String]) -> String {
        devices.reduce(text) { $0.replacing(" on \($1)", with: "") }
    }

    /// Returns a text with `.` in place of the log's path. A path without a slash may be a word of the text, so it is
    /// replaced only at the beginning.
    private func withoutPath(_ text: String) -> String {
        if text == directory || text.hasPrefix(directory + "/") { return "." + text.dropFirst(directory.count) }
        return directory.contains("/") ? text.replacing(directory, with: ".") : text
    }
}
