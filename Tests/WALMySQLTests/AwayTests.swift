#if MySQL
    import Foundation
    import Logging
    import TestSupport
    import Testing
    import WAL
    import WALTasks

    @testable import WALMySQL

    /// An unreachable database must not stop its clients.
    @Suite(.enabled(if: PrivateServer.isWanted, PrivateServer.reason), .timeLimit(.minutes(30))) struct AwayTests {
        /// The default breaker would wait for 5 seconds after the server's return.
        private var quick: TaskBufferConfiguration {
            var configuration = TaskBufferConfiguration()
            configuration.flushInterval = .milliseconds(50)
            configuration.maxFlushRetries = 1_000_000
            return configuration
        }

        /// A service and its database may start in any order. The database has no tables either.
        @Test(PrivateServer.restarts) func opensBeforeTheServerIsStarted() async throws {
            let server = try PrivateServer()
            try server.stop()
            let log = NSTemporaryDirectory() + "wal-away-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: log) }
            let storage = try await BufferedTaskStorage.mysql(server.url, log: log, configuration: quick)
            for number in 0..<500 { try await storage.save(task("t\(number)")) }
            #expect(storage.statistics.depth == 500)
            try server.start()
            try await storage.drain()
            #expect(try await storage.store.tasks(dagID: "dag", limit: 1000, offset: 0).count == 500)
            try await storage.close()
        }

        /// The server closes the connections and stays reachable: one line for each connection, and no report of an outage.
        @Test func aConnectionThatIsLostIsLogged() async throws {
            let database = try TestDatabase()
            let recording = RecordingLog()
            let store = try await MySQLTaskStore(
                url: database.url, writeConnections: 1, readConnections: 1, logger: recording.logger)
            let root = try database.connect()
            for count in 1...2 {
                try await store.save(task("a"))
                _ = try await store.task(id: "a")
                let sessions = "FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
                let ids = try Statement("SELECT id \(sessions)", named: "look", on: root)
                    .all { (row) throws(StoreError) in row.number() }
                #expect(ids.count == 2)
                for id in ids { try root.execute("KILL CONNECTION \(id)", named: "kill") }
                let left = try Statement("SELECT COUNT(*) \(sessions)", named: "look", on: root)
                try await eventually { try left.first { (row) throws(StoreError) in row.number() } == 0 }
                try await store.save(task("a"))
                #expect(try await store.task(id: "a") != nil)
                let messages = recording.messages.all
                #expect(messages.count == count * 2)
                #expect(messages.allSatisfy { $0.text.hasPrefix("a connection to the store is lost") })
                #expect(messages.allSatisfy { $0.level == .info && $0.metadata["wal.sink"] == "mysql" })
            }
            try await store.close()
        }

        @Test(PrivateServer.restarts) func theStoreItselfSaysThatTheServerIsAwayAndBack() async throws {
            let server = try PrivateServer()
            let recording = RecordingLog()
            let store = try await MySQLTaskStore(url: server.url, logger: recording.logger)
            try await store.save(task("before"))
            try await recording.expectOutageIsLogged(
                sink: "mysql", ping: { try await store.ping() }, crash: { try server.crash() },
                start: { try server.start() })
            try await store.close()
        }

        /// A server accepts connections and answers nothing. No query waits long, and none waits twice.
        @Test func queriesWhileTheServerHangs() async throws {
            let server = try PrivateServer.adjustable.get()
            let database = try TestDatabase(on: server)
            let log = NSTemporaryDirectory() + "wal-away-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: log) }
            let storage = try await BufferedTaskStorage.mysql(database.url, log: log, configuration: quick)
            try await storage.save(task("old"))
            try await storage.drain()
            let process = try server.processID()
            kill(process, SIGSTOP)
            do {
                defer { kill(process, SIGCONT) }
                try await storage.save(task("new"))
                let start = ContinuousClock.now
                for _ in 0..<100 { #expect(try await storage.task(id: "new") == task("new")) }
                for _ in 0..<100 {
                    do {
                        _ = try await storage.task(id: "old")
                        Issue.record("a frozen server has answered")
                    } catch {
                        #expect((error as? TaskStorageError)?.code == .storeAway)
                    }
                }
                // One query alone would wait for a second or two. The limit allows for a very busy machine.
                #expect(ContinuousClock.now - start < .seconds(300))
            }
            try await storage.drain()
            #expect(try await storage.task(id: "old") == task("old"))
            #expect(try await storage.tasks(dagID: "dag", limit: 9, offset: 0).count == 2)
            try await storage.close()
        }
    }
#endif
