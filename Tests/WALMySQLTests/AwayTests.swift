#if MySQL
    import Foundation
    import Testing
    import WAL
    import WALTasks

    @testable import WALMySQL

    /// A database that is away stops nobody.
    @Suite(.enabled(if: PrivateServer.isWanted, PrivateServer.reason), .timeLimit(.minutes(5))) struct AwayTests {
        /// The breaker would wait for 5 seconds when the server is back.
        private var quick: TaskBufferConfiguration {
            var configuration = TaskBufferConfiguration()
            configuration.flushInterval = .milliseconds(50)
            configuration.maxFlushRetries = 1_000_000
            return configuration
        }

        /// A service and its database may be started in any order. The database has no tables either.
        @Test func opensBeforeTheServerIsStarted() async throws {
            let server = try PrivateServer()
            try server.stop()
            let log = NSTemporaryDirectory() + "wal-away-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: log) }
            let storage = try await BufferedTaskStorage.mysql(url: server.url, at: log, configuration: quick)
            for number in 0..<500 { try await storage.save(task("t\(number)")) }
            #expect(storage.metrics.depth == 500)
            try server.start()
            try await storage.drain()
            #expect(try await storage.store.tasks(dagID: "dag", limit: 1000, offset: 0).count == 500)
            try await storage.close()
        }

        /// A server that takes connections and answers nothing: nobody waits for it long, and nobody twice.
        @Test func queriesWhileTheServerHangs() async throws {
            let server = try PrivateServer()
            let log = NSTemporaryDirectory() + "wal-away-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: log) }
            let storage = try await BufferedTaskStorage.mysql(url: server.url, at: log, configuration: quick)
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
                        Issue.record("a server that hangs has answered")
                    } catch {
                        #expect((error as? TaskStorageError)?.code == .storeAway)
                    }
                }
                // Each alone would wait for a second or two: this is for a machine that is very busy.
                #expect(ContinuousClock.now - start < .seconds(60))
            }
            try await storage.drain()
            #expect(try await storage.task(id: "old") == task("old"))
            #expect(try await storage.tasks(dagID: "dag", limit: 9, offset: 0).count == 2)
            try await storage.close()
        }
    }
#endif
