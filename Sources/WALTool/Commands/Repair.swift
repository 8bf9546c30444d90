import ArgumentParser
import WAL

struct Repair: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what opening would do about damage, and does it with --apply.",
        discussion: """
            With --apply the log is opened once, reading every byte: damaged files are kept aside, what is whole stays, and what
            is lost is reported. Nobody may be writing the log then. Exit code 1 if there is damage, whether applied or not.

            Example: wal repair events.wal && wal repair --apply events.wal
            """)

    @Argument(help: "The log's directory.") var directory: String
    @Flag(help: "Do it.") var apply = false
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let report = try apply ? repaired() : Verification.verify(directory: directory)
        try StandardOutput.print(json ? report.json.description : report.text)
        if !apply, !json, !report.findings.isEmpty {
            try StandardOutput.print("Nothing was changed. To keep what is whole and set the rest aside: --apply")
        }
        if report.isDamaged { throw ExitCode(ExitStatus.damage.rawValue) }
    }

    private func repaired() throws -> RecoveryReport {
        // Opening creates a log where there is none, which would be no repair.
        _ = try ReadOnlyLog(at: directory)
        var configuration = WriteAheadLog.Configuration()
        configuration.recoveryScope = .everything
        let log = try WriteAheadLog(at: directory, configuration: configuration)
        let report = log.recovery
        try log.close()
        return report
    }
}
