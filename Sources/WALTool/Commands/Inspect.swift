import ArgumentParser
import WAL

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what a log consists of: segments, ranges, sizes, cursors.",
        discussion: """
            Reads beside a writer, changes nothing. Of the segment that is being written only the beginning is known.

            Example: wal inspect events.wal
            """)

    @Argument(help: "The log's directory.") var directory: String
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let overview = try LogOverview(ReadOnlyLog(at: directory), directory: directory)
        try StandardOutput.print(json ? overview.json.description : overview.text)
    }
}
