import WALSQLite
import WALTasks

@main
struct BufferSQLite {
    static func main() async throws {
        let storage = try await BufferedTaskStorage.sqlite("tasks.db", log: "tasks.wal")

        try await storage.save(PersistentTask(id: "task-1", dagID: "orders", nodeID: "charge", status: .running))
        try await storage.log(
            TaskActivityLog(id: "activity-1", taskID: "task-1", dagID: "orders", nodeID: "charge", action: "started"))
        try await storage.updateStatus(id: "task-1", to: .completed, error: nil, at: .now)

        // A query sees this process's writes at once. SQLite has them some 5 seconds later.
        if let task = try await storage.task(id: "task-1") { print(task.id, task.status.rawValue) }
        try await storage.close()
    }
}
