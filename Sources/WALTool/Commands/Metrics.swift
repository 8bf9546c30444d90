import ArgumentParser
import WAL
import WALDelivery
import WALMonitor

struct Metrics: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints a log's metrics as text for Prometheus.",
        discussion: """
            The figures come from the file STATUS, in which the log's writer publishes its state once a second, and are at most a second
            old. Without a writer, wal_up is 0. Reads no records, and changes nothing.

            The last part of a directory's path is the label `log` of its series. So each directory needs a different
            last part.

            For the textfile collector of Prometheus' node exporter, write to a temporary file and rename it.

            Example: wal metrics events.wal > wal.prom.new && mv wal.prom.new /var/lib/node_exporter/wal.prom
            """)

    @Argument(help: "The directories of logs.") var directories: [String]
    @Flag(help: "Print OpenMetrics instead of the text format of Prometheus.") var openMetrics = false

    func run() throws {
        let snapshots = try directories.map { try LogSnapshot.read($0) }
        var names: Set<String> = []
        for snapshot in snapshots {
            guard names.insert(snapshot.name).inserted else {
                throw ToolError(
                    .usage,
                    "Two of the logs have the name \(snapshot.name), so their metrics would be the same series, which "
                        + "Prometheus rejects. Give the directories different last parts.")
            }
        }
        let text = MetricsText(snapshots, version: Version.number).text(openMetrics ? .openMetrics : .prometheus)
        try StandardOutput.print(String(text.dropLast()))
    }
}

extension LogSnapshot {
    /// Reads the state of a log, and the number of its dead letters for each sink.
    static func read(_ directory: String) throws -> LogSnapshot { try examine(directory).snapshot }

    /// Reads the state of a log as ``read(_:)`` does. The items are about damaged dead letters.
    static func examine(_ directory: String) throws -> (snapshot: LogSnapshot, items: [LogCheck.Item]) {
        var snapshot = try LogSnapshot(ReadOnlyLog(at: directory))
        // Damaged letters must not hide the state of the log.
        var letters = try ReadableLetters(logDirectory: directory)
        while let letter = try letters.next() { snapshot.keptDeadLetters[letter.sink, default: 0] += 1 }
        guard !letters.damages.isEmpty else { return (snapshot, []) }
        let item = LogCheck.Item(
            "dead_letters", .warning, "dead letters beside the log are damaged",
            next: "wal dead-letters DIR shows the others, and wal verify DIR/dead-letters the damage")
        return (snapshot, [item])
    }
}
