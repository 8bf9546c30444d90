#if MySQL
    import TestSupport
    import Testing

    @testable import WALMySQL

    @Suite(.enabled(if: PrivateServer.isWanted, PrivateServer.reason))
    struct DeadLetterTests {
        @Test(arguments: DeadLetterExamination.allCases)
        func lettersAreAsInEveryStore(_ examination: DeadLetterExamination) async throws {
            let database = try TestDatabase()
            let store = try await database.store()
            try await examination.run(store, code: "1644", reason: "no poison here") { isRefusing in
                try database.execute(isRefusing ? Poison.abort : "DROP TRIGGER refuse")
            }
        }
    }
#endif
