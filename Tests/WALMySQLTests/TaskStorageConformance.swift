import Testing
import WAL
import WALTasks

/// What every ``TaskStorage`` has to do, whatever is behind it. Each check wants an empty storage.
enum TaskStorageConformance: String, CaseIterable, Sendable {
    case savesAndLoads, keepsDAGAndCreation, savesMany, listsByDAG, listsByStatus, listsPending, listsResumable
    case updatesStatus, ignoresUnknownTasks, deletes, deletesDAG, logsActivities, ignoresSecondActivity, cleansUp
    case refuses, closes

    func check(_ storage: any TaskStorage) async throws {
        switch self {
        case .savesAndLoads: try await savesAndLoads(storage)
        case .keepsDAGAndCreation: try await keepsDAGAndCreation(storage)
        case .savesMany: try await savesMany(storage)
        case .listsByDAG: try await listsByDAG(storage)
        case .listsByStatus: try await listsByStatus(storage)
        case .listsPending: try await listsPending(storage)
        case .listsResumable: try await listsResumable(storage)
        case .updatesStatus: try await updatesStatus(storage)
        case .ignoresUnknownTasks: try await ignoresUnknownTasks(storage)
        case .deletes: try await deletes(storage)
        case .deletesDAG: try await deletesDAG(storage)
        case .logsActivities: try await logsActivities(storage)
        case .ignoresSecondActivity: try await ignoresSecondActivity(storage)
        case .cleansUp: try await cleansUp(storage)
        case .refuses: try await refuses(storage)
        case .closes: try await closes(storage)
        }
    }

    private func time(_ second: Int64) -> Timestamp { Timestamp(rawValue: 1_700_000_000_000_000 + second * 1_000_000) }

    private func task(_ id: String, dag: String = "dag", _ status: TaskStatus = .pending, created: Int64 = 0)
        -> PersistentTask
    {
        PersistentTask(id: id, dagID: dag, nodeID: "node", status: status, createdAt: time(created))
    }

    private func activity(_ id: String, task: String = "a", created: Int64 = 0) -> TaskActivityLog {
        TaskActivityLog(id: id, taskID: task, dagID: "dag", nodeID: "node", action: "start", createdAt: time(created))
    }

    private func savesAndLoads(_ storage: any TaskStorage) async throws {
        let full = PersistentTask(
            id: "ü/1", dagID: "dag", nodeID: "node", currentNodeID: "current", subDAGPath: "a/b",
            processingState: "state",
            payload: #"{"a":[1,2.5,"x"]}"#, status: .failed, createdAt: time(1), updatedAt: time(2), startedAt: time(3),
            completedAt: time(4), error: "went wrong", retryCount: 2, maxRetries: .max, priority: .min)
        try await storage.save(full)
        try await storage.save(task("plain"))
        #expect(try await storage.task(id: "ü/1") == full)
        #expect(try await storage.task(id: "plain") == task("plain"))
        #expect(try await storage.task(id: "none") == nil)
        try await storage.ping()
    }

    private func keepsDAGAndCreation(_ storage: any TaskStorage) async throws {
        try await storage.save(task("a", dag: "first", created: 1))
        var second = task("a", dag: "second", .running, created: 9)
        second.payload = "[]"
        try await storage.save(second)
        second.dagID = "first"
        second.createdAt = time(1)
        #expect(try await storage.task(id: "a") == second)
        #expect(try await storage.tasks(dagID: "second", limit: 10, offset: 0).isEmpty)
    }

    private func savesMany(_ storage: any TaskStorage) async throws {
        let tasks = (0..<50).map { task("t\($0)", created: Int64($0)) }
        try await storage.save(tasks)
        try await storage.save([])
        #expect(try await storage.tasks(dagID: "dag", limit: 100, offset: 0) == tasks)
        var bad = task("bad")
        bad.payload = "{"
        let tooMany = [task("good"), bad]
        await #expect(throws: (any Error).self) { try await storage.save(tooMany) }
        #expect(try await storage.task(id: "good") == nil)
    }

