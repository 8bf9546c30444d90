import ArgumentParser
import WAL
import WALFlow
import WALTasks

/// A change of a task in a log that no program has open.
enum FlowChange {
    /// Appends the records that `change` returns for a task as one batch. Its errors of flows become errors of the
    /// command line.
    static func make(
        _ directory: String, _ id: String,
        _ change: (TaskJournal, FlowJournal) throws -> ([FlowRecord.Event], [TaskMutation])
    ) throws {
        // The log is opened read-only first. So no log is created in a directory that has none.
        _ = try ReadOnlyLog(at: directory)
        try LogChange.make(
            at: directory, remedy: "The program that has it open can change tasks with FlowRunner's functions."
        ) { log in
            let start = log.cursors[JournalTable.cursor]
            let journal = try FlowJournal(log.reader(from: start?.next), start)
            let events: [FlowRecord.Event]
            let mutations: [TaskMutation]
            do {
                (events, mutations) = try change(try journal.task(id), journal)
            } catch let error as FlowError {
                throw ToolError(.usage, error.message)
            }
            var batch = RecordBatch()
            for event in events { FlowRecord(id, event).append(to: &batch) }
            for mutation in mutations { batch.append(TaskCodec.encode(mutation)) }
            _ = try log.appendBlocking(batch)
        }
    }

    static func requireOpen(_ task: TaskJournal) throws {
        guard task.beginning != nil else { throw ToolError(.usage, "The log has lost the beginning of \(task.id).") }
        if let error = task.endError { throw ToolError(.usage, error.message) }
    }

    /// Returns the graph with which a parked task, or a failed task whose graph has changed, can continue.
    static func newGraph(of task: TaskJournal, _ journal: FlowJournal) -> GraphShape? {
        let newest = task.beginning.flatMap { journal.table.newestGraphs[$0.dag] }
        if task.end?.status == .failed { return newest == journal.table.graphs[task.graph] ? nil : newest }
        return task.parked?.hasPrefix(TaskView.changedGraph) == true ? newest : nil
    }

    /// Throws if a task is parked and no graph of the log lets it continue.
    static func requireNotParked(_ task: TaskJournal) throws {
        guard let parked = task.parked else { return }
        throw ToolError(.usage, "The task \(task.id) needs another program: \(parked). Start that, or cancel the task.")
    }

    /// Returns the control that lets a task continue with a graph. Throws if the task would lose steps that must not
    /// run twice and that `dropping` doesn't name.
    static func accept(
        _ task: TaskJournal, _ journal: FlowJournal, _ new: GraphShape, after count: Int, dropping: [String]
    ) throws -> FlowRecord.Event {
        if let old = journal.table.graphs[task.graph] {
            try GraphChange(from: old, to: new).requireDropped(Set(dropping), of: task)
        }
        return task.control(.accept, after: count, graph: GraphShape.hash(try new.json()), at: .now)
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
            guard !task.isPaused else { throw ToolError(.usage, "The task \(task.id) is paused already.") }
            return ([task.control(.pause, at: .now)], [])
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
            guard task.isPaused else { throw ToolError(.usage, "The task \(task.id) isn't paused.") }
            return ([task.control(.resume, at: .now)], [])
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
            if task.end?.status != .failed { try FlowChange.requireOpen(task) }
            // A failed task gets its graph at the next start of the program.
            let new = task.end == nil ? FlowChange.newGraph(of: task, journal) : nil
            if new == nil { try FlowChange.requireNotParked(task) }
            guard let shape = new ?? journal.shape(of: task) else {
                throw ToolError(.usage, "The log doesn't have the graph of \(task.id).")
            }
            let paths = try shape.paths(toRetry: from, of: task)
            // A task that failed after too many restarts has no failed step.
            guard from != nil || task.end?.status == .failed || !paths.isEmpty else {
                throw ToolError(
                    .usage, "No failure stops \(task.id). Give the first step to run again with --from.")
            }
            var events = [task.control(.retry, paths: paths, at: .now)]
            // Without a path, only what failed was asked for.
            let asked = paths.filter { from != nil || task.steps[$0]?.hasFailed == true }
            if let new { events.append(try FlowChange.accept(task, journal, new, after: 1, dropping: asked)) }
            return (events, [.updateStatus(id: task.id, status: .running, error: nil, time: .now)])
        }
    }
}

struct FlowAccept: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract:
            "Lets a parked task, or a failed one whose graph has changed, continue with the newest graph of its DAG at the program's next start.",
        discussion: """
            The failed steps of a failed task run again. Steps whose results the new graph doesn't have are ignored, and new ones run. So a step that got another name runs again.
            """)

    @OptionGroup var target: FlowTarget
    @Option(
        help:
            "A step that must not run twice, that ran, and that the new graph runs again or doesn't have; or a path above such steps. What they did may be done again."
    )
    var drop: [String] = []

    func run() throws {
        try FlowChange.make(target.directory, target.task) { task, journal in
            guard task.beginning != nil, let new = FlowChange.newGraph(of: task, journal) else {
                try FlowChange.requireOpen(task)
                try FlowChange.requireNotParked(task)
                throw ToolError(.usage, "The task \(task.id) isn't parked.")
            }
            guard task.end != nil else {
                return ([try FlowChange.accept(task, journal, new, after: 0, dropping: drop)], [])
            }
            let paths = try new.paths(toRetry: nil, of: task, dropping: Set(drop))
            let retry = task.control(.retry, paths: paths, at: .now)
            let accept = try FlowChange.accept(task, journal, new, after: 1, dropping: drop)
            return ([retry, accept], [.updateStatus(id: task.id, status: .running, error: nil, time: .now)])
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
    @Argument(help: "The value as JSON.") var value: String
    @Option(help: "The id of the value. A second value with the same id is ignored.") var id: String?
    @Flag(help: "Take the value as it is. For a DAG whose coder doesn't write JSON.") var raw = false

    func run() throws {
        if !raw, let offset = JSONValidator.firstError(in: value.utf8.span) {
            throw ToolError(
                .usage,
                "The value isn't JSON at byte \(offset). A text needs quotation marks: '\"yes\"'. --raw takes any value."
            )
        }
        try FlowChange.make(target.directory, target.task) { task, journal in
            try FlowChange.requireOpen(task)
            if let shape = FlowChange.newGraph(of: task, journal) ?? journal.shape(of: task) {
                try shape.requireWait(at: node)
            }
            let signal = id ?? "\(UInt64.random(in: .min ... .max))"
            return ([.signal(path: node, id: signal, payload: Array(value.utf8))], [])
        }
    }
}
