#if Postgres
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALTasks

    @testable import WALPostgres

    @Suite(.needsServer) struct FlusherTests {
        /// A server crashes four times while several workers deliver random changes. Afterwards the database has the same rows as
        /// memory: each change once, in order.
        @Test func killedServerGetsEveryChangeOnce() async throws {
            let server = try PrivateServer()
            let database = try TemporaryDatabase(on: server)
            let directory = NSTemporaryDirectory() + "wal-postgres-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: directory) }
            var configuration = BufferedTaskStorage<PostgresTaskStore>.Configuration()
            configuration.flushInterval = .milliseconds(2)
            configuration.workerCount = 4
            let storage = try await BufferedTaskStorage.postgres(
                database.conninfo, log: directory, configuration: configuration)
            let memory = MemoryTaskStore()
            try await storage.save(task("before"))
            try await memory.save(task("before"))
            try await storage.drain()
            // The flusher certainly notices the first outage.
            try server.crash()
            try await storage.save(task("meanwhile"))
            try await memory.save(task("meanwhile"))
            try await eventually { storage.statistics.failedBatches > 0 }
            try server.start()
            let killing = Task {
                for _ in 0..<3 {
                    try await Task.sleep(for: .milliseconds(.random(in: 100...400)))
                    try server.crash()
                    try server.start()
                }
            }
            var random = RandomMutations(seed: 11)
            random.barrierChance = 0.01
            for mutation in random.list(4000) {
                try await apply(mutation, to: storage)
                try await apply(mutation, to: memory)
                if Int.random(in: 0..<10) == 0 { try await Task.sleep(for: .milliseconds(1)) }
            }
            try await killing.value
            try await storage.drain()
            try await storage.close()
            let store = try await database.store()
            #expect(try await StorageContents(of: store) == StorageContents(of: memory))
            #expect(try database.number("SELECT count(*) FROM wal_sink_dead_letter") == 0)
            try await store.close()
        }

        @Test func serverThatIsAwayForAWhileIsWaitedFor() async throws {
            let server = try PrivateServer()
            let database = try TemporaryDatabase(on: server)
            let directory = NSTemporaryDirectory() + "wal-postgres-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: directory) }
            var configuration = BufferedTaskStorage<PostgresTaskStore>.Configuration()
            configuration.flushInterval = .milliseconds(50)
            configuration.maxFlushRetries = 1_000_000
            let storage = try await BufferedTaskStorage.postgres(
                database.conninfo, log: directory, configuration: configuration)
            try await storage.save(task("before"))
            try await storage.drain()
            try server.stop()
            try await storage.save(task("meanwhile"))
            try await eventually { storage.statistics.failedBatches > 0 }
            try server.start()
            try await storage.drain()
            #expect(try database.texts("SELECT id FROM dag_tasks ORDER BY id") == ["before", "meanwhile"])
            try await storage.close()
        }

        private func apply(_ mutation: TaskMutation, to storage: some TaskStorage) async throws {
            switch mutation {
            case .save(let task): try await storage.save(task)
            case .log(let activity): try await storage.log(activity)
            case .updateStatus(let id, let status, let error, let time):
                try await storage.updateStatus(id: id, to: status, error: error, at: time)
            case .delete(let id): try await storage.deleteTask(id: id)
            case .deleteDAG(let id): try await storage.deleteTasks(dagID: id)
            case .removeTasks(let time): try await storage.removeTasks(endedBefore: time)
            case .removeActivities(let time): try await storage.removeActivities(createdBefore: time)
            }
        }
    }
#endif
