#if SQLite
    import Testing
    import WALSQLite

    @testable import WALTesting

    @Suite(.timeLimit(.minutes(5))) struct SQLiteConformanceTests {
        @Test(arguments: SinkConformance.allCases, [true, false])
        func conformance(check: SinkConformance, coalescing: Bool) async throws {
            let directory = try TemporaryDirectory()
            let fixture = TaskStoreFixture(coalescing: coalescing) {
                try await SQLiteTaskStore(path: directory.path + "/tasks.sqlite")
            }
            try await check.run(on: fixture)
        }
    }
#endif
