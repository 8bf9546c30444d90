import ArgumentParser
import WAL
import WALDelivery
import WALTasks

struct Sinks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the sinks of a log with their positions, lag and dead letters.",
        discussion: """
            Each sink has a cursor in the log, which follows the sink's own position within about a second. With --store, also
            reads the epoch and position of each lane, and the dead letters, from the store. With --sink, reads the state of
            the log's stream and its replicas. Changes nothing without --give-up-owed.

            If a refused delivery owes records to a sink, they are shown, and the exit code is 1: these are records of a
            copied log whose sequence numbers the sink counts as applied. `wal replay DIR --owed --into STORE` delivers
            them. --give-up-owed NAME drops the claim to them. No process may have the log open then (exit code 74). A
            damaged log isn't changed (exit code 1).

            Example: wal sinks events.wal --store sqlite:events.db
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Option(help: "A store to read: \(StoreArgument.forms). Can be repeated.") var store: [StoreArgument] = []
    @Option(help: "A stream to read: \(SinkArgument.forms).") var sink: SinkArgument?
    @Option(help: "The sink whose owed records are given up: they never reach it.") var giveUpOwed: String?
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        if let giveUpOwed { try giveUp(giveUpOwed) }
        let log = try ReadOnlyLog(at: directory)
        var overview = try SinkOverview(log)
        for argument in store {
            do {
                let opened = try await argument.inspect()
                try await overview.add(opened, of: log.id)
                try await opened.close()
            } catch let error as StoreError where error.code == .noTaskTables {
                overview.add(error)
            }
        }
        if let sink { overview.add(try await sink.inspect(log.id)) }
        try StandardOutput.print(json ? overview.json.description : overview.text)
        if !overview.owed.isEmpty { throw ExitCode(ExitStatus.damage.rawValue) }
    }

    private func giveUp(_ sink: String) throws {
        // The log is opened read-only first. So no log is made or changed if nothing is owed to the sink.
        guard try ReadOnlyLog(at: directory).owedRecords.contains(where: { $0.sink == sink }) else {
            throw ToolError(.usage, "No records are owed to a sink of this name.")
        }
        try LogChange.make(
            at: directory, remedy: "The program that has it open can give them up with WriteAheadLog.settle(_:)."
        ) { log in
            for each in log.owedRecords where each.sink == sink {
                try log.settle(each)
                StandardError.write("Given up: records \(each.sequences.lowerBound) to \(each.sequences.upperBound)\n")
            }
        }
    }
}
