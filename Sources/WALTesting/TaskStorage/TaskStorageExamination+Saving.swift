internal import WAL
internal import WALTasks

extension TaskStorageExamination {
    func savesAndLoads() async throws {
        // The payload is JSON in the form in which databases with a JSON type return it.
        let full = PersistentTask(
            id: "ü/1", dagID: "dag", nodeID: "node", currentNodeID: "current", subDAGPath: "a/b",
            processingState: "state",
            payload: #"{"a": [1, 2.5, "x"]}"#, status: .failed,
            createdAt: Timestamp(rawValue: time(1).rawValue + 123_456), updatedAt: time(2),
            startedAt: time(3), completedAt: time(4), error: "went wrong", retryCount: 2, maxRetries: .max,
            priority: .min)
        try await storage.save(full)
        let bare = PersistentTask(id: " ", dagID: "", nodeID: "", createdAt: Timestamp(rawValue: -5))
        try await storage.save(bare)
        try await expect(storage.task(id: "ü/1"), full)
        try await expect(storage.task(id: " "), bare)
        try await expect(storage.task(id: "none"), nil)
        try await storage.ping()
    }

    func keepsDAGAndCreation() async throws {
        try await storage.save(task("a", dag: "first", created: 1))
        var second = task("a", dag: "second", .running, created: 9)
        second.payload = "[]"
        try await storage.save(second)
        second.dagID = "first"
        second.createdAt = time(1)
        try await expect(storage.task(id: "a"), second)
        try await expect(storage.tasks(dagID: "second", limit: 10, offset: 0), [])
    }

    func savesMany() async throws {
        let tasks = (0..<50).map { task("t\($0)", created: Int64($0)) }
        try await storage.save(tasks)
        try await storage.save([])
        try await expect(storage.tasks(dagID: "dag", limit: 100, offset: 0), tasks)
        var bad = task("bad")
        bad.payload = "{"
        let partlyBad = [task("good"), bad]
        try await expectError("save of two tasks, the second with a bad payload") { try await storage.save(partlyBad) }
        try await expect(storage.task(id: "good"), nil)
    }

    func refuses() async throws {
        try await expectError("save with an empty id") { try await storage.save(task("")) }
        try await expectError("save with a NUL in the id") { try await storage.save(task("a\0")) }
        try await expectError("log with an empty id") { try await storage.log(activity("")) }
        var bad = activity("1")
        bad.data = "{"
        let refused = bad
        try await expectError("log with data that isn't JSON") { try await storage.log(refused) }
        try await expectError("a limit below 0") { try await storage.tasks(dagID: "dag", limit: -1, offset: 0) }
        try await expect(storage.tasks(status: .pending, limit: 10, offset: 0), [])
    }

    func closes() async throws {
        try await storage.save(task("a"))
        try await storage.close()
        try await expectError("task(id:)") { try await storage.task(id: "a") }
        try await expectError("save") { try await storage.save(task("b")) }
        try await expectError("ping") { try await storage.ping() }
    }

    /// Checks ids that differ only in case, spaces or Unicode form. A collation that folds case or pads with spaces
    /// merges two tasks into one. So does a comparison by Unicode equivalence, because an umlaut can be one scalar or
    /// two.
    func distinguishesIDs() async throws {
        let ids = ["a", "A", "a ", " a", "\u{E4}", "a\u{308}", "a/1", "🙂"]
        let tasks = ids.enumerated().map { number, id in
            var task = task(id, dag: id)
            // Swift compares the two umlauts as equal, so a number distinguishes the returned tasks.
            task.retryCount = Int32(number)
            return task
        }
        for task in tasks { try await storage.save(task) }
        for id in ids { try await storage.log(activity(id + "1", task: id, dag: id)) }
        for task in tasks {
            try await expect(storage.task(id: task.id), task)
            try await expect(storage.tasks(dagID: task.dagID, limit: 10, offset: 0), [task])
            try await expect(storage.activities(taskID: task.id, limit: 10, offset: 0).count, 1)
            try await expect(storage.activities(dagID: task.dagID, limit: 10, offset: 0).count, 1)
        }
        try await storage.deleteTask(id: "a")
        try await storage.deleteTasks(dagID: "\u{E4}")
        for task in tasks where task.retryCount != 0 && task.retryCount != 4 {
            try await expect(storage.task(id: task.id), task)
        }
        try await expect(storage.task(id: "a"), nil)
        try await expect(storage.task(id: "\u{E4}"), nil)
    }

    func takesLargeTexts() async throws {
        var large = task(String(repeating: "i", count: 512))
        large.payload = "\"" + String(repeating: "0123456789", count: 10_000) + "\""
        large.error = String(repeating: "ü", count: 16_000)
        try await storage.save(large)
        try await expect(storage.task(id: large.id), large)
    }
}
