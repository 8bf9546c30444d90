import ArgumentParser
import WAL
import WALFlow
import WALTasks

/// A log that no program has open, for the verbs that change a task.
enum FlowChange {
    /// Appends what `change` returns for a task, as one batch.
    static func make(
        _ directory: String, _ id: String,
        _ change: (TaskJournal, FlowJournal) throws -> ([FlowRecord.Event], [TaskMutation])
    ) throws {
        // Opening read-only first doesn't create a log in a directory that has none.
        _ = try ReadOnlyLog(at: directory)
        try LogChange.make(
            at: directory, remedy: "The program that has it open can change tasks with FlowRunner's functions."
        ) { log in
            let journal = try FlowJournal(log.reader(from: log.cursors[JournalTable.cursor]?.next))
            let (events, mutations) = try change(try journal.task(id), journal)
            var batch = RecordBatch()
            for event in events { FlowRecord(id, event).append(to: &batch) }
            for mutation in mutations { batch.append(TaskCodec.encode(mutation)) }
            _ = try log.appendBlocking(batch)
        }
    }

    static func requireOpen(_ task: TaskJournal) throws {
        guard task.beginning != nil, task.end == nil else {
            throw ToolError(.usage, "The task \(task.id) has ended, or the log has lost its beginning.")
        }
    }

    static func control(
        _ task: TaskJournal, _ action: FlowRecord.Control.Action, paths: [String] = [], graph: UInt64 = 0,
        _ reason: String? = nil
    ) -> FlowRecord.Event {
        .control(
            FlowRecord.Control(
                number: task.nextControl, action: action, time: .now, paths: paths, graph: graph, reason: reason))
    }
}

/// The arguments of the verbs that change a task.
struct FlowTarget: ParsableArguments {
    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Argument(help: "The id of the task.") var task: String
}

struct FlowCancel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Ends a task. The final callback gets its end at the program's next start.")

    @OptionGroup var target: FlowTarget
    @Option(help: "The reason, for people.") var reason: String?

    func run() throws {
        try FlowChange.make(target.directory, target.task) { task, _ in
            try FlowChange.requireOpen(task)
            let end = FlowRecord.Ending(status: .cancelled, time: .now, error: reason)
            return ([.end(end)], [.updateStatus(id: task.id, status: .cancelled, error: reason, time: end.time)])
        }
    }
}

struct FlowPause: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Lets a task begin no new steps from the program's next start on.")

    @OptionGroup var target: FlowTarget

    func run() throws {
        try FlowChange.make(target.directory, target.task) { task, _ in
            try FlowChange.requireOpen(task)
            return ([FlowChange.control(task, .pause)], [])
        }
    }
}

struct FlowResume: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lets a paused task continue at the program's next start.")

    @OptionGroup var target: FlowTarget

    func run() throws {
        try FlowChange.make(target.directory, target.task) { task, _ in
            try FlowChange.requireOpen(task)
            return ([FlowChange.control(task, .resume)], [])
        }
    }
}

struct FlowRetry: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract:
            "Runs the failed steps of a task again at the program's next start, or a step and all that depend on it.")

    @OptionGroup var target: FlowTarget
    @Option(help: "The path of the first step to run again.") var from: String?

    func run() throws {
        try FlowChange.make(target.directory, target.task) { task, journal in
            guard let shape = journal.shape(of: task) else {
                throw ToolError(.usage, "The log doesn't have the graph of \(task.id).")
            }
            let starts = from.map { [$0] } ?? task.steps.filter { $0.value.hasFailed }.keys.sorted()
            guard !starts.isEmpty else {
                throw ToolError(
                    .usage, "No step of \(task.id) has failed. Give the first step to run again with --from.")
            }
            let paths = try starts.flatMap { start in
                guard let paths = shape.paths(dependingOn: start) else {
                    throw ToolError(.usage, "The graph has no step \(start). `wal flow show` has the steps.")
                }
                return paths
            }
            return (
                [FlowChange.control(task, .retry, paths: paths)],
                [.updateStatus(id: task.id, status: .running, error: nil, time: .now)]
            )
        }
    }
}

struct FlowAccept: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract: "Lets a parked task continue with the newest graph of its DAG at the program's next start.")

    @OptionGroup var target: FlowTarget

    func run() throws {
        try FlowChange.make(target.directory, target.task) { task, journal in
            try FlowChange.requireOpen(task)
            guard let key = task.beginning?.dag, let shape = journal.table.newestGraphs[key] else {
                throw ToolError(.usage, "The log has no graph of the DAG of \(task.id).")
            }
            return ([FlowChange.control(task, .accept, graph: GraphShape.hash(try shape.json()))], [])
        }
    }
}

struct FlowSignal: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signal",
        abstract: "Gives a waiting node its value at the program's next start.",
        discussion: "Example: wal flow signal tasks.wal order-7 approve '{\"by\":\"Ann\"}' --id mail-12")

    @OptionGroup var target: FlowTarget
    @Argument(help: "The path of the node.") var node: String
    @Argument(help: "The value, in the form of the DAG's coder: JSON, unless the program says otherwise.") var value:
        String
    @Option(help: "The id of the value. A second value with the same id is ignored.") var id: String?

    func run() throws {
        try FlowChange.make(target.directory, target.task) { task, _ in
            try FlowChange.requireOpen(task)
            let signal = id ?? "\(UInt64.random(in: .min ... .max))"
            return ([.signal(path: node, id: signal, payload: Array(value.utf8))], [])
        }
    }
}
