import ArgumentParser
import WAL

struct Repair: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows how opening would repair a log, and repairs it with --apply.",
        discussion: """
            Lists the findings, and the steps that opening the log would take, in their order. With --apply it opens the log
            once, reads every byte, and takes the steps: damaged files are kept in the log's directory damaged/, and intact
            records stay. No process may have the log open for writing, even without --apply (exit code 74): the end of a
            growing log would look like damage.

            The exit code is 1 if there is damage and --apply isn't given, and 0 if there is none or it was repaired. The
            remains of a crash, which opening removes, aren't damage.

            Example: wal repair events.wal && wal repair --apply events.wal
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Flag(help: "Repair the log.") var apply = false
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        if let process = LockHolder.process(of: directory) {
            throw ToolError(
                .inputOutput,
                "\(directory) is in use by process \(process), which writes it. Repair it after that process has ended. "
                    + "`wal verify` works while a writer runs.")
        }
        var report = try WriteAheadLog.recoveryPlanBlocking(at: directory, scope: .everything)
        let isApplied = apply && !report.steps.isEmpty
        if isApplied { report = try repaired() }
        if json {
            let steps = JSON.array(report.steps.map(\.json))
            try StandardOutput.print(report.json.with([("applied", .bool(isApplied)), ("steps", steps)]).description)
        } else {
            try StandardOutput.print(report.text + "\n" + stepsText(report.steps, isApplied: isApplied))
        }
        if report.isDamaged, !isApplied { throw ExitCode(ExitStatus.damage.rawValue) }
    }

    private func stepsText(_ steps: [RecoveryStep], isApplied: Bool) -> String {
        if steps.isEmpty { return "There is nothing to do. Nothing was changed." }
        if isApplied { return "Done:\n\(steps.text)" }
        return "Opening the log, or --apply, takes these steps:\n\(steps.text)\nNothing was changed."
    }

    private func repaired() throws -> RecoveryReport {
        var configuration = WriteAheadLog.Configuration()
        configuration.recoveryScope = .everything
        let log = try WriteAheadLog(in: Directory(path: directory), configuration: configuration, as: .any)
        let report = log.recovery
        try log.closeBlocking()
        return report
    }
}
