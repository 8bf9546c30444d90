internal import WAL
internal import WALTasks

/// A run of one check of ``TaskStorageConformance``.
struct TaskStorageExamination: Sendable {
    let storage: any TaskStorage
    let rule: Rule

    func time(_ second: Int64) -> Timestamp { Timestamp(rawValue: 1_700_000_000_000_000 + second * 1_000_000) }

    func task(_ id: String, dag: String = "dag", _ status: TaskStatus = .pending, created: Int64 = 0) -> PersistentTask
    {
        PersistentTask(id: id, dagID: dag, nodeID: "node", status: status, createdAt: time(created))
    }

    func activity(_ id: String, task: String = "a", dag: String = "dag", created: Int64 = 0) -> TaskActivityLog {
        TaskActivityLog(id: id, taskID: task, dagID: dag, nodeID: "node", action: "start", createdAt: time(created))
    }

    func expect<Value: Equatable>(_ found: Value, _ expected: Value) throws(ConformanceFailure) {
        try rule.expect(found, expected)
    }

    func expectError<Result>(_ what: String, _ body: () async throws -> Result) async throws(ConformanceFailure) {
        try await rule.expectError(what, body)
    }
}