    private func listsByDAG(_ storage: any TaskStorage) async throws {
        for (id, created) in [("c", 1), ("b", 1), ("a", 2), ("d", 0)] as [(String, Int64)] {
            try await storage.save(task(id, created: created))
        }
        try await storage.save(task("other", dag: "other"))
        let ids = try await storage.tasks(dagID: "dag", limit: 10, offset: 0).map(\.id)
        #expect(ids == ["d", "b", "c", "a"])
        #expect(try await storage.tasks(dagID: "dag", limit: 2, offset: 1).map(\.id) == ["b", "c"])
        #expect(try await storage.tasks(dagID: "dag", limit: 2, offset: 3).map(\.id) == ["a"])
        #expect(try await storage.tasks(dagID: "dag", limit: 2, offset: 4).isEmpty)
        #expect(try await storage.tasks(dagID: "dag", limit: 0, offset: 0).isEmpty)
    }

    private func listsByStatus(_ storage: any TaskStorage) async throws {
        for (index, status) in TaskStatus.allCases.enumerated() {
            try await storage.save(task("old-\(status)", status, created: Int64(index)))
            try await storage.save(task("new-\(status)", status, created: Int64(index) + 10))
        }
        for status in TaskStatus.allCases {
            let ids = try await storage.tasks(status: status, limit: 10, offset: 0).map(\.id)
            #expect(ids == ["old-\(status)", "new-\(status)"])
            #expect(try await storage.tasks(status: status, limit: 1, offset: 1).map(\.id) == ["new-\(status)"])
        }
    }

    private func listsPending(_ storage: any TaskStorage) async throws {
        for (id, priority, created) in [("a", 0, 0), ("b", 5, 3), ("c", 5, 1), ("d", -1, 0)] as [(String, Int32, Int64)]
        {
            var task = task(id, created: created)
            task.priority = priority
            try await storage.save(task)
        }
        try await storage.save(task("running", .running))
        #expect(try await storage.pendingTasks(limit: 10).map(\.id) == ["c", "b", "a", "d"])
        #expect(try await storage.pendingTasks(limit: 2).map(\.id) == ["c", "b"])
    }

    private func listsResumable(_ storage: any TaskStorage) async throws {
        for (index, status) in TaskStatus.allCases.enumerated() {
            try await storage.save(task("\(status)", status, created: Int64(index)))
        }
        var spent = task("spent", .failed)
        spent.retryCount = spent.maxRetries
        try await storage.save(spent)
        try await storage.save(task("other", dag: "other"))
        #expect(try await storage.resumableTasks(dagID: "dag").map(\.id) == ["pending", "running", "failed"])
    }

    private func updatesStatus(_ storage: any TaskStorage) async throws {
        try await storage.save(task("a"))
        try await storage.updateStatus(id: "a", to: .running, error: nil, at: time(1))
        try await storage.updateStatus(id: "a", to: .failed, error: "why", at: time(2))
        var expected = task("a", .failed)
        (expected.startedAt, expected.completedAt, expected.updatedAt, expected.error) = (
            time(1), time(2), time(2), "why"
        )
        #expect(try await storage.task(id: "a") == expected)
        try await storage.updateStatus(id: "a", to: .running, error: nil, at: time(3))
        (expected.status, expected.updatedAt, expected.error) = (.running, time(3), nil)
        #expect(try await storage.task(id: "a") == expected)
        try await storage.updateStatus(id: "a", to: .completed, error: nil, at: time(4))
        (expected.status, expected.updatedAt, expected.completedAt) = (.completed, time(4), time(4))
        #expect(try await storage.task(id: "a") == expected)
        #expect(try await storage.tasks(status: .completed, limit: 10, offset: 0) == [expected])
        #expect(try await storage.tasks(status: .failed, limit: 10, offset: 0).isEmpty)
    }

    private func ignoresUnknownTasks(_ storage: any TaskStorage) async throws {
        try await storage.updateStatus(id: "a", to: .running, error: nil, at: time(1))
        try await storage.deleteTask(id: "a")
        try await storage.deleteTasks(dagID: "dag")
        #expect(try await storage.task(id: "a") == nil)
    }

    private func deletes(_ storage: any TaskStorage) async throws {
        try await storage.save([task("a"), task("b")])
        try await storage.log(activity("1"))
        try await storage.deleteTask(id: "a")
        #expect(try await storage.task(id: "a") == nil)
        #expect(try await storage.tasks(dagID: "dag", limit: 10, offset: 0).map(\.id) == ["b"])
        #expect(try await storage.activities(taskID: "a", limit: 10, offset: 0).count == 1)
        let second = task("a", dag: "new", created: 5)
        try await storage.save(second)
        #expect(try await storage.task(id: "a") == second)
    }

