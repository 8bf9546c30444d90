internal import WAL
internal import WALTasks

extension TaskStorageExamination {
    func listsByDAG() async throws {
        for (id, created) in [("c", 1), ("b", 1), ("a", 2), ("d", 0)] as [(String, Int64)] {
            try await storage.save(task(id, created: created))
        }
        try await storage.save(task("other", dag: "other"))
        let ids = try await storage.tasks(dagID: "dag", limit: 10, offset: 0).map(\.id)
        try expect(ids, ["d", "b", "c", "a"])
        try await expect(storage.tasks(dagID: "dag", limit: 2, offset: 1).map(\.id), ["b", "c"])
        try await expect(storage.tasks(dagID: "dag", limit: 2, offset: 3).map(\.id), ["a"])
        try await expect(storage.tasks(dagID: "dag", limit: 2, offset: 4), [])
        try await expect(storage.tasks(dagID: "dag", limit: 0, offset: 0), [])
    }

    func listsByStatus() async throws {
        for (index, status) in TaskStatus.allCases.enumerated() {
            try await storage.save(task("old-\(status)", status, created: Int64(index)))
            try await storage.save(task("new-\(status)", status, created: Int64(index) + 10))
        }
        for status in TaskStatus.allCases {
            let ids = try await storage.tasks(status: status, limit: 10, offset: 0).map(\.id)
            try expect(ids, ["old-\(status)", "new-\(status)"])
            try await expect(storage.tasks(status: status, limit: 1, offset: 1).map(\.id), ["new-\(status)"])
        }
    }

    func listsPending() async throws {
        for (id, priority, created) in [("a", 0, 0), ("b", 5, 3), ("c", 5, 1), ("d", -1, 0)] as [(String, Int32, Int64)]
        {
            var task = task(id, created: created)
            task.priority = priority
            try await storage.save(task)
        }
        try await storage.save(task("running", .running))
        try await expect(storage.pendingTasks(limit: 10).map(\.id), ["c", "b", "a", "d"])
        try await expect(storage.pendingTasks(limit: 2).map(\.id), ["c", "b"])
    }

    func listsResumable() async throws {
        for (index, status) in TaskStatus.allCases.enumerated() {
            try await storage.save(task("\(status)", status, created: Int64(index)))
        }
        var spent = task("spent", .failed)
        spent.retryCount = spent.maxRetries
        try await storage.save(spent)
        try await storage.save(task("other", dag: "other"))
        try await expect(storage.resumableTasks(dagID: "dag").map(\.id), ["pending", "running", "failed"])
    }

    /// Two storages need the same order, because otherwise their pages can't be merged.
    func ordersIDsByBytes() async throws {
        let ids = ["-", "B", "Z", "_", "a", "ab", "b", "é", "🙂"]
        for id in ids.reversed() {
            try await storage.save(task(id))
            try await storage.log(activity(id))
        }
        try await expect(storage.tasks(dagID: "dag", limit: 100, offset: 0).map(\.id), ids)
        try await expect(storage.tasks(status: .pending, limit: 100, offset: 0).map(\.id), ids)
        try await expect(storage.pendingTasks(limit: 100).map(\.id), ids)
        try await expect(storage.resumableTasks(dagID: "dag").map(\.id), ids)
        try await expect(storage.activities(taskID: "a", limit: 100, offset: 0).map(\.id), ids)
        try await expect(storage.activities(dagID: "dag", limit: 100, offset: 0).map(\.id), ids)
    }
}
