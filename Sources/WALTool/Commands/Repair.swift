import ArgumentParser
import WAL

struct Repair: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what opening would do about damage, and does it with --apply.",
        discussion: """
            Lists what isn't as it was written, and the steps that opening the log would take about it, in their order. With
            --apply the log is opened once, reading every byte, and the steps are taken: damaged files are kept aside, what is
            whole stays. Nobody may be writing the log, not even to be shown the steps: a log that grows isn't damaged.

            Exit code 1 if there is damage and --apply isn't given; 0 if there is none, or it was repaired. What a crash leaves
            behind, and opening would tidy up, is no damage.

            Example: wal repair events.wal && wal repair --apply events.wal
            """)

    @Argument(help: "The log's directory.") var directory: String
    @Flag(help: "Do it.") var apply = false
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        if let process = LockHolder.process(of: directory) {
            throw ToolError(
                .inputOutput,
                "\(directory) is in use by process \(process), which writes it. Repair it when that has ended; `wal verify` "
                    + "reads beside a writer.")
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
        if steps.isEmpty { return "There is nothing to do, and nothing was changed." }
        if isApplied { return "Done:\n\(steps.text)" }
        return "Opening the log would do this, and so does --apply:\n\(steps.text)\nNothing was changed."
    }

    private func repaired() throws -> RecoveryReport {
        var configuration = WriteAheadLog.Configuration()
        configuration.recoveryScope = .everything
        let log = try WriteAheadLog.openBlocking(at: directory, configuration: configuration)
        let report = log.recovery
        try log.closeBlocking()
        return report
    }
}
