import ArgumentParser
import WAL

struct Graph: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draws the number of records over time.",
        discussion: """
            Reads the segments' indexes and no record, so it is quick for a log of any size. The indexes have an entry for every 64 KiB
            or more, so a record may be counted in an interval next to its own. Works while a writer runs.

            Without --by, the interval is chosen so that there are at most 60.

            Example: wal graph events.wal --by 1h --since -7d
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Option(help: "The interval: 30s, 1m, 1h or 1d.") var by: DurationArgument?
    @Option(parsing: .unconditional, help: "Only from this time on, such as 2011-09-30T22:38:44Z or -1h.")
    var since: Timestamp?
    @Option(parsing: .unconditional, help: "Only before this time.") var until: Timestamp?
    @Flag(help: "Print JSON, one object a line.") var json = false

    func run() throws {
        let steps = try ReadOnlyLog(at: directory).steps.filter { step in
            (since.map { step.time >= $0 } ?? true) && (until.map { step.time < $0 } ?? true)
        }
        let rows = try LogGraph(steps, by: by?.duration)
        let text = json ? rows.json : rows.text
        // Without intervals, there is no line of JSON, and not an empty one.
        if !text.isEmpty { try StandardOutput.print(text) }
    }
}
