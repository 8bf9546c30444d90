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
        do {
            log = try ReadOnlyLog(at: directory)
        } catch {
            try StandardOutput.print(LogCheck.Item("log", .unknown, "\(error)", next: "name a log's directory").line)
            throw ExitCode(LogCheck.Verdict.unknown.rawValue)
        }
        var answers: [StoreAnswer] = []
        for argument in store { answers.append(await .of(argument, about: log.id)) }
        try examine(log, answers)
    }

    private func examine(_ log: ReadOnlyLog, _ answers: [StoreAnswer]) throws {
        var snapshot = try LogSnapshot.read(directory)
        for answer in answers { snapshot.take(answer) }
        var items = try LogExamination(log, snapshot).items + SystemExamination(directory, snapshot).items
        items += answers.map(\.item)
        if probe { items.append(try SyncProbe(directory).item(on: log.storage)) }
        try report(items)
        if let bundle { try write(items, snapshot, log, to: bundle) }
        let verdict = LogCheck.verdict(of: items)
        if verdict != .ok { throw ExitCode(verdict.rawValue) }
    }

    private func report(_ items: [LogCheck.Item]) throws {
        try StandardOutput.print(json ? JSON.report(items).description : items.map(\.line).joined(separator: "\n"))
    }

    private func write(_ items: [LogCheck.Item], _ snapshot: LogSnapshot, _ log: ReadOnlyLog, to path: String) throws {
        var tarball = Tarball()
        // Texts of these have messages of errors.
        let shown = items.map { item in
            ["store", "sink", "accepting"].contains(item.name) ? LogCheck.Item(item.name, item.verdict, "") : item
        }
        let report = JSON.report(shown).description.replacing(directory, with: ".")
        tarball.add("report.json", Array(report.utf8))
        var status = snapshot.status
        status.refusal?.message = ""
        for index in status.sinks.indices { status.sinks[index].error = nil }
        tarball.add("status.json", status.json)
        let segments = try LogOverview(log, directory: ".").json.description.replacing(directory, with: ".")
        tarball.add("segments.json", Array(segments.utf8))
        tarball.add("version.txt", Array("\(Version.text); \(Libraries.text)".utf8))
        try OutputFile.write(tarball.finished, to: path)
    }
}
