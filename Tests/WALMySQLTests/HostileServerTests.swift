#if MySQL
    import Testing
    import WAL
    import WALTasks
    import WALTesting

    @testable import WALMySQL

    /// A server whose administrator has set everything that sessions inherit to what nobody expects.
    @Suite(.serialized, .enabled(if: PrivateServer.isWanted, PrivateServer.reason), .timeLimit(.minutes(10)))
    struct HostileServerTests {
        private static let server = Result {
            let server = try PrivateServer()
            let root = try Connection(ConnectionSettings(url: server.url), access: .readWrite)
            for setting in [
                "sql_select_limit = 1", "sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,IGNORE_SPACE'",
                "time_zone = '+11:30'", "tx_isolation = 'SERIALIZABLE'", "max_join_size = 1", "autocommit = 0",
                "sql_safe_updates = 1", "completion_type = 'CHAIN'", "max_sort_length = 64", "group_concat_max_len = 4",
                "innodb_lock_wait_timeout = 1", "lock_wait_timeout = 1", "max_statement_time = 2",
                "character_set_server = latin1", "collation_server = latin1_swedish_ci",
                "character_set_client = latin1", "character_set_results = latin1",
                "character_set_connection = latin1", "default_storage_engine = MyISAM", "sql_auto_is_null = 1",
                "low_priority_updates = 1", "old_mode = ''", "lc_time_names = 'de_DE'", "div_precision_increment = 0",
            ] {
                try root.execute("SET GLOBAL \(setting)", named: setting)
            }
            return server
        }

        @Test(arguments: SinkConformance.allCases, [true, false])
        func sink(check: SinkConformance, arraysAndCoalescing: Bool) async throws {
            let database = try TestDatabase(on: Self.server.get())
            let fixture = TaskStoreFixture(coalescing: arraysAndCoalescing) {
                try await database.store(arrays: arraysAndCoalescing)
            }
            try await check.run(on: fixture)
        }

        @Test(arguments: TaskStorageConformance.allCases, [true, false])
        func storage(check: TaskStorageConformance, arrays: Bool) async throws {
            let database = try TestDatabase(on: Self.server.get())
            try await check.run(on: try await database.store(arrays: arrays))
        }

        /// Ids whose first bytes are the same, in the order of all their bytes, and none is missing.
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
