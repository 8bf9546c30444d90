#if Postgres
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALPostgres

    @Suite struct PostgresErrorTests {
        @Test(arguments: [
            ("08006", SinkFailure.transient), ("08007", .indeterminate), ("40003", .indeterminate),
            ("57P01", .transient), ("57P02", .transient), ("57P03", .transient), ("57P05", .transient),
            ("40001", .transient), ("40P01", .transient), ("55P03", .transient), ("57014", .overloaded),
            ("53300", .transient), ("53200", .overloaded), ("53400", .transient), ("25P03", .transient),
            ("25P04", .overloaded),
            ("53100", .transient), ("58030", .transient), ("25006", .transient), ("57P04", .transient),
            ("42P01", .transient), ("42703", .transient), ("42501", .transient), ("28P01", .transient),
            ("3D000", .transient), ("26000", .transient), ("42P05", .transient), ("0A000", .transient),
            ("XX001", .fatal), ("XX002", .fatal), ("21000", .fatal), ("42P07", .fatal), ("XX000", .fatal),
        ])
        func classification(_ sqlState: String, _ failure: SinkFailure) {
            #expect(error(sqlState).failure == failure)
        }

        @Test(arguments: [
            "22021", "22P02", "22P05", "22003", "22008", "23502", "23503", "23505", "23514", "40002", "44000", "54000",
            "P0001", "45000", "5X001", "9A000", "U0001", "ZZ000",
        ])
        func poison(_ sqlState: String) {
            #expect(error(sqlState).failure == .record(code: sqlState, reason: "m"))
        }

        @Test func libraryErrorsAreClassified() {
            #expect(StoreError(.connectionFailed, "").failure == .transient)
            #expect(StoreError(.indeterminate, "").failure == .indeterminate)
            #expect(StoreError(.fenced, "").failure == .fenced)
            #expect(StoreError(.cancelled, "").failure == .transient)
            #expect(StoreError(.schemaTooNew, "").failure == .fatal)
        }

        private func error(_ sqlState: String) -> StoreError {
            StoreError(StoreError.Code(sqlState: sqlState), "m", sqlState: sqlState)
        }
    }
#endif
