#if MySQL
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALMySQL

    /// Settings that affect a whole server. The tests use one server, one after another, and each begins with the defaults.
    @Suite(.enabled(if: PrivateServer.isWanted, PrivateServer.reason), .serialized)
    struct ServerSettingsTests {
        let database: TestDatabase

        init() throws {
            database = try TestDatabase(on: PrivateServer.adjustable.get())
            try database.execute("SET GLOBAL max_allowed_packet = 67108864", "DROP USER IF EXISTS plain@localhost")
        }

        @Test func readOnlyServer() async throws {
            try await database.store().close()
            try database.execute(
                "CREATE USER plain@localhost",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON \(database.name).* TO plain@localhost")
            let store = try await MySQLTaskStore(url: database.url(user: "plain"))
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            try database.execute("SET GLOBAL read_only = 1")
            let refused = await error { _ = try await store.apply(batch([.save(task("a"))], lanes: lanes)) }
            #expect(refused?.code == .readOnly && refused?.number == 1290 && refused?.failure == .transient)
            try database.execute("SET GLOBAL read_only = 0")
            #expect(try await store.apply(batch([.save(task("a"))], lanes: lanes)).rowCount == 1)
        }

        /// A server goes into this mode when it leaves its group, for example, and may come back.
        @Test(.enabled(if: PrivateServer.isMySQL, "MariaDB has no offline mode"))
        func serverInOfflineModeIsAway() async throws {
            let lanes = try await database.claim()
            try database.execute(
                "CREATE USER plain@localhost", "GRANT ALL ON \(database.name).* TO plain@localhost",
                "SET GLOBAL offline_mode = 1")
            let store = try await MySQLTaskStore(url: database.url(user: "plain"))
            let refused = await error { _ = try await store.apply(batch([.save(task("a"))], lanes: lanes)) }
            #expect(refused?.code == .connectionFailed && refused?.number == 3032 && refused?.failure == .transient)
            try database.execute("SET GLOBAL offline_mode = 0")
            #expect(try await store.apply(batch([.save(task("a"))], lanes: lanes)).rowCount == 1)
        }

        @Test(arguments: [true, false])
        func batchAboveThePacketLimitIsCut(arrays: Bool) async throws {
            try database.execute("SET GLOBAL max_allowed_packet = 1048576")
            let store = try await database.store(arrays: arrays)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let text = "\"" + String(repeating: "'", count: 2000) + "\""
            let mutations = (0..<3000).map { TaskMutation.save(task("\($0)", payload: text)) }
            #expect(try await store.apply(batch(mutations, lanes: lanes)).rowCount == 3000)
            #expect(try database.number("SELECT COUNT(*) FROM dag_tasks WHERE LENGTH(payload) = 2002") == 3000)
        }

        /// Its dead letter would exceed the limit, too. So the store's error names the record, and the flusher keeps it in its
        /// own dead letters. The store never sends a packet at which the server would close the connection.
        @Test(arguments: [true, false])
        func rowAboveThePacketLimitIsTheRecordsFault(arrays: Bool) async throws {
            try database.execute("SET GLOBAL max_allowed_packet = 1048576")
            let store = try await database.store(arrays: arrays, writeConnections: 1)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let large = task("large", payload: "\"" + String(repeating: "x", count: 1_200_000) + "\"")
            let work = batch([.save(task("a")), .save(large), .save(task("b"))], lanes: lanes)
            let refused = await error { _ = try await store.apply(work) }
            #expect(refused?.code == .rowRefused && refused?.message.contains("max_allowed_packet") == true)
            #expect(refused?.failure == .record(code: "rowRefused", reason: refused?.message ?? ""))
            #expect(try database.number("SELECT COUNT(*) FROM dag_tasks") == 0)
            #expect(try database.number("SELECT position FROM wal_sink_checkpoint") == 0)
            #expect(try await store.apply(batch([.save(task("a")), .save(task("b"))], lanes: lanes)).rowCount == 2)
            #expect(await code { try await store.save(large) } == .rowRefused)
        }

        /// A row exceeds the limit as literals because of its quotes, while its letter doesn't.
        @Test func rowThatIsAboveTheLimitAsLiteralsAlone() async throws {
            try database.execute("SET GLOBAL max_allowed_packet = 1048576")
            let store = try await database.store(arrays: false)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            var large = task("large")
            large.payload = nil
            large.createdAt = time(0)
            large.error = String(repeating: "'", count: 500_000)
            large.processingState = String(repeating: "x", count: 200_000)
            let work = batch([.save(task("a")), .save(large), .save(task("b"))], lanes: lanes)
            let refused = await error { _ = try await store.apply(work) }
            #expect(refused?.failure == .record(code: "rowRefused", reason: refused?.message ?? ""))
        }

        @Test func tooManyConnectionsIsTransient() async throws {
            let store = try await database.store(writeConnections: 1)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            try await store.close()
            try database.execute(
                "CREATE USER plain@localhost WITH MAX_USER_CONNECTIONS 1",
                "GRANT ALL ON \(database.name).* TO plain@localhost")
            let user = try ConnectionSettings(url: database.url(user: "plain"))
            let first = try Connection(user, access: .readWrite)
            let refused = await error { try await MySQLTaskStore(url: database.url(user: "plain")).ping() }
            #expect(refused?.code == .overloaded && refused?.failure == .transient)
            withExtendedLifetime(first) {}
            _ = lanes
        }
    }

    /// Servers that end, so each test has its own.
    @Suite(.enabled(if: PrivateServer.isWanted, PrivateServer.reason), PrivateServer.restarts, .serialized)
    struct ServerDeathTests {
        let server: PrivateServer
        let database: TestDatabase

        init() throws {
            server = try PrivateServer()
            database = try TestDatabase(on: server)
        }

        @Test func awayAndBack() async throws {
            let store = try await database.store()
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            try server.stop()
            for _ in 0..<2 {
                let refused = await error { _ = try await store.apply(batch([.save(task("a"))], lanes: lanes)) }
                #expect(refused?.code == .connectionFailed && refused?.failure == .transient)
            }
            #expect(await code { _ = try await store.task(id: "a") } == .connectionFailed)
            #expect(await code { try await store.ping() } == .connectionFailed)
            #expect(await code { _ = try await database.store() } == .connectionFailed)
            try server.start()
            try await store.ping()
            #expect(try await store.apply(batch([.save(task("a"))], lanes: lanes)).rowCount == 1)
            #expect(try await store.task(id: "a") == task("a"))
        }

        /// The server crashes during or after any step of a batch. Acknowledged rows must exist, and rows and position must
        /// agree.
        @Test func crashAtAnyMoment() async throws {
            let store = try await database.store(writeConnections: 1)
            var lanes = try await store.claim(0..<1, of: 1, log: log)
            var failures: [SinkFailure] = []
            var acknowledged = SequenceNumber.zero
            for round in 0..<6 {
                async let crashed: Void = {
                    try await Task.sleep(for: .milliseconds(Int.random(in: 20...200)))
                    try server.crash()
                }()
                while true {
                    let first = lanes[0].position.rawValue
                    let work = batch(
                        (1...20).map { .log(activity("\(first)/\($0)", task: "t\($0)")) } + [.save(task("r\(round)"))],
                        lanes: lanes)
                    guard let failed = await error(of: { _ = try await store.apply(work) }) else {
                        acknowledged = work.position
                        lanes[0].position = work.position
                        continue
                    }
                    failures.append(failed.failure)
                    break
                }
                try await crashed
                try server.start()
                lanes = try await store.claim(0..<1, of: 1, log: log)
                #expect(lanes[0].epoch == UInt64(round + 2))
                #expect(lanes[0].position == acknowledged || lanes[0].position.rawValue == acknowledged.rawValue + 21)
                #expect(
                    try database.number("SELECT COUNT(*) FROM dag_task_activity_logs")
                        == Int64(lanes[0].position.rawValue / 21 * 20))
                acknowledged = lanes[0].position
            }
            #expect(failures.allSatisfy { $0 == .transient || $0 == .indeterminate }, "\(failures)")
        }
    }
#endif
