#if SQLite
    import TestSupport
    import Testing
    import WALTasks

    @testable import WALSQLite

    @Suite struct DeadLetterTests {
        @Test(arguments: DeadLetterExamination.allCases)
        func lettersAreAsInEveryStore(_ examination: DeadLetterExamination) async throws {
            let database = try TemporaryDatabase()
            let store = try await SQLiteTaskStore(path: database.path)
            try await store.ping()
            try await examination.run(store, code: "1811", reason: "no poison here") { isRefusing in
                try database.connect().execute(isRefusing ? Poison.abort : "DROP TRIGGER refuse")
            }
        }
    }
#endif
