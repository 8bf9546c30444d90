#if Postgres
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALPostgres

    /// Inspection must not create this package's tables in an application's database.
    @Suite(.needsServer) struct InspectorTests {
        private func relations(_ database: TemporaryDatabase) throws -> [String] {
            try database.texts(
                "SELECT nspname || '.' || relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace ORDER BY 1")
        }

        @Test func aDatabaseWithoutTablesStaysWithout() async throws {
            let database = try TemporaryDatabase()
            try database.execute("CREATE TABLE customers (id int)")
            let before = try relations(database)
            #expect(await code { _ = try await PostgresTaskStore.inspector(database.conninfo) } == .noTables)
            #expect(try relations(database) == before)
        }

        /// A database with tables of the user's own is there, and has no tasks to look at.
        @Test func aDatabaseOfOwnTablesIsToldFromAnEmptyOne() async throws {
            let database = try TemporaryDatabase()
            let sink = try await PostgresSink(database.conninfo) { _, _ in }
            _ = try await sink.claim(0..<1, of: 1, log: .random())
            await sink.close()
            let before = try relations(database)
            #expect(await code { _ = try await PostgresTaskStore.inspector(database.conninfo) } == .noTaskTables)
            #expect(try relations(database) == before)
        }

        @Test func aDatabaseThatIsNotThere() async throws {
            let database = try TemporaryDatabase()
            let missing = database.conninfo + "_typo"
            #expect(await code { _ = try await PostgresTaskStore.inspector(missing) } == .connectionFailed)
        }

        @Test func tablesAreReadInTransactionsThatCannotWrite() async throws {
            let database = try TemporaryDatabase()
            let store = try await database.store()
            let log = LogID(low: 1, high: 2)
            _ = try await store.claim(0..<2, of: 2, log: log)
            try database.execute(
                """
                INSERT INTO wal_sink_dead_letter SELECT '\(log)', n, 0, 'delete', 'x', '', '23', 'no', now() \
                FROM generate_series(1, 9) n
                """)
            let before = try relations(database)
            let inspector = try await PostgresTaskStore.inspector(database.conninfo)
            #expect(try await inspector.checkpoints(log: log).map(\.lane.epoch) == [1, 1])
            #expect(try await inspector.deadLetters(log: log, after: nil, limit: 100).count == 9)
            try await inspector.close()
            #expect(try relations(database) == before)
            try await store.close()
        }
    }
#endif
