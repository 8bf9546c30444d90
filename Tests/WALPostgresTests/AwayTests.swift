#if Postgres
    import Foundation
    import Logging
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALPostgres

    /// An unreachable database must not stop its clients.
    @Suite(.needsServer, .timeLimit(.minutes(30))) struct AwayTests {
        /// The default breaker would wait for 5 seconds after the server's return.
        private var quick: TaskBufferConfiguration {
            var configuration = TaskBufferConfiguration()
            configuration.flushInterval = .milliseconds(50)
            configuration.maxFlushRetries = 1_000_000
            return configuration
        }

        private static let seconds =
            ProcessInfo.processInfo.environment["WAL_AWAY_SECONDS"].flatMap(Int.init) ?? 1

        @Test func changesAreTakenWhileTheServerIsAwayAndArriveWhenItIsBack() async throws {
            let server = try PrivateServer()
            let database = try TemporaryDatabase(on: server)
            let log = NSTemporaryDirectory() + "wal-away-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: log) }
            let storage = try await BufferedTaskStorage.postgres(database.conninfo, log: log, configuration: quick)
            try await storage.save(task("before"))
            try await storage.drain()
            try server.crash()
            let end = ContinuousClock.now + .seconds(Self.seconds)
            var count = 0
            func isSeen() -> Bool {
                storage.statistics.failedBatches > 0 && storage.statistics.lag > .seconds(Self.seconds) / 2
            }
            while ContinuousClock.now < end || !isSeen() {
                for _ in 0..<100 {
                    try await storage.save(task("away-\(count)"))
                    count += 1
                }
                try await Task.sleep(for: .milliseconds(5))
            }
            let behind = storage.statistics
            #expect(behind.depth == UInt64(count))
            try server.start()
            try await storage.drain()
            #expect(storage.statistics.depth == 0)
            #expect(try database.number("SELECT count(*) FROM dag_tasks") == Int64(count) + 1)
            try await storage.close()
        }

        /// A service and its database may start in any order. The database has no tables either.
        @Test func opensBeforeTheServerIsStarted() async throws {
            let server = try PrivateServer()
            let database = try TemporaryDatabase(on: server)
            try server.stop()
            let log = NSTemporaryDirectory() + "wal-away-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: log) }
            let messages = RecordingLog()
            let storage = try await BufferedTaskStorage.postgres(
                database.conninfo, log: log, configuration: quick, logger: messages.logger)
            for number in 0..<500 { try await storage.save(task("t\(number)")) }
            func warnings() -> Int { messages.messages.all.count { $0.text.hasPrefix("opened without the store") } }
            try await eventually { warnings() == 1 }
            #expect(storage.statistics.depth == 500)
            try server.start()
            try await storage.drain()
            #expect(try database.number("SELECT count(*) FROM dag_tasks") == 500)
            #expect(try await storage.tasks(dagID: "dag", limit: 1000, offset: 0).count == 500)
            #expect(warnings() == 1)
            try await storage.close()
        }

        /// A query that the buffer can answer alone is answered. Any other query fails soon, with an error that names the store.
        @Test func queriesWhileTheServerIsAway() async throws {
            let server = try PrivateServer()
            let database = try TemporaryDatabase(on: server)
            let log = NSTemporaryDirectory() + "wal-away-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: log) }
            let storage = try await BufferedTaskStorage.postgres(database.conninfo, log: log, configuration: quick)
            try await storage.save([task("a", dag: "one", at: 1), task("b", at: 2), task("c", at: 3)])
            try await storage.drain()
            try server.crash()
            // Rows that are new or deleted are known completely. A repeated save keeps the stored row's dag and creation time in
            // the end.
            try await storage.save(task("new", at: 4))
            try await storage.deleteTask(id: "b")
            try await storage.save(task("a", dag: "two", status: .running, at: 5))
            try await storage.updateStatus(id: "c", to: .failed, error: "e", at: time(6))
            #expect(try await storage.task(id: "new") == task("new", at: 4))
            #expect(try await storage.task(id: "b") == nil)
            #expect(try await storage.task(id: "a") == task("a", dag: "two", status: .running, at: 5))
            func isAway(_ query: () async throws -> Void) async -> Bool {
                do { try await query() } catch { return (error as? TaskStorageError)?.code == .storeAway }
                return false
            }
            #expect(await isAway { _ = try await storage.task(id: "c") })
            #expect(await isAway { _ = try await storage.task(id: "none") })
            #expect(await isAway { _ = try await storage.tasks(dagID: "dag", limit: 9, offset: 0) })
            #expect(await isAway { _ = try await storage.pendingTasks(limit: 9) })
            #expect(await isAway { _ = try await storage.resumableTasks(dagID: "dag") })
            #expect(await isAway { _ = try await storage.activities(taskID: "new", limit: 9, offset: 0) })
            try server.start()
            try await storage.drain()
            let a = try await storage.task(id: "a")
            #expect(a?.dagID == "one" && a?.createdAt == time(1) && a?.status == .running)
            #expect(try await storage.task(id: "c")?.status == .failed)
            #expect(try await storage.pendingTasks(limit: 9).map(\.id) == ["new"])
            try await storage.close()
        }

        /// The server closes the connections and stays reachable: one line for each connection, and no report of an outage.
        @Test func aConnectionThatIsLostIsLogged() async throws {
            let database = try TemporaryDatabase()
            let recording = RecordingLog()
            let store = try await PostgresTaskStore(
                database.conninfo, writeConnections: 1, readConnections: 1, logger: recording.logger)
            for count in 1...2 {
                try await store.save(task("a"))
                _ = try await store.task(id: "a")
                try database.execute(
                    """
                    SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity \
                    WHERE datname = current_database() AND pid <> pg_backend_pid()
                    """)
                try await store.save(task("a"))
                #expect(try await store.task(id: "a") != nil)
                let messages = recording.messages.all
                #expect(messages.count == count * 2)
                #expect(messages.allSatisfy { $0.text.hasPrefix("a connection to the store is lost") })
                #expect(messages.allSatisfy { $0.level == .info && $0.metadata["wal.sink"] == "postgres" })
            }
            try await store.close()
        }

        /// A table that isn't there yet is no lost connection.
        @Test func aMissingTableIsNamed() async throws {
            let database = try TemporaryDatabase()
            let recording = RecordingLog()
            let sink = try await PostgresSink(database.conninfo, logger: recording.logger) { transaction, _ in
                try transaction.execute("INSERT INTO orders VALUES (1)")
            }
            let log = LogID.random()
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            let batch = SinkBatch(
                log: log, laneCount: 1, lanes: lanes, position: 1,
                records: [SinkRecord(sequence: 1, time: .now, payload: [1])])
            let error = await #expect(throws: StoreError.self) { try await sink.apply(batch) }
            #expect(error?.sqlState == "42P01")
            let message = try #require(recording.messages.all.last)
            #expect(message.text.hasPrefix("a statement doesn't fit the store"), "\(message.text)")
            #expect(message.metadata["wal.error"]?.contains("42P01") == true && recording.messages.all.count == 1)
            try database.execute("CREATE TABLE orders (id int)")
            _ = try await sink.apply(batch)
            await sink.close()
        }

        /// A store without a buffer reports that its server is unreachable, and that it is reachable again.
        @Test func theStoreItselfSaysThatTheServerIsAwayAndBack() async throws {
            let server = try PrivateServer()
            let database = try TemporaryDatabase(on: server)
            let recording = RecordingLog()
            let store = try await PostgresTaskStore(database.conninfo, logger: recording.logger)
            try await store.save(task("before"))
            try await recording.expectOutageIsLogged(
                sink: "postgres", ping: { try await store.ping() }, crash: { try server.crash() },
                start: { try server.start() })
            try await store.close()
        }

        @Test func aRequiredServerMustBeThere() async throws {
            let log = NSTemporaryDirectory() + "wal-away-" + UUID().uuidString
            var configuration = TaskBufferConfiguration()
            configuration.requiresStore = true
            do {
                _ = try await BufferedTaskStorage.postgres(
                    "host=/nowhere dbname=none", log: log, configuration: configuration)
                Issue.record("opened without the server")
            } catch {
                let error = try #require(error as? TaskStorageError)
                #expect(error.code == .storeAway && error.isRetriable)
                #expect((error.cause as? StoreError)?.code == .connectionFailed)
            }
            #expect(!FileManager.default.fileExists(atPath: log))
        }
    }
#endif
