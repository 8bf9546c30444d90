#if MySQL
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALMySQL

    /// The whole path: a log, a flusher, and a server that dies.
    @Suite(.enabled(if: PrivateServer.isWanted, PrivateServer.reason), .serialized)
    struct FlusherTests {
        private func withLog(_ body: (WriteAheadLog) async throws -> Void) async throws {
            let directory = NSTemporaryDirectory() + "wal-mysql-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let log = try await WriteAheadLog.open(at: directory)
            try await body(log)
            try await log.close()
        }

        private func flusher(_ log: WriteAheadLog, _ store: MySQLTaskStore) -> Flusher<TaskSink<MySQLTaskStore>> {
            var configuration = Flusher<TaskSink<MySQLTaskStore>>.Configuration()
            configuration.workerCount = 3
            configuration.batchSize = 50
            configuration.flushInterval = .milliseconds(5)
            configuration.breakerInterval = .milliseconds(100)
            configuration.checkInterval = .milliseconds(100)
            return Flusher(
                log: log, sink: TaskSink(store: store), configuration: configuration, key: { TaskCodec.key(of: $0) })
        }

        /// The server dies four times during batches. No record may be lost, and none may be applied twice.
        @Test(PrivateServer.restarts) func serverDiesAgainAndAgain() async throws {
            let server = try PrivateServer()
            let database = try TestDatabase(on: server)
            let store = try await database.store(writeConnections: 3)
            try await withLog { log in
                let flusher = flusher(log, store)
                let delivery = Task { try await flusher.run() }
                var expected: [String: Int32] = [:]
                for round in 0..<4 {
                    let errors = flusher.statistics.errors
                    for number in 0..<1500 {
                        let id = "task \(number % 100)"
                        expected[id, default: 0] += 1
                        var row = task(id, at: 0)
                        row.retryCount = expected[id] ?? 0
                        _ = try await log.append(TaskCodec.encode(.save(row)))
                        _ = try await log.append(TaskCodec.encode(.log(activity("\(round)/\(number)", task: id))))
                        if number == 200 + round * 100 { try server.crash() }
                        if number == 1000 {
                            try await eventually { flusher.statistics.errors > errors }
                            try server.start()
                        }
                        if number % 100 == 0 { try await Task.sleep(for: .milliseconds(20)) }
                    }
                }
                try await flusher.drain()
                #expect(try database.number("SELECT COUNT(*) FROM dag_task_activity_logs") == 6000)
                for (id, count) in expected { #expect(try await store.task(id: id)?.retryCount == count) }
                #expect(try database.number("SELECT COUNT(*) FROM wal_sink_dead_letter") == 0)
                delivery.cancel()
                _ = await delivery.result
            }
            try await store.close()
        }

        /// The database is set back to an earlier state, and its connections end, while nothing is written.
        @Test func anIdleDatabaseGetsWhatItHasLost() async throws {
            let database = try TestDatabase()
            let store = try await database.store(writeConnections: 3)
            try await withLog { log in
                let flusher = flusher(log, store)
                let delivery = Task { try await flusher.run() }
                for number in 0..<100 { _ = try await log.append(TaskCodec.encode(.save(task("\(number)")))) }
                try await flusher.drain()
                #expect(try database.number("SELECT COUNT(*) FROM dag_tasks") == 100)
                let connections = """
                    SELECT CONCAT('KILL ', id) FROM information_schema.processlist
                    WHERE db = '\(database.name)' AND id <> CONNECTION_ID()
                    """
                // A connection may have ended meanwhile.
                for statement in try database.texts(connections) { try? database.execute(statement) }
                try database.execute(
                    "START TRANSACTION", "DELETE FROM dag_tasks", "UPDATE wal_sink_checkpoint SET position = 0",
                    "COMMIT")
                try await eventually { try database.number("SELECT COUNT(*) FROM dag_tasks") == 100 }
                #expect(flusher.statistics.claimsLost > 0)
                delivery.cancel()
                _ = await delivery.result
            }
            try await store.close()
        }

        /// The record is too large for the server's dead letters, so the flusher keeps it in its own. Everything else is
        /// delivered.
        @Test func recordAboveThePacketLimitIsSetAsideByTheFlusher() async throws {
            let database = try TestDatabase(on: PrivateServer.adjustable.get())
            try database.execute("SET GLOBAL max_allowed_packet = 1048576")
            let store = try await database.store()
            try await withLog { log in
                let large = task("large", payload: "\"" + String(repeating: "x", count: 1_200_000) + "\"")
                for number in 0..<40 { _ = try await log.append(TaskCodec.encode(.save(task("\(number)")))) }
                let sequence = try await log.append(TaskCodec.encode(.save(large)))
                for number in 40..<80 { _ = try await log.append(TaskCodec.encode(.save(task("\(number)")))) }
                let flusher = flusher(log, store)
                let delivery = Task { try await flusher.run() }
                try await flusher.drain()
                #expect(try database.number("SELECT COUNT(*) FROM dag_tasks") == 80)
                var letters = try DeadLetterReader(logDirectory: log.directory)
                let letter = try letters.next()
                #expect(letter?.sequence == sequence && letter?.payload == TaskCodec.encode(.save(large)))
                #expect(try letters.next() == nil)
                delivery.cancel()
                _ = await delivery.result
            }
            try await store.close()
        }

        @Test func bufferedStorageWritesThroughTheLog() async throws {
            let database = try TestDatabase()
            let directory = NSTemporaryDirectory() + "wal-mysql-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let storage = try await BufferedTaskStorage.mysql(database.url, log: directory)
            try await storage.save(task("a"))
            try await storage.updateStatus(id: "a", to: .running, error: nil, at: time(5))
            #expect(try await storage.task(id: "a")?.status == .running)
            try await storage.close()
            #expect(try database.texts("SELECT CONCAT(id, status) FROM dag_tasks") == ["arunning"])
        }
    }
#endif
