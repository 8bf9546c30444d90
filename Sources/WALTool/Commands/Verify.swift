import ArgumentParser
import WAL

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks every byte that a checksum covers.",
        discussion: """
            Changes nothing, and works while a writer runs. The exit code is 1 if records are lost or changed. The torn end that
            a power loss leaves is neither.

            Example: wal verify events.wal
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let report = try Verification.verifyBlocking(at: directory)
        try StandardOutput.print(json ? report.json.description : report.text)
        if report.isDamaged { throw ExitCode(ExitStatus.damage.rawValue) }
    }
}
