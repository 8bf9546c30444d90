#if Postgres
    import Foundation
    import Testing
    import WAL
    import WALTasks
    import WALTesting

    @testable import WALPostgres

    /// A server whose administrator has set everything that sessions inherit to what nobody expects.
    @Suite(.serialized, .needsServer, .timeLimit(.minutes(10))) struct HostileServerTests {
        private static let server: Result<PrivateServer, any Error> = Result {
            let server = try PrivateServer()
            // The last reference to it is never gone.
            atexit { (try? HostileServerTests.server.get())?.remove() }
            let settings = try ConnectionSettings(
                conninfo: server.conninfo + " dbname=postgres", statementTimeout: .seconds(60),
                lockTimeout: .seconds(60))
            let root = try Connection(settings)
            for setting in [
                "default_transaction_isolation = 'serializable'", "default_transaction_deferrable = on",
                "statement_timeout = '3s'", "lock_timeout = '10ms'", "idle_in_transaction_session_timeout = '100ms'",
                "DateStyle = 'German, DMY'", "IntervalStyle = 'sql_standard'", "TimeZone = 'Pacific/Apia'",
                "standard_conforming_strings = off", "backslash_quote = off", "bytea_output = 'escape'",
                "extra_float_digits = -15", "client_encoding = 'LATIN1'", "array_nulls = off",
                "transform_null_equals = on", "exit_on_error = on", "enable_indexscan = off",
                "enable_bitmapscan = off", "jit_above_cost = 0", "default_statistics_target = 1",
                "quote_all_identifiers = on", "xmloption = 'document'", "work_mem = '64kB'", "synchronous_commit = off",
                "plan_cache_mode = 'force_custom_plan'", "row_security = off", "deadlock_timeout = '10ms'",
            ] {
                try root.execute("ALTER SYSTEM SET \(setting)", named: setting)
            }
            try server.stop()
            try server.start()
            return server
        }

        @Test(arguments: SinkConformance.allCases, [true, false])
        func sink(check: SinkConformance, coalescing: Bool) async throws {
            let database = try TemporaryDatabase(on: Self.server.get())
            let fixture = TaskStoreFixture(coalescing: coalescing) { try await database.store() }
            try await check.run(on: fixture)
        }

        @Test(arguments: TaskStorageConformance.allCases)
        func storage(check: TaskStorageConformance) async throws {
            try await check.run(on: try await TemporaryDatabase(on: Self.server.get()).store())
        }

        @Test(arguments: SinkConformance.allCases)
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
