#if MySQL
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALMySQL

    /// Inspection must not create this package's tables in an application's database.
    @Suite(.enabled(if: PrivateServer.isWanted, PrivateServer.reason))
    struct InspectorTests {
        private let database: TestDatabase

        init() throws {
            database = try TestDatabase()
        }

        private func tables() throws -> [String] {
            try database.texts(
                """
                SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables \
                WHERE table_schema = DATABASE() ORDER BY 1
                """)
        }

        @Test func aDatabaseWithoutTablesStaysWithout() async throws {
            try database.execute("CREATE TABLE customers (id int)")
            let before = try tables()
            #expect(await code { _ = try await MySQLTaskStore.inspector(url: database.url) } == .noTables)
            #expect(try tables() == before)
        }

        /// A database with tables of the user's own is there, and has no tasks to look at.
        @Test func aDatabaseOfOwnTablesIsToldFromAnEmptyOne() async throws {
            let sink = try await MySQLSink(url: database.url) { _, _ in }
            _ = try await sink.claim(0..<1, of: 1, log: .random())
            await sink.close()
            #expect(await code { _ = try await MySQLTaskStore.inspector(url: database.url) } == .noTaskTables)
        }

        @Test func aDatabaseThatIsNotThere() async throws {
            let missing = database.url.replacing("/\(database.name)?", with: "/typo?")
            let found = await code { _ = try await MySQLTaskStore.inspector(url: missing) }
            #expect(found != nil && found != .noTables)
            let connection = try database.connect()
            let databases = try Statement("SHOW DATABASES LIKE 'typo'", named: "show", on: connection)
                .all { (row) throws(StoreError) in row.text() }
            #expect(databases.isEmpty)
        }

        @Test func tablesAreRead() async throws {
            let store = try await database.store()
            _ = try await store.claim(0..<2, of: 2, log: log)
            for position in 1...9 {
                try database.execute(
                    """
                    INSERT INTO wal_sink_dead_letter VALUES \
                    ('\(log)', \(position), 0, 'delete', 'x', '', '23', 'no', NOW(6))
                    """)
            }
            let before = try tables()
            let inspector = try await MySQLTaskStore.inspector(url: database.url)
            #expect(try await inspector.checkpoints(log: log).map(\.lane.epoch) == [1, 1])
            #expect(try await inspector.deadLetters(log: log, after: nil, limit: 100).count == 9)
            try await inspector.close()
            #expect(try tables() == before)
            try await store.close()
        }
    }
#endif
