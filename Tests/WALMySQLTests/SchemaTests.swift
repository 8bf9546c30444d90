#if MySQL
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALMySQL

    @Suite(.enabled(if: PrivateServer.isWanted, PrivateServer.reason))
    struct SchemaTests {
        let database: TestDatabase

        init() throws {
            database = try TestDatabase()
        }

        @Test func tablesAreReadableByOthers() async throws {
            let store = try await database.store()
            try await store.save(task("a"))
            #expect(
                try database.texts(
                    "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
                ).sorted()
                    == [
                        "dag_task_activity_logs", "dag_tasks", "wal_sink_checkpoint", "wal_sink_dead_letter",
                        "wal_sink_schema",
                    ])
            #expect(try database.number("SELECT version FROM wal_sink_schema") == Schema.version)
            #expect(try database.texts("SELECT CONCAT(dag_id, node_id, status) FROM dag_tasks") == ["dagnodepending"])
            #expect(
                try database.texts("SELECT CONCAT(created_at, '') FROM dag_tasks") == ["2023-11-14 22:13:20.000000"])
            try await store.close()
        }

        @Test func openingAgainKeepsEverything() async throws {
            let first = try await database.store()
            try await first.save(task("a"))
            try await first.close()
            let second = try await database.store()
            #expect(try await second.task(id: "a") == task("a"))
            try await second.close()
        }

        /// A negative version ended the process.
        @Test(arguments: [7, -1]) func anUnknownSchemaIsRefusedByName(_ version: Int) async throws {
            try await database.store().close()
            try database.execute("UPDATE wal_sink_schema SET version = \(version)")
            let found = await error { _ = try await database.store() }
            #expect(found?.code == .schemaTooNew && found?.message.contains("schema \(version)") == true)
            #expect(try database.number("SELECT COUNT(*) FROM wal_sink_schema") == 1)
        }

        @Test func manyStoresCreateTheTablesAtOnce() async throws {
            try await withThrowingTaskGroup { group in
                for number in 0..<6 {
                    group.addTask {
                        let store = try await database.store()
                        try await store.save(task("\(number)"))
                        try await store.close()
                    }
                }
                try await group.waitForAll()
            }
            #expect(try database.number("SELECT COUNT(*) FROM wal_sink_schema") == 1)
            #expect(try database.number("SELECT COUNT(*) FROM dag_tasks") == 6)
        }

        /// A process ended after it had created the first tables.
        @Test func creationGoesOnWhereItEnded() async throws {
            try await database.store().close()
            try database.execute("DELETE FROM wal_sink_schema", "DROP TABLE wal_sink_checkpoint, wal_sink_dead_letter")
            let store = try await database.store()
            #expect(try await store.claim(0..<1, of: 1, log: log).count == 1)
            try await store.close()
        }

        /// A user who only writes rows needs no right to create tables.
        @Test func userWithoutTheRightToCreate() async throws {
            try await database.store().close()
            let user = "w\(database.name)"
            try database.execute(
                "CREATE USER \(user)@localhost",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON \(database.name).* TO \(user)@localhost")
            let store = try await MySQLTaskStore(url: database.url(user: user))
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            #expect(try await store.apply(batch([.save(task("a"))], lanes: lanes)).rowCount == 1)
            try await store.close()
        }

        @Test func missingDatabaseAndUser() async throws {
            let url = database.url.replacingOccurrences(of: "/\(database.name)?", with: "/none?")
            #expect(await code { try await MySQLTaskStore(url: url).ping() } == .schemaMismatch)
            #expect(
                await code { try await MySQLTaskStore(url: database.url(user: "nobody")).ping() } == .schemaMismatch)
        }

        @Test func tableThatComesBack() async throws {
            let store = try await database.store()
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            try database.execute("RENAME TABLE dag_tasks TO away")
            let failed = await error { _ = try await store.apply(batch([.save(task("a"))], lanes: lanes)) }
            #expect(failed?.code == .schemaMismatch && failed?.failure == .transient)
            try database.execute("RENAME TABLE away TO dag_tasks")
            #expect(try await store.apply(batch([.save(task("a"))], lanes: lanes)).rowCount == 1)
            try await store.close()
        }

        @Test func tablesOfAnotherProgramAreLeftAlone() async throws {
            try database.execute("CREATE TABLE dag_tasks (name int)")
            #expect(await code { _ = try await database.store() } == .foreignDatabase)
            #expect(
                try database.number("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()")
                    == 1)
        }

        @Test func argumentsAreChecked() async throws {
            #expect(await code { _ = try await database.store(writeConnections: 0) } == .invalidArgument)
            #expect(await code { _ = try await database.store(lockTimeout: .zero) } == .invalidArgument)
            #expect(await code { _ = try await database.store(statementTimeout: .seconds(90_000)) } == .invalidArgument)
        }
    }
#endif
