import Testing
import WAL
import WALTasks
import WALTesting

/// Each storage here has one bug, which a check must find.
@Suite(.timeLimit(.minutes(30))) struct BrokenStorageTests {
    /// The bugs that a storage can have.
    enum Bug: CaseIterable, Sendable {
        case cleansUpByCreation, updatesTheWholeDAG

        /// The check that must find the bug.
        var check: TaskStorageConformance {
            switch self {
            case .cleansUpByCreation: .cleansUp
            case .updatesTheWholeDAG: .updatesStatus
            }
        }
    }

    @Test(arguments: Bug.allCases) func isFound(bug: Bug) async {
        let error = await #expect(throws: ConformanceFailure.self) {
            try await bug.check.run(on: BrokenStorage(bug: bug))
        }
        #expect(error?.check == bug.check.rawValue)
    }

    /// A storage in memory with a bug.
    private struct BrokenStorage: TaskStorage {
        let base = MemoryTaskStore()
        let bug: Bug

        func removeTasks(endedBefore time: Timestamp) async throws {
            guard bug == .cleansUpByCreation else { return try await base.removeTasks(endedBefore: time) }
            for status in [TaskStatus.completed, .failed, .cancelled] {
                for task in try await base.tasks(status: status, limit: 100, offset: 0) where task.createdAt < time {
                    try await base.deleteTask(id: task.id)
                }
            }
        }

        func updateStatus(id: String, to status: TaskStatus, error: String?, at time: Timestamp) async throws {
            guard bug == .updatesTheWholeDAG, let dagID = try await base.task(id: id)?.dagID else {
                return try await base.updateStatus(id: id, to: status, error: error, at: time)
            }
            for task in try await base.tasks(dagID: dagID, limit: 100, offset: 0) {
                try await base.updateStatus(id: task.id, to: status, error: error, at: time)
            }
        }

        func save(_ task: PersistentTask) async throws { try await base.save(task) }
        func save(_ tasks: [PersistentTask]) async throws { try await base.save(tasks) }
        func task(id: String) async throws -> PersistentTask? { try await base.task(id: id) }
        func tasks(dagID: String, limit: Int, offset: Int) async throws -> [PersistentTask] {
            try await base.tasks(dagID: dagID, limit: limit, offset: offset)
        }
        func tasks(status: TaskStatus, limit: Int, offset: Int) async throws -> [PersistentTask] {
            try await base.tasks(status: status, limit: limit, offset: offset)
        }
        func pendingTasks(limit: Int) async throws -> [PersistentTask] { try await base.pendingTasks(limit: limit) }
        func resumableTasks(dagID: String) async throws -> [PersistentTask] {
            try await base.resumableTasks(dagID: dagID)
        }
        func deleteTask(id: String) async throws { try await base.deleteTask(id: id) }
        func deleteTasks(dagID: String) async throws { try await base.deleteTasks(dagID: dagID) }
        func log(_ activity: TaskActivityLog) async throws { try await base.log(activity) }
        func activities(taskID: String, limit: Int, offset: Int) async throws -> [TaskActivityLog] {
            try await base.activities(taskID: taskID, limit: limit, offset: offset)
        }
        func activities(dagID: String, limit: Int, offset: Int) async throws -> [TaskActivityLog] {
            try await base.activities(dagID: dagID, limit: limit, offset: offset)
        }
        func removeActivities(createdBefore time: Timestamp) async throws {
            try await base.removeActivities(createdBefore: time)
        }
        func ping() async throws { try await base.ping() }
        func close() async throws { try await base.close() }
    }
}
