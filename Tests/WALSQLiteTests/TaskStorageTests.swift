#if SQLite
    import TestSupport
    import Testing
    import WAL
    import WALTasks
    import WALTesting

    @testable import WALSQLite

    @Suite struct TaskStorageTests {
        let database: TemporaryDatabase
        let store: SQLiteTaskStore

        init() async throws {
            database = try TemporaryDatabase()
            store = try await SQLiteTaskStore(path: database.path)
            try await store.ping()
        }

        @Test(arguments: TaskStorageConformance.allCases)
        func conformance(check: TaskStorageConformance) async throws {
            try await check.run(on: store)
        }

        /// Texts that exceed the statement's own buffer are passed to SQLite in another way.
        @Test func largeTextsComeBack() async throws {
            var large = task("large", payload: "[1" + String(repeating: "0123456789", count: 100_000) + "]")
            large.error = String(repeating: "e", count: 16_000)
            large.processingState = String(repeating: "p", count: 500)
            try await store.save(large)
            #expect(try await store.task(id: "large") == large)
        }

        @Test func savingManyIsAllOrNothing() async throws {
            try database.connect().execute(Poison.abort)
            let tasks = [task("a"), task("b", payload: Poison.payload), task("c")]
            #expect(await code { try await store.save(tasks) } == .rowRefused)
            #expect(try await store.tasks(dagID: "dag", limit: 9, offset: 0).isEmpty)
        }

        @Test func whatNoStoreTakesIsRefusedAtOnce() async throws {
            #expect(await code { try await store.save(task("")) } == .invalidArgument)
            #expect(await code { try await store.save([task("a"), task("b\u{0}")]) } == .invalidArgument)
            #expect(await code { try await store.save(task("a", payload: "{")) } == .invalidArgument)
            #expect(await code { try await store.log(activity("")) } == .invalidArgument)
            #expect(await code { _ = try await store.pendingTasks(limit: -1) } == .invalidArgument)
            #expect(await code { _ = try await store.tasks(dagID: "dag", limit: 1, offset: -1) } == .invalidArgument)
            #expect(try await store.task(id: "a") == nil)
        }

        @Test func unknownStatusIsAnError() async throws {
            try await store.save(task("a"))
            try database.connect().execute("UPDATE dag_tasks SET status = 'odd'")
            #expect(await code { _ = try await store.task(id: "a") } == .rowUnreadable)
        }

        @Test func callsAfterCloseThrow() async throws {
            try await store.ping()
            try await store.close()
            #expect(await code { try await store.ping() } == .closed)
            #expect(await code { try await store.save(task("a")) } == .closed)
            #expect(await code { _ = try await store.claim(0..<1, of: 1, log: log) } == .closed)
            #expect(await code { try await store.close() } == .closed)
        }
    }

    /// Triggers that reject tasks with one payload.
    enum Poison {
        static let payload = #""poison""#
        static let abort = trigger("ABORT")
        static let rollback = trigger("ROLLBACK")

        private static func trigger(_ action: String) -> String {
            """
            CREATE TRIGGER refuse BEFORE INSERT ON dag_tasks WHEN NEW.payload = '\(payload)'
            BEGIN SELECT RAISE(\(action), 'no poison here'); END
            """
        }
    }
#endif
