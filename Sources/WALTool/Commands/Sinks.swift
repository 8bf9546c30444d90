import ArgumentParser
import WAL
import WALDelivery
import WALTasks

struct Sinks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the sinks of a log: how far each is, and what it couldn't take.",
        discussion: """
            The log knows each sink by a cursor, which follows the sink's own position within about a second. With --store, the
            store is asked too: for the epoch and position of each lane, and for its dead letters. Changes nothing.

            What a refused delivery owes a sink is shown, and makes the exit code 1: records of a copied log whose numbers the sink
            takes for applied. `wal replay DIR --owed --into STORE` brings them there; --give-up-owed NAME does without them, for a
            log that isn't open.

            Example: wal sinks events.wal --store sqlite:events.db
            """)

    @Argument(help: "The log's directory.") var directory: String
    @Option(help: "A store to ask: \(StoreArgument.forms). May be given several times.") var store: [StoreArgument] = []
    @Option(help: "The sink to which nothing is owed any more; the records that it lacks are given up.") var giveUpOwed:
        String?
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        if let giveUpOwed { try giveUp(giveUpOwed) }
        let log = try ReadOnlyLog(at: directory)
        var overview = try SinkOverview(log)
        for argument in store {
            let opened = try await argument.inspect()
            try await overview.add(opened, of: log.id)
            try await opened.close()
        }
        try StandardOutput.print(json ? overview.json.description : overview.text)
        if !overview.owed.isEmpty { throw ExitCode(ExitStatus.damage.rawValue) }
    }

    private func giveUp(_ sink: String) throws {
        _ = try ReadOnlyLog(at: directory)
        let log = try WriteAheadLog.openBlocking(at: directory)
        let owed = log.owedRecords.filter { $0.sink == sink }
        for each in owed {
            try log.settle(each)
            StandardError.write("Given up: records \(each.sequences.lowerBound) to \(each.sequences.upperBound)\n")
        }
        try log.closeBlocking()
        if owed.isEmpty { throw ToolError(.usage, "Nothing is owed to a sink of this name.") }
    }
}
