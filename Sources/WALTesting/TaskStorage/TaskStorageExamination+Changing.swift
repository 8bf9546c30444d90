internal import WAL
internal import WALTasks

extension TaskStorageExamination {
    func updatesStatus() async throws {
        var expected = task("a")
        let other = task("A")
        try await storage.save([expected, other])
        let steps: [(TaskStatus, String?)] = [
            (.running, nil), (.pending, "again"), (.running, nil), (.failed, "why"), (.running, nil), (.completed, nil),
            (.cancelled, nil),
        ]
        for (index, (status, error)) in steps.enumerated() {
            let now = time(Int64(index + 1))
            try await storage.updateStatus(id: "a", to: status, error: error, at: now)
            (expected.status, expected.error, expected.updatedAt) = (status, error, now)
            if status == .running, expected.startedAt == nil { expected.startedAt = now }
            if [.completed, .failed, .cancelled].contains(status) { expected.completedAt = now }
            try await expect(storage.task(id: "a"), expected)
        }
        try await expect(storage.tasks(status: .cancelled, limit: 10, offset: 0), [expected])
        try await expect(storage.tasks(status: .pending, limit: 10, offset: 0), [other])
    }

    func ignoresUnknownTasks() async throws {
        try await storage.updateStatus(id: "a", to: .running, error: nil, at: time(1))
        try await storage.deleteTask(id: "a")
        try await storage.deleteTasks(dagID: "dag")
        try await expect(storage.task(id: "a"), nil)
    }

    func deletes() async throws {
        try await storage.save([task("a"), task("b")])
        try await storage.log(activity("1"))
        try await storage.deleteTask(id: "a")
        try await expect(storage.task(id: "a"), nil)
        try await expect(storage.tasks(dagID: "dag", limit: 10, offset: 0).map(\.id), ["b"])
        try await expect(storage.activities(taskID: "a", limit: 10, offset: 0).count, 1)
        let second = task("a", dag: "new", created: 5)
        try await storage.save(second)
        try await expect(storage.task(id: "a"), second)
    }

    func deletesDAG() async throws {
        try await storage.save([task("a"), task("b"), task("c", dag: "other")])
        try await storage.log(activity("1"))
        try await storage.deleteTasks(dagID: "dag")
        try await expect(storage.tasks(dagID: "dag", limit: 10, offset: 0), [])
        try await expect(storage.tasks(status: .pending, limit: 10, offset: 0).map(\.id), ["c"])
        try await expect(storage.activities(dagID: "dag", limit: 10, offset: 0).count, 1)
        try await storage.save(task("a", created: 3))
        try await expect(storage.tasks(dagID: "dag", limit: 10, offset: 0), [task("a", created: 3)])
    }
}
