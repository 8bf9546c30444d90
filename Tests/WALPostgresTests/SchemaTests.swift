#if Postgres
    import TestSupport
    import Testing
    import WAL
    import WALTasks

    @testable import WALPostgres

    @Suite(.needsServer) struct SchemaTests {
        @Test func tablesAreReadableByOthers() async throws {
            let database = try TemporaryDatabase()
            let store = try await database.store()
            try await store.save(task("a", payload: #"{"n": 7}"#))
            #expect(
                try database.texts("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
                    == [
                        "dag_task_activity_logs", "dag_tasks", "wal_sink_checkpoint", "wal_sink_dead_letter",
                        "wal_sink_schema",
                    ])
            #expect(try database.number("SELECT max(version) FROM wal_sink_schema") == Schema.version)
            #expect(try database.texts("SELECT payload ->> 'n' FROM dag_tasks") == ["7"])
            let time = "to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')"
            #expect(try database.texts("SELECT \(time) FROM dag_tasks") == ["2023-11-14 22:13:20"])
            try await store.close()
        }

        /// A negative version ended the process.
        @Test(arguments: [7, -1]) func anUnknownSchemaIsRefusedByName(_ version: Int) async throws {
            let database = try TemporaryDatabase()
            try await database.store().close()
            try database.execute("UPDATE wal_sink_schema SET version = \(version)")
            do {
                _ = try await database.store()
                Issue.record("an unknown schema was opened")
            } catch let error as StoreError {
                #expect(error.code == .schemaTooNew)
                #expect(error.message.contains("schema \(version)"))
            }
        }

        @Test func tablesOfAnotherProgramAreLeftAlone() async throws {
            let database = try TemporaryDatabase()
            try database.execute("CREATE TABLE dag_tasks (id int)")
            #expect(await code { _ = try await database.store() } == .foreignDatabase)
            #expect(try database.number("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 1)
        }

        @Test func storesThatBeginAtOnceMakeOneSchema() async throws {
            let database = try TemporaryDatabase()
            try await withThrowingTaskGroup { group in
                for _ in 0..<4 { group.addTask { try await database.store().close() } }
                try await group.waitForAll()
            }
            #expect(try database.number("SELECT count(*) FROM wal_sink_schema") == 1)
        }

        @Test func userWithoutTheRightToCreateCanWork() async throws {
            let database = try TemporaryDatabase()
            try await database.store().close()
            let user = "user_" + database.conninfo.suffix(8)
            try database.execute(
                "CREATE ROLE \(user) LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO \(user)"
            )
            let store = try await PostgresTaskStore(database.conninfo + " user=\(user)")
            try await store.save(task("a"))
            try database.execute("REVOKE INSERT ON dag_tasks FROM \(user)")
            #expect(await code { try await store.save(task("b")) } == .schemaMismatch)
            try await store.close()
            try database.execute("DROP OWNED BY \(user); DROP ROLE \(user)")
        }

        @Test func queriesGoByTheirIndexes() async throws {
            let database = try TemporaryDatabase()
            try await database.store().close()
            let connection = try database.connect()
            try connection.execute("SET enable_seqscan = off; SET enable_sort = off", named: "set")
            for (query, index) in [
                ("status IN ('pending', 'running') AND status = 'pending' ORDER BY priority DESC, created_at", "open"),
                ("dag_id = 'a' ORDER BY created_at", "dag_created"),
            ] {
                let plan = try connection.query(
                    "EXPLAIN SELECT * FROM dag_tasks WHERE \(query)", named: "explain"
                ).all { (row) throws(StoreError) in row.text() }
                #expect(plan.joined().contains("dag_tasks_\(index)"))
            }
        }
    }
#endif
