#if Postgres
    import Foundation
    import Logging
    import ServiceLifecycle
    import TestSupport
    import Testing
    import UnixSignals
    import WAL
    import WALTasks

    @testable import WALPostgres

    /// Sends this process a SIGTERM once the service group catches it.
    private struct Terminator: Service {
        func run() async throws {
            kill(getpid(), SIGTERM)
            try await gracefulShutdown()
        }
    }

    /// A service whose database is unreachable ends in order when its machine restarts.
    @Suite(.needsServer, .timeLimit(.minutes(30))) struct ShutdownTests {
        @Test func aServiceEndsInOrderWhileItsDatabaseIsAway() async throws {
            let server = try PrivateServer()
            let database = try TemporaryDatabase(on: server)
            let log = NSTemporaryDirectory() + "wal-shutdown-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: log) }
            let before = try await BufferedTaskStorage.postgres(database.conninfo, log: log)
            try await before.save(task("before"))
            #expect(try await before.close() == 0)
            try server.crash()
            await #expect(processExitsWith: .success) {
                [conninfo = database.conninfo as String, log = log as String] in
                var configuration = TaskBufferConfiguration()
                configuration.drainTimeout = .seconds(2)
                let storage = try await BufferedTaskStorage.postgres(conninfo, log: log, configuration: configuration)
                for number in 0..<20 { try await storage.save(task("away-\(number)")) }
                let group = ServiceGroup(
                    services: [storage, Terminator()], gracefulShutdownSignals: [.sigterm],
                    logger: Logger(label: "test"))
                try await group.run()
                #expect(try await storage.close() == 20)
            }
            try server.start()
            let after = try await BufferedTaskStorage.postgres(database.conninfo, log: log)
            try await after.drain()
            #expect(try database.number("SELECT count(*) FROM dag_tasks") == 21)
            #expect(try await after.close() == 0)
        }
    }
#endif
