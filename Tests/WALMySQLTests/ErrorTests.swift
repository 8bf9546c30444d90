#if MySQL
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALMySQL

    @Suite struct ErrorTests {
        private static let known: [(StoreError.Code, [UInt32])] = [
            (.connectionFailed, [2002, 2003, 2006, 2013, 2055, 2057, 1053, 1927, 9001, 3032, 6400, 1243]),
            (.busy, [1205, 1213, 1689, 3100, 3101, 3781, 3783, 3796, 3797, 3799, 4094]),
            (.overloaded, [1040, 1203, 1226, 1969, 3024, 1317, 1197, 1705, 1637, 3170, 3231, 4082]),
            (.full, [1021, 1114, 1878, 20]), (.inputOutput, [1030, 1, 3, 1534]), (.outOfMemory, [5, 3015]),
            (.readOnly, [1036, 1290, 1836, 1792, 1874, 1881]), (.corrupted, [1034, 1712]),
            (.rowRefused, [1048, 1264, 1292, 1366, 1406, 1452, 4025, 3140, 3819, 1644, 1153, 1242, 1369, 1526, 1748]),
            (.rowRefused, [1301, 1713, 3643, 3751, 3854, 3905, 3908, 6136, 6138]),
            (.schemaMismatch, [1045, 1044, 1142, 1146, 1054, 1524, 1862, 2061, 3118, 3159, 3955, 4151, 3098]),
            // A mistake in WITH RECURSIVE, which waiting doesn't cure.
            (.other, [3573]),
        ]

        @Test(arguments: known)
        func numbers(_ code: StoreError.Code, _ numbers: [UInt32]) {
            for number in numbers {
                #expect(StoreError.Code(number: number, sqlState: "HY000") == code, "\(number)")
            }
        }

        /// An unlisted error number is classified by its SQLSTATE class.
        @Test(arguments: [
            ("08S01", StoreError.Code.connectionFailed), ("22001", .rowRefused), ("23000", .rowRefused),
            ("44000", .rowRefused), ("45000", .rowRefused),
            ("42000", .schemaMismatch), ("40001", .busy), ("HY000", .other),
        ])
        func states(_ state: String, _ code: StoreError.Code) {
            #expect(StoreError.Code(number: 9999, sqlState: state) == code)
        }

        @Test(arguments: [
            (StoreError.Code.connectionFailed, SinkFailure.transient), (.busy, .transient), (.overloaded, .transient),
            (.full, .transient), (.inputOutput, .transient), (.outOfMemory, .transient), (.readOnly, .transient),
            (.schemaMismatch, .transient), (.indeterminate, .indeterminate), (.fenced, .fenced), (.corrupted, .fatal),
            (.laneCountMismatch, .fatal), (.schemaTooNew, .fatal), (.closed, .fatal), (.other, .fatal),
            (.rowRefused, .record(code: "1366", reason: "m")),
        ])
        func failures(_ code: StoreError.Code, _ failure: SinkFailure) {
            #expect(StoreError(code, "m", number: 1366).failure == failure)
        }

        /// A batch that is too large once is too large each time.
        @Test(
            arguments: [
                (1197, .overloaded), (1705, .overloaded), (1969, .overloaded), (3024, .overloaded),
                (3170, .overloaded), (3231, .overloaded), (4081, .overloaded), (4082, .overloaded),
                (1637, .transient), (1040, .transient),
            ] as [(UInt32, SinkFailure)])
        func onlyLimitsOfSizeAndTimeAskForLess(_ number: UInt32, _ failure: SinkFailure) {
            let code = StoreError.Code(number: number, sqlState: "HY000")
            #expect(StoreError(code, "m", number: number).failure == failure)
        }

        /// Conflicts and full disks counted as lost connections, and good records became dead letters.
        @Test(
            arguments: [
                (1213, .transient), (3101, .transient), (3, .transient), (1026, .transient), (1114, .transient),
                (1197, .overloaded), (1705, .overloaded), (2013, .indeterminate), (1290, .indeterminate),
                (3100, .indeterminate), (1180, .indeterminate), (1317, .indeterminate),
            ] as [(UInt32, SinkFailure)])
        func errorsAfterWhichACommitIsRolledBack(_ number: UInt32, _ failure: SinkFailure) {
            let code = StoreError.Code(number: number, sqlState: "HY000")
            #expect(StoreError(code, "m", number: number).ofCommit.failure == failure)
        }

        @Test func descriptionNamesEverything() {
            let error = StoreError(
                .busy, "m", number: 1205, sqlState: "HY000", statement: "save tasks", place: "host:1 tasks")
            #expect(error.description == "busy (MySQL 1205, HY000): m [save tasks, host:1 tasks]")
            #expect(StoreError(.closed, "m").description == "closed: m")
        }
    }
#endif
