internal import WAL
internal import WALTasks

extension TaskStorageExamination {
    func logsActivities() async throws {
        var full = activity("full", created: 1)
        (full.message, full.data, full.level) = ("message", #"{"a": 1}"#, "warning")
        try await storage.log(full)
        try await storage.log(activity("early"))
        try await storage.log(activity("other", task: "b", created: 2))
        try await expect(storage.activities(taskID: "a", limit: 10, offset: 0), [activity("early"), full])
        try await expect(storage.activities(taskID: "a", limit: 1, offset: 1), [full])
        try await expect(storage.activities(dagID: "dag", limit: 10, offset: 0).map(\.id), ["early", "full", "other"])
        try await expect(storage.activities(dagID: "dag", limit: 1, offset: 2).map(\.id), ["other"])
        try await expect(storage.activities(taskID: "none", limit: 10, offset: 0), [])
    }

    func ignoresSecondActivity() async throws {
        try await storage.log(activity("1"))
        var second = activity("1", created: 9)
        second.message = "second"
        try await storage.log(second)
        try await expect(storage.activities(taskID: "a", limit: 10, offset: 0), [activity("1")])
    }

    func cleansUp() async throws {
        for (index, status) in TaskStatus.allCases.enumerated() {
            try await storage.save(task("old-\(status)", status, created: Int64(index)))
            try await storage.save(task("new-\(status)", status, created: 100 + Int64(index)))
        }
        // An old task that was changed late. Neither its creation nor its end counts.
        var late = task("old-late", .completed)
        late.completedAt = time(1)
        late.updatedAt = time(100)
        try await storage.save(late)
        try await storage.removeTasks(endedBefore: time(100))
        let ids = try await storage.tasks(dagID: "dag", limit: 100, offset: 0).map(\.id)
        try expect(ids, ["old-late", "old-pending", "old-running"] + TaskStatus.allCases.map { "new-\($0)" })
        try await storage.log(activity("old", created: 1))
        try await storage.log(activity("kept", created: 2))
        try await storage.removeActivities(createdBefore: time(2))
        try await expect(storage.activities(taskID: "a", limit: 10, offset: 0).map(\.id), ["kept"])
        try await expect(storage.activities(dagID: "dag", limit: 10, offset: 0).map(\.id), ["kept"])
    }
}
