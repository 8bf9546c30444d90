#if SQLite
    import Foundation
    import Testing
    import WAL
    import WALTasks

    @testable import WALSQLite

    /// A database that is away stops nobody: here its directory isn't there yet, as that of a disk that isn't mounted.
    @Suite(.timeLimit(.minutes(5))) struct AwayTests {
        @Test func opensBeforeTheDirectoryIsThere() async throws {
            let database = try TemporaryDatabase()
            let path = database.directory + "/mount/tasks.sqlite"
            let storage = try await BufferedTaskStorage.sqlite(path: path, at: database.directory + "/log")
            for number in 0..<500 { try await storage.save(task("t\(number)")) }
            #expect(storage.metrics.depth == 500)
            try FileManager.default.createDirectory(
                atPath: database.directory + "/mount", withIntermediateDirectories: false)
            try await storage.drain()
            #expect(try await storage.store.tasks(dagID: "dag", limit: 1000, offset: 0).count == 500)
            try await storage.close()
        }
    }
#endif
