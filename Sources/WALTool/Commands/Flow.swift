import ArgumentParser
import WAL
import WALFlow

struct Flow: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Shows the tasks of durable DAGs, why they don't move, and their pictures; pauses, cancels and retries them.",
        discussion: """
            The verbs that show something work while a program runs. Those that change something need the log for themselves
            (exit code 74): a running program calls FlowRunner.cancel(_:reason:) and its siblings itself.

            Example: wal flow list tasks.wal
            """,
        subcommands: [
            FlowList.self, FlowShow.self, FlowHistory.self, FlowStuck.self, FlowCheck.self, FlowCancel.self,
            FlowPause.self, FlowResume.self, FlowRetry.self, FlowAccept.self, FlowSignal.self,
        ])
}

/// The journal of a log, for the verbs that show tasks.
struct FlowJournal {
    let table: JournalTable
    /// Whether a runner has used the log.
    private let hasFlows: Bool

    init(_ directory: String) throws {
        let log = try ReadOnlyLog(at: directory)
        let start = try log.cursors[JournalTable.cursor]
        try self.init(log.reader(from: start?.next), start)
    }

    init(_ reader: LogReader, _ start: SequenceNumber?) throws {
        var table = JournalTable()
        try table.read(reader, through: nil)
        self.table = table
        hasFlows = start != nil || table.recordCount > 0
        for gap in table.gaps { StandardError.write("Gap: \(gap)\n") }
    }

    func task(_ id: String) throws -> TaskJournal {
        guard let task = table.tasks[id] else {
            throw ToolError(
                .usage,
                "There is no live task \(id). `wal flow list` shows the live ones; others are rows of the store.")
        }
        return task
    }

    /// The message for a log without live tasks.
    var none: String { hasFlows ? "No live tasks." : "The log has no flows." }

    /// Returns the graph with which the task runs. If the log doesn't have that graph, returns the newest graph of the
    /// task's DAG.
    func shape(of task: TaskJournal) -> GraphShape? {
        table.graphs[task.graph] ?? task.beginning.flatMap { table.newestGraphs[$0.dag] }
    }

    /// Prints a line for each task. Without tasks, prints `none`, or no line of JSON.
    func print(_ tasks: [TaskJournal], json: Bool, none: String) throws {
        let now = Timestamp.now
        let sorted = tasks.sorted {
            ($0.beginning?.createdAt.rawValue ?? 0, $0.id) < ($1.beginning?.createdAt.rawValue ?? 0, $1.id)
        }
        var output = StandardOutput()
        for task in sorted {
            let reason = TaskView.reason(task, shape(of: task), now: now)
            if json {
                let line = JSON.object([
                    ("task", .string(task.id)), ("dag", JSON(task.beginning?.dag)),
                    ("created", JSON(task.beginning?.createdAt.description)),
                    ("failed_attempts", JSON(task.retryCount)), ("reason", .string(reason)),
                ])
                try output.write(line: line.description)
            } else {
                let age = task.beginning.map { "\(Int((now - $0.createdAt) / .seconds(1))) s" } ?? "?"
                let fields = [task.id, task.beginning?.dag ?? "?", age, "\(task.retryCount) failed", reason]
                try output.write(line: TextLine.joined(fields))
            }
        }
        if sorted.isEmpty, !json { try output.write(line: none) }
        try output.flush()
    }
}

struct FlowList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the live tasks: age, failed attempts, and why each doesn't move.")

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Option(help: "Only tasks of the DAG with this key.") var dag: String?
    @Flag(help: "Print JSON, one object a line.") var json = false

    func run() throws {
        let journal = try FlowJournal(directory)
        let tasks = journal.table.tasks.values.filter { dag == nil || $0.beginning?.dag == dag }
        try journal.print(tasks, json: json, none: journal.none)
    }
}