    private func deletesDAG(_ storage: any TaskStorage) async throws {
        try await storage.save([task("a"), task("b"), task("c", dag: "other")])
        try await storage.log(activity("1"))
        try await storage.deleteTasks(dagID: "dag")
        #expect(try await storage.tasks(dagID: "dag", limit: 10, offset: 0).isEmpty)
        #expect(try await storage.tasks(status: .pending, limit: 10, offset: 0).map(\.id) == ["c"])
        #expect(try await storage.activities(dagID: "dag", limit: 10, offset: 0).count == 1)
        try await storage.save(task("a", created: 3))
        #expect(try await storage.tasks(dagID: "dag", limit: 10, offset: 0) == [task("a", created: 3)])
    }

    private func logsActivities(_ storage: any TaskStorage) async throws {
        var full = activity("full", created: 1)
        (full.message, full.data, full.level) = ("message", #"{"a":1}"#, "warning")
        try await storage.log(full)
        try await storage.log(activity("early"))
        try await storage.log(activity("other", task: "b", created: 2))
        #expect(try await storage.activities(taskID: "a", limit: 10, offset: 0) == [activity("early"), full])
        #expect(try await storage.activities(taskID: "a", limit: 1, offset: 1) == [full])
        #expect(
            try await storage.activities(dagID: "dag", limit: 10, offset: 0).map(\.id) == ["early", "full", "other"])
        #expect(try await storage.activities(dagID: "dag", limit: 1, offset: 2).map(\.id) == ["other"])
        #expect(try await storage.activities(taskID: "none", limit: 10, offset: 0).isEmpty)
    }

    private func ignoresSecondActivity(_ storage: any TaskStorage) async throws {
        try await storage.log(activity("1"))
        var second = activity("1", created: 9)
        second.message = "second"
        try await storage.log(second)
        #expect(try await storage.activities(taskID: "a", limit: 10, offset: 0) == [activity("1")])
    }

    private func cleansUp(_ storage: any TaskStorage) async throws {
        for (index, status) in TaskStatus.allCases.enumerated() {
            try await storage.save(task("old-\(status)", status, created: Int64(index)))
            try await storage.save(task("new-\(status)", status, created: 100 + Int64(index)))
        }
        try await storage.removeTasks(endedBefore: time(100))
        let ids = try await storage.tasks(dagID: "dag", limit: 100, offset: 0).map(\.id)
        #expect(ids == ["old-pending", "old-running"] + TaskStatus.allCases.map { "new-\($0)" })
        try await storage.log(activity("old", created: 1))
        try await storage.log(activity("kept", created: 2))
        try await storage.removeActivities(createdBefore: time(2))
        #expect(try await storage.activities(taskID: "a", limit: 10, offset: 0).map(\.id) == ["kept"])
        #expect(try await storage.activities(dagID: "dag", limit: 10, offset: 0).map(\.id) == ["kept"])
    }

    private func refuses(_ storage: any TaskStorage) async throws {
        await #expect(throws: (any Error).self) { try await storage.save(self.task("")) }
        await #expect(throws: (any Error).self) { try await storage.save(self.task("a\0")) }
        await #expect(throws: (any Error).self) { try await storage.log(self.activity("")) }
        var bad = activity("1")
        bad.data = "{"
        let refused = bad
        await #expect(throws: (any Error).self) { try await storage.log(refused) }
        await #expect(throws: (any Error).self) { try await storage.tasks(dagID: "dag", limit: -1, offset: 0) }
        #expect(try await storage.tasks(status: .pending, limit: 10, offset: 0).isEmpty)
    }

    private func closes(_ storage: any TaskStorage) async throws {
        try await storage.save(task("a"))
        try await storage.close()
        await #expect(throws: (any Error).self) { try await storage.task(id: "a") }
        await #expect(throws: (any Error).self) { try await storage.save(self.task("b")) }
        await #expect(throws: (any Error).self) { try await storage.ping() }
    }
}
