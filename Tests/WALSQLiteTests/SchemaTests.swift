#if SQLite
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALTasks

    @testable import WALSQLite

    @Suite struct SchemaTests {
        @Test func tablesAreReadableByOthers() async throws {
            let database = try TemporaryDatabase()
            let store = try await SQLiteTaskStore(path: database.path)
            try await store.save(task("a"))
            #expect(
                try database.texts("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
                    == ["dag_task_activity_logs", "dag_tasks", "wal_sink_checkpoint", "wal_sink_dead_letter"])
            #expect(try database.number("PRAGMA user_version") == Schema.version)
            #expect(try database.texts("SELECT dag_id || node_id || status FROM dag_tasks") == ["dagnodepending"])
            #expect(try database.number("SELECT created_at FROM dag_tasks") == time(0).rawValue)
            #expect(try database.texts("SELECT typeof(payload) FROM dag_tasks") == ["text"])
            try await store.close()
        }

        @Test func openingAgainKeepsEverything() async throws {
            let database = try TemporaryDatabase()
            let first = try await SQLiteTaskStore(path: database.path)
            try await first.save(task("a"))
            try await first.close()
            let second = try await SQLiteTaskStore(path: database.path)
            #expect(try await second.task(id: "a") == task("a"))
            try await second.close()
        }

        /// A negative version ended the process.
        @Test(arguments: [7, -1]) func anUnknownSchemaIsRefusedByName(_ version: Int64) async throws {
            let database = try TemporaryDatabase()
            let store = try await SQLiteTaskStore(path: database.path)
            try await store.ping()
            try await store.close()
            try database.connect().execute("PRAGMA user_version = \(version)")
            do {
                try await SQLiteTaskStore(path: database.path).ping()
                Issue.record("an unknown schema was opened")
            } catch {
                #expect(error.code == .schemaTooNew)
                #expect(error.message.contains("schema \(version)"))
            }
            #expect(try database.number("PRAGMA user_version") == version)
        }

        @Test(arguments: ["PRAGMA user_version = 3", "PRAGMA application_id = 12"])
        func databaseOfAnotherProgramIsLeftAlone(_ mark: String) async throws {
            let database = try TemporaryDatabase()
            try database.connect().execute(mark)
            #expect(await code { try await SQLiteTaskStore(path: database.path).ping() } == .foreignDatabase)
            #expect(try database.texts("SELECT name FROM sqlite_schema").isEmpty)
        }

        @Test func memoryIsRefused() async throws {
            #expect(await code { try await SQLiteTaskStore(path: ":memory:").ping() } == .unsupported)
        }

        @Test func missingDirectoryIsAnInputOutputError() async throws {
            let database = try TemporaryDatabase()
            let path = database.directory + "/missing/tasks.sqlite"
            #expect(await code { try await SQLiteTaskStore(path: path).ping() } == .inputOutput)
        }

        @Test func fileThatIsNoDatabaseIsCorrupted() async throws {
            let database = try TemporaryDatabase()
            try String(repeating: "no database ", count: 1000)
                .write(toFile: database.path, atomically: true, encoding: .utf8)
            #expect(await code { try await SQLiteTaskStore(path: database.path).ping() } == .corrupted)
        }

        /// The promised cost of the queries depends on SQLite's use of the partial index.
        @Test func pendingTasksComeFromTheIndex() async throws {
            let database = try TemporaryDatabase()
            let store = try await SQLiteTaskStore(path: database.path)
            try await store.ping()
            try await store.close()
            let plan = try Statement(
                """
                EXPLAIN QUERY PLAN SELECT * FROM dag_tasks WHERE status IN ('pending', 'running') AND status = 'pending'
                ORDER BY priority DESC, created_at, id LIMIT 1
                """, named: "explain", on: database.connect()
            ).first { (row) throws(StoreError) in
                for _ in 0..<3 { _ = row.number() }
                return row.text()
            }
            #expect(plan == "SCAN dag_tasks USING INDEX dag_tasks_open")
        }
    }
#endif
