import ArgumentParser
import WALTasks

struct Tasks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the tasks of a store, or the activities of a task.",
        discussion: """
            STORE is one of \(StoreArgument.forms). With --json, each line has the form that `wal ingest` reads.
            Give --task, --dag or --status; a task must meet all of them. With --activities, give --task or --dag alone.

            Example: wal tasks sqlite:tasks.db --status failed
            """)

    @Argument(help: "The store.") var store: StoreArgument
    @Option(help: "Only tasks of the DAG with this key.") var dag: String?
    @Option(help: "Only tasks in this status: pending, running, completed, failed or cancelled.")
    var status: StatusArgument?
    @Option(help: "Only the task with this id.") var task: String?
    @Flag(help: "Print the activities of the task, or of the DAG.") var activities = false
    @Option(help: "The largest number of lines.") var limit = 1000
    @Flag(help: "Print JSON, one object a line.") var json = false

    func validate() throws {
        guard !activities || task != nil || dag != nil else {
            throw ValidationError("Give --task or --dag with --activities.")
        }
        guard !activities || (task == nil || dag == nil) && status == nil else {
            throw ValidationError("With --activities, give --task or --dag alone.")
        }
        guard task != nil || dag != nil || status != nil else {
            throw ValidationError("Give --task, --dag or --status.")
        }
        guard limit > 0 else { throw ValidationError("--limit takes a positive number.") }
    }

    func run() async throws {
        // This throws if the store doesn't exist. An opening for writing would create it.
        try await store.inspect().close()
        let store = try await store.open(workers: 1)
        do {
            try await print(from: store)
        } catch {
            try? await store.close()
            throw error
        }
        try await store.close()
    }

    private func print(from store: any TaskStore) async throws {
        var output = StandardOutput()
        if activities {
            for activity in try await activities(of: store) { try output.write(line: line(activity)) }
        } else {
            for task in try await tasks(of: store) { try output.write(line: line(task)) }
        }
        try output.flush()
    }

    private func activities(of store: any TaskStore) async throws -> [TaskActivityLog] {
        if let task { return try await store.activities(taskID: task, limit: limit, offset: 0) }
        return try await store.activities(dagID: dag ?? "", limit: limit, offset: 0)
    }

    private func tasks(of store: any TaskStore) async throws -> [PersistentTask] {
        if let task {
            guard let found = try await store.task(id: task), isWanted(found) else { return [] }
            return [found]
        }
        guard let status = status?.value else {
            return try await store.tasks(dagID: dag ?? "", limit: limit, offset: 0)
        }
        guard let dag else { return try await store.tasks(status: status, limit: limit, offset: 0) }
        // Stores have no query for both a DAG and a status.
        var (found, offset): ([PersistentTask], Int) = ([], 0)
        while found.count < limit {
            let page = try await store.tasks(dagID: dag, limit: 1000, offset: offset)
            found += page.filter { $0.status == status }
            guard page.count == 1000 else { break }
            offset += page.count
        }
        return Array(found.prefix(limit))
    }

    /// Returns whether a task meets the conditions besides its id.
    private func isWanted(_ task: PersistentTask) -> Bool {
        if let dag, task.dagID != dag { return false }
        if let status, task.status != status.value { return false }
        return true
    }

    private func line(_ task: PersistentTask) -> [UInt8] {
        guard !json else { return TaskLine(.save(task)).bytes }
        let fields = [
            task.id, task.dagID, task.status.rawValue, task.currentNodeID ?? "", task.processingState ?? "",
            "\(task.updatedAt)", task.error ?? "",
        ]
        return Array(TextLine.joined(fields).utf8)
    }

    private func line(_ activity: TaskActivityLog) -> [UInt8] {
        guard !json else { return TaskLine(.log(activity)).bytes }
        let fields = [
            "\(activity.createdAt)", activity.level, activity.taskID, activity.nodeID, activity.action,
            activity.message ?? "",
        ]
        return Array(TextLine.joined(fields).utf8)
    }
}

/// A task's status as an argument of the command line.
struct StatusArgument: ExpressibleByArgument {
    let value: TaskStatus

    init?(argument: String) {
        guard let value = TaskStatus(rawValue: argument) else { return nil }
        self.value = value
    }
}
