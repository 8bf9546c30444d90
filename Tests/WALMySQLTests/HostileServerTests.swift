#if MySQL
    import TestSupport
    import Testing
    import WAL
    import WALTasks
    import WALTesting

    @testable import WALMySQL

    /// A server whose administrator has changed every setting that sessions inherit.
    @Suite(.serialized, .enabled(if: PrivateServer.isWanted, PrivateServer.reason), .timeLimit(.minutes(10)))
    struct HostileServerTests {
        private static let server = Result { try PrivateServer(isHostile: true) }

        /// All paths use the same statements. The run of all suites covers flushers.
        @Test(
            arguments: PrivateServer.areAllHostile ? SinkConformance.allCases : SinkConformance.withoutFlushers,
            [true, false])
        func sink(check: SinkConformance, arraysAndCoalescing: Bool) async throws {
            let database = try TestDatabase(on: Self.server.get())
            let fixture = TaskStoreFixture(coalescing: arraysAndCoalescing) {
                try await database.store(arrays: arraysAndCoalescing)
            }
            try await check.run(on: fixture)
        }

        /// Server settings can change the texts in literals.
        @Test(arguments: TaskStorageConformance.allCases, PrivateServer.areAllHostile ? [true, false] : [false])
        func storage(check: TaskStorageConformance, arrays: Bool) async throws {
            let database = try TestDatabase(on: Self.server.get())
            try await check.run(on: try await database.store(arrays: arrays))
        }

        /// Ids with equal first bytes are listed completely, in the order of all their bytes.
        @Test func listsAreWholeAndInOrder() async throws {
            let store = try await TestDatabase(on: Self.server.get()).store()
            let ids = (100..<400).map { String(repeating: "the same beginning ", count: 8) + "\($0)" }
            try await store.save(ids.shuffled().map { task($0) })
            let tasks = try await store.tasks(dagID: "dag", limit: 1000, offset: 0)
            #expect(tasks.map(\.id) == ids)
            #expect(try await store.tasks(ids: ids).count == 300)
            #expect(try await store.claim(0..<16, of: 16, log: log).count == 16)
            try await store.close()
        }
    }
#endif
