import WALFlow
import WALSQLite
import WALTasks

struct Row: Codable, Sendable {
    var name: String
    var age: Int
}

/// A DAG of names, as programs of the Go library declare it: 1,000 tasks with their activities, and then the storage's figures.
@main
struct SeedDAG {
    static func main() async throws {
        let dag = DAG(name: "Sample", key: "sample") { taskID, result in
            if result.status != .completed { print(taskID, result.status.rawValue) }
        }
        try dag.addNode(.function, "Get data", "GetData") { task in
            task.logActivity("processing", "reading the row")
            return NodeResult(task.payload)
        }
        try dag.addNode(.function, "Validate", "Validate") { task in
            NodeResult(task.payload, status: try task.decode(Row.self).age >= 18 ? "valid" : "invalid")
        }
        try dag.addNode(.function, "Accept", "Accept") { task in
            task.logActivity("accepted")
            return NodeResult(task.payload)
        }
        try dag.addNode(.function, "Refuse", "Refuse") { task in
            task.logActivity("refused", level: "warning")
            return NodeResult(task.payload)
        }
        try dag.addEdge(.simple, "", from: "GetData", to: "Validate")
        try dag.addCondition("Validate", ["valid": "Accept", "invalid": "Refuse"])

        let storage = try await BufferedTaskStorage.sqlite("seed.db", log: "seed.wal")
        try await dag.setTaskStorage(storage)
        for number in 1...1000 {
            try await dag.process(
                try JSON(encoding: Row(name: "person \(number)", age: number % 80)), id: "task-\(number)")
        }
        for number in 1...1000 {
            // A task that has ended is a row of the store.
            guard let manager = try? TaskManager(dag: dag, taskID: "task-\(number)") else { continue }
            _ = try await manager.result()
        }
        try await storage.drain()
        await dag.close()
        let completed = try await storage.tasks(status: .completed, limit: 2000, offset: 0).count
        let figures = storage.statistics
        print("\(completed) tasks completed; \(figures.recordsBuffered) records in \(figures.batchesApplied) batches")
        try await storage.close()
    }
}
