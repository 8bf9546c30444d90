import ArgumentParser
import WAL

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows a log's segments with their ranges and sizes, its cursors and its bookmarks.",
        discussion: """
            Changes nothing, and works while a writer runs. Shows only the first record of the segment being written.

            Example: wal inspect events.wal
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let overview = try LogOverview(ReadOnlyLog(at: directory), directory: directory)
        try StandardOutput.print(json ? overview.json.description : overview.text)
    }
}
