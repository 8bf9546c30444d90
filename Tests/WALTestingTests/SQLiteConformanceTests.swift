#if SQLite
    import Testing
    import WAL
    import WALTasks

    @testable import WALSQLite
    @testable import WALTesting

    @Suite(.timeLimit(.minutes(30))) struct SQLiteConformanceTests {
        private let directory: TemporaryDirectory
        private let path: String

        init() throws {
            directory = try TemporaryDirectory()
            path = directory.path + "/tasks.sqlite"
        }

        private func fixture(coalescing: Bool) -> TaskStoreFixture<SQLiteTaskStore> {
            let path = path
            var fixture = TaskStoreFixture(coalescing: coalescing) { try await SQLiteTaskStore(path: path) }
            fixture.readingDeadLetters = { log in
                let query = "SELECT position FROM wal_sink_dead_letter WHERE log_id = '\(log)' ORDER BY position"
                let connection = try Connection(path: path, access: .readWrite, busyTimeout: .seconds(1))
                return try Statement(query, named: query, on: connection).all { (row) throws(StoreError) in
                    SequenceNumber(rawValue: UInt64(row.number()))
                }
            }
            return fixture
        }

        @Test(arguments: SinkConformance.allCases, [true, false])
        func conformance(check: SinkConformance, coalescing: Bool) async throws {
            try await check.run(on: fixture(coalescing: coalescing))
        }

        /// Records that can be decoded and that the database refuses: with a constraint, or by ending the transaction.
        @Test(arguments: [SinkConformance.setsPoisonAside, .setsPoisonAsideWhole], ["ABORT", "ROLLBACK"])
        func poisonOfTheDatabase(check: SinkConformance, action: String) async throws {
            let store = try await SQLiteTaskStore(path: path)
            try await store.ping()
            try await store.close()
            let connection = try Connection(path: path, access: .readWrite, busyTimeout: .seconds(1))
            try connection.execute(
                """
                CREATE TRIGGER refuse BEFORE INSERT ON dag_tasks WHEN NEW.payload = '"poison"'
                BEGIN SELECT RAISE(\(action), 'no poison here'); END
                """)
            for coalescing in [true, false] {
                var fixture = fixture(coalescing: coalescing)
                fixture.poisonPayload = #""poison""#
                let outcome = try await check.run(on: fixture)
                #expect(outcome == .passed)
            }
        }
    }
#endif
