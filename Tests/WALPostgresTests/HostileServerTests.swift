#if Postgres
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALTasks
    import WALTesting

    @testable import WALPostgres

    /// A server whose administrator has changed every setting that sessions inherit.
    @Suite(.serialized, .needsServer, .timeLimit(.minutes(30))) struct HostileServerTests {
        private static let server: Result<PrivateServer, any Error> = Result {
            let server = try PrivateServer(isHostile: true)
            // Its last reference is never released.
            atexit { (try? HostileServerTests.server.get())?.remove() }
            return server
        }

        /// All paths use the same statements. The run of all suites covers flushers.
        static let checks = PrivateServer.areAllHostile ? SinkConformance.allCases : SinkConformance.withoutFlushers

        @Test(arguments: checks, PrivateServer.areAllHostile ? [true, false] : [true])
        func sink(check: SinkConformance, coalescing: Bool) async throws {
            let database = try TemporaryDatabase(on: Self.server.get())
            let fixture = TaskStoreFixture(coalescing: coalescing) { try await database.store(copiedMin: 1) }
            try await check.run(on: fixture)
        }

        @Test(arguments: TaskStorageConformance.allCases)
        func storage(check: TaskStorageConformance) async throws {
            try await check.run(on: try await TemporaryDatabase(on: Self.server.get()).store())
        }

        /// Sessions through a bouncer inherit the same settings, so each kind of statement runs once.
        static let checksThroughABouncer: [SinkConformance] =
            PrivateServer.areAllHostile
            ? checks
            : [
                .raisesEpochs, .keepsOrder, .deletes, .keepsEvents, .takesLargestBatch, .refusesReplay,
                .setsPoisonAsideWhole,
            ]

        @Test(arguments: checksThroughABouncer)
        func sinkThroughABouncer(check: SinkConformance) async throws {
            guard Bouncer.isThere else { return }
            let database = try TemporaryDatabase(on: Self.server.get())
            let bouncer = try Bouncer(before: Self.server.get(), sessions: 3)
            let name = try #require(database.conninfo.split(separator: "=").last)
            let fixture = TaskStoreFixture { try await PostgresTaskStore("\(bouncer.conninfo) dbname=\(name)") }
            try await check.run(on: fixture)
        }
    }
#endif
