#if MySQL
    import Foundation
    import Testing
    import WAL
    import WALTasks

    @testable import WALMySQL

    /// A database that is away stops nobody.
    @Suite(.enabled(if: PrivateServer.isWanted, PrivateServer.reason), .timeLimit(.minutes(5))) struct AwayTests {
        /// A service and its database may be started in any order. The database has no tables either.
        @Test func opensBeforeTheServerIsStarted() async throws {
            let server = try PrivateServer()
            try server.stop()
            let log = NSTemporaryDirectory() + "wal-away-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: log) }
            let storage = try await BufferedTaskStorage.mysql(url: server.url, at: log)
            for number in 0..<500 { try await storage.save(task("t\(number)")) }
            #expect(storage.metrics.depth == 500)
            try server.start()
            try await storage.drain()
            #expect(try await storage.store.tasks(dagID: "dag", limit: 1000, offset: 0).count == 500)
            try await storage.close()
        }
    }
#endif
