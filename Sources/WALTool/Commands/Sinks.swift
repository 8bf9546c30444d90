import ArgumentParser
import WAL
import WALTasks

struct Sinks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the sinks of a log: how far each is, and what it couldn't take.",
        discussion: """
            The log knows each sink by a cursor, which follows the sink's own position within about a second. With --store, the
            store is asked too: for the epoch and position of each lane, and for its dead letters. Changes nothing.

            Example: wal sinks events.wal --store sqlite:events.db
            """)

    @Argument(help: "The log's directory.") var directory: String
    @Option(help: "A store to ask: \(StoreArgument.forms). May be given several times.") var store: [StoreArgument] = []
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let log = try ReadOnlyLog(at: directory)
        var overview = try SinkOverview(log)
        for argument in store {
            let opened = try await argument.inspect()
            try await overview.add(opened, of: log.id)
            try await opened.close()
        }
        try StandardOutput.print(json ? overview.json.description : overview.text)
    }
}
