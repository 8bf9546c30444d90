#if Postgres
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks
    import WALTesting

    @testable import WALPostgres

    /// A pooler may give each transaction another session, so one connection's settings and prepared statements meet those of
    /// others.
    @Suite(.serialized, .needsBouncer, .timeLimit(.minutes(30))) struct BouncerTests {
        private let database: TemporaryDatabase
        private let bouncer: Bouncer

        init() throws {
            let server = try #require(PrivateServer.shared, "the server doesn't start")
            database = try TemporaryDatabase()
            bouncer = try Bouncer(before: server, sessions: 2)
        }

        private func store(writeConnections: Int = 4) async throws -> PostgresTaskStore {
            let name = try #require(database.conninfo.split(separator: "=").last)
            var settings = try ConnectionSettings(
                conninfo: "\(bouncer.conninfo) dbname=\(name)", statementTimeout: .seconds(300),
                lockTimeout: .seconds(600))
            settings.copiedMin = 1
            return try await PostgresTaskStore(
                settings, name: "postgres", writers: writeConnections, readers: 2, logger: nil)
        }

        /// Without coalescing, the store's statements are the same: see `ConformanceTests`.
        @Test(arguments: SinkConformance.ofAnotherForm)
        func sink(check: SinkConformance) async throws {
            let fixture = TaskStoreFixture { try await store() }
            try await check.run(on: fixture)
        }

        @Test(arguments: TaskStorageConformance.allCases)
        func storage(check: TaskStorageConformance) async throws {
            try await check.run(on: try await store())
        }

        /// The second run failed, because the prepared statements of the first one existed already.
        @Test func runsOneAfterAnotherAndAtOnce() async throws {
            for run in 0..<3 {
                let store = try await store()
                let lanes = try await store.claim(0..<2, of: 2, log: log)
                #expect(lanes.map(\.epoch) == [UInt64(run + 1), UInt64(run + 1)])
                _ = try await store.apply(batch([.save(task("r\(run)"))], lanes: lanes, laneCount: 2))
                #expect(try await store.task(id: "r\(run)") != nil)
                try await store.close()
            }
            let (first, second) = (try await store(), try await store())
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, store) in [first, second].enumerated() {
                    group.addTask {
                        for index in 0..<50 {
                            try await store.save(task("s\(number)-\(index)"))
                            _ = try await store.task(id: "s\(number)-\(index)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try database.number("SELECT count(*) FROM dag_tasks WHERE id LIKE 's%'") == 100)
            try await first.close()
            try await second.close()
        }

        @Test func fencingHolds() async throws {
            let (first, second) = (try await store(), try await store())
            let lanes = try await first.claim(0..<2, of: 2, log: log)
            let overtaking = try await second.claim(0..<2, of: 2, log: log)
            #expect(
                await code { _ = try await first.apply(batch([.save(task("a"))], lanes: lanes, laneCount: 2)) }
                    == .fenced)
            _ = try await second.apply(batch([.save(task("b"))], lanes: overtaking, laneCount: 2))
            #expect(try database.texts("SELECT id FROM dag_tasks") == ["b"])
            try await first.close()
            try await second.close()
        }

        /// The store must not change settings in sessions that it shares with other applications.
        @Test func nothingStaysInSessions() async throws {
            let store = try await store()
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            _ = try await store.apply(batch([.save(task("a")), .deleteDAG(id: "x"), .save(task("b"))], lanes: lanes))
            let name = try #require(database.conninfo.split(separator: "=").last)
            let other = try Connection(
                ConnectionSettings(
                    conninfo: "\(bouncer.conninfo) dbname=\(name)", statementTimeout: .seconds(300),
                    lockTimeout: .seconds(300)))
            #expect(other.isPooled)
            #expect(try !database.connect().isPooled)
            for _ in 0..<8 {
                // The bouncer itself sets these for each connection.
                let changed = """
                    SELECT (SELECT count(*) FROM pg_settings WHERE source = 'session' \
                    AND name NOT IN ('application_name', 'client_encoding')) + \
                    (SELECT count(*) FROM pg_prepared_statements)
                    """
                let count = try other.query(changed, named: "look").first { (row) throws(StoreError) in row.number()
                }
                #expect(count == 0)
            }
            try await store.close()
        }

        @Test func timeLimitsHoldThroughIt() async throws {
            let name = try #require(database.conninfo.split(separator: "=").last)
            let lanes = try await database.claim()
            let store = try await PostgresTaskStore(
                "\(bouncer.conninfo) dbname=\(name)", statementTimeout: .milliseconds(500))
            try await repeated { try await store.ping() }
            try database.execute(FailureTests.slowly(20))
            #expect(await code { _ = try await store.apply(batch([.save(task("a"))], lanes: lanes)) } == .overloaded)
            try await store.close()
        }
    }
#endif