struct FlowStuck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stuck",
        abstract:
            "Lists the tasks that need a person: failed, orphaned, parked, paused, or past a time that they wait for. Exit code 1 if there are any."
    )

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Flag(help: "Print JSON, one object a line.") var json = false

    func run() throws {
        let journal = try FlowJournal(directory)
        let now = Timestamp.now
        let stuck = journal.table.tasks.values.filter { task in
            task.beginning == nil || task.end?.status == .failed || task.parked != nil || task.isPaused
                || TaskView.isOverdue(task, journal.shape(of: task), now: now)
        }
        try journal.print(stuck, json: json, none: "No task needs a person.")
        if !stuck.isEmpty { throw ExitCode(ExitStatus.damage.rawValue) }
    }
}

struct FlowShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a task's steps with states, attempts, times and results, or a picture with the states.")

    enum Form: String, ExpressibleByArgument, CaseIterable {
        case text, mermaid, dot, svg
    }

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Argument(help: "The id of the task.") var task: String
    @Option(name: .customLong("as"), help: "text, mermaid, dot or svg.") var form: Form = .text

    func run() throws {
        let journal = try FlowJournal(directory)
        let task = try journal.task(task)
        guard form != .text else {
            let reason = TaskView.reason(task, journal.shape(of: task), now: .now)
            var lines = [TextLine.joined(["\(task.id): \(reason)"])]
            for line in TaskView(task).lines(of: journal.shape(of: task)) {
                let step = line.step
                let result = step?.result.map { String(decoding: $0.prefix(200), as: UTF8.self) }
                let due = step?.wait?.due.map { "until \($0)" }
                lines.append(
                    TextLine.joined([
                        line.path, line.state?.rawValue ?? "not in the graph",
                        (step?.attempt).map { $0 > 0 ? "attempt \($0)" : "" } ?? "", step?.time?.description ?? "",
                        result ?? step?.error ?? due ?? "",
                    ]))
            }
            return try StandardOutput.print(lines.joined(separator: "\n"))
        }
        guard let shape = journal.shape(of: task), let picture = GraphPicture(rawValue: form.rawValue) else {
            throw ToolError(.usage, "The log doesn't have the graph of \(task.id).")
        }
        // The print adds the end of the last line.
        try StandardOutput.print(String(shape.picture(of: TaskView(task), as: picture).dropLast()))
    }
}

struct FlowHistory: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Prints the records of a task that the log still has, one a line.")

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Argument(help: "The id of the task.") var task: String

    func run() throws {
        let reader = try ReadOnlyLog(at: directory).reader()
        var output = StandardOutput()
        defer { try? output.flush() }
        var gaps = GapReport()
        while try reader.next(
            { (record) throws(ToolError) in
                guard let flow = (try? FlowRecord(record.payload)) ?? nil, flow.taskID == task else { return }
                let fields = [
                    "\(record.sequence.rawValue)", "\(record.time)", flow.name, flow.path ?? "", flow.details,
                ]
                try output.write(line: TextLine.joined(fields))
            }, gap: { gaps.met($0) }) != nil
        {}
        try output.flush()
        try gaps.finish()
    }
}

struct FlowCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Says before a deployment which live tasks a new graph would park. Exit code 1 if there are any.",
        discussion: "The graph's JSON is what FlowDAG.graphJSON() returns in the new program.")

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Option(help: "A file with the new graph's JSON.", completion: .file()) var graph: String

    func run() throws {
        let new = try GraphShape(json: try InputFile(argument: graph).text())
        let journal = try FlowJournal(directory)
        var conflicts: [String] = []
        for task in journal.table.tasks.values.sorted(by: { $0.id < $1.id }) {
            guard task.beginning?.dag == new.key, task.end == nil else { continue }
            guard let old = journal.shape(of: task) else {
                conflicts.append(
                    TextLine.joined([task.id, "the log doesn't have the graph that the task had last"]))
                continue
            }
            if let reason = GraphChange(from: old, to: new).conflict(with: task) {
                conflicts.append(TextLine.joined([task.id, reason]))
            }
        }
        try StandardOutput.print(
            conflicts.isEmpty ? "No live task of \(new.key) would be parked." : conflicts.joined(separator: "\n"))
        if !conflicts.isEmpty { throw ExitCode(ExitStatus.damage.rawValue) }
    }
}
