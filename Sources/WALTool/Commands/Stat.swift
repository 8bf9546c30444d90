import ArgumentParser
import WAL

struct Stat: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows a log's totals: records, times, rate, sizes and compression.",
        discussion: """
            Reads the segments' footers, and the frames of the segment being written. Works while a writer runs.
            `wal inspect` shows the segments one by one.

            Example: wal stat events.wal
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let totals = try LogTotals(ReadOnlyLog(at: directory), directory: directory)
        try StandardOutput.print(json ? totals.json.description : totals.text)
    }
}
