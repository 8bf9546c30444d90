#if MySQL
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALMySQL

    /// Other sessions interfere with the store's sessions.
    @Suite(.enabled(if: PrivateServer.isWanted, PrivateServer.reason))
    struct FailureTests {
        let database: TestDatabase

        init() throws {
            database = try TestDatabase()
        }

        private func writerID(_ store: MySQLTaskStore) async throws -> Int64? {
            try await store.pools.writers.run { (session) throws(StoreError) in
                try Statement("SELECT CONNECTION_ID()", named: "test", on: session.connection)
                    .first { (row) throws(StoreError) in row.number() }
            }
        }

        @Test func lockOfAnotherSessionIsWaitedForAndThenReported() async throws {
            let store = try await database.store(lockTimeout: .milliseconds(900))
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            try await store.save(task("a"))
            let other = try database.connect()
            try other.execute("START TRANSACTION", named: "test")
            try other.execute("UPDATE dag_tasks SET priority = 1", named: "test")
            let work = batch([.save(task("a", priority: 5)), .save(task("b"))], lanes: lanes)
            let refused = await error { _ = try await store.apply(work) }
            #expect(refused?.code == .busy && refused?.number == 1205 && refused?.failure == .transient)
            #expect(try await store.task(id: "b") == nil)
            try other.execute("ROLLBACK", named: "test")
            #expect(try await store.apply(work).rowCount == 2)
            #expect(try await store.task(id: "a")?.priority == 5)
        }

        @Test func claimThatCannotGetItsLockIsTransient() async throws {
            let store = try await database.store(lockTimeout: .milliseconds(900))
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let other = try database.connect()
            try other.execute("START TRANSACTION", named: "test")
            try other.execute("UPDATE wal_sink_checkpoint SET owner = 'x'", named: "test")
            let refused = await error { _ = try await store.claim(0..<1, of: 1, log: log) }
            #expect(refused?.code == .busy && refused?.failure == .transient)
            try other.execute("ROLLBACK", named: "test")
            #expect(try await store.claim(0..<1, of: 1, log: log).map(\.epoch) == [lanes[0].epoch + 1])
        }

        @Test func deadlockIsTransient() async throws {
            let store = try await database.store()
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            try await store.save([task("a"), task("b")])
            let other = try database.connect()
            try other.execute("START TRANSACTION", named: "test")
            // The server ends the transaction with fewer changes.
            for number in 0..<50 {
                try other.execute(
                    "INSERT INTO dag_task_activity_logs VALUES ('\(number)', 't', 'd', 'n', '', NULL, NULL, '', NOW(6))",
                    named: "test")
            }
            try other.execute("UPDATE dag_tasks SET priority = 1 WHERE id = 'b'", named: "test")
            let work = batch([.save(task("a", priority: 7)), .save(task("b", priority: 7))], lanes: lanes)
            async let found = error { _ = try await store.apply(work) }
            try await database.waitUntilOneWaitsForALock()
            try other.execute("UPDATE dag_tasks SET priority = 1 WHERE id = 'a'", named: "test")
            let refused = await found
            #expect(refused?.code == .busy && refused?.number == 1213 && refused?.failure == .transient)
            try other.execute("COMMIT", named: "test")
            #expect(try await store.apply(work).rowCount == 2)
            #expect(try await store.task(id: "b")?.priority == 7)
        }

        @Test(.enabled(if: !PrivateServer.isMySQL, "MySQL limits the time of queries alone"))
        func statementThatTakesTooLongIsEnded() async throws {
            let lanes = try await database.claim()
            let store = try await repeated { try await database.store(statementTimeout: .seconds(1)) }
            try database.execute("CREATE TRIGGER slow BEFORE INSERT ON dag_tasks FOR EACH ROW SET @slept = SLEEP(600)")
            let start = ContinuousClock.now
            let refused = await error { _ = try await store.apply(batch([.save(task("a"))], lanes: lanes)) }
            #expect(refused?.code == .overloaded && refused?.number == 1969 && refused?.failure == .overloaded)
            #expect(ContinuousClock.now - start < .seconds(300))
            try database.execute("DROP TRIGGER slow")
            #expect(try await repeated { try await store.apply(batch([.save(task("a"))], lanes: lanes)) }.rowCount == 1)
        }

        @Test(.enabled(if: PrivateServer.isMySQL, "MariaDB limits the time of all statements"))
        func queryThatTakesTooLongIsEnded() async throws {
            let settings = try ConnectionSettings(url: database.url, statementTimeout: .seconds(3))
            let rows = (0..<20).map { "information_schema.collations AS t\($0)" }.joined(separator: ", ")
            let sink = try await MySQLSink(settings, tables: "") { transaction, _ in
                _ = try transaction.query("SELECT COUNT(*) FROM \(rows)")
            }
            let (failure, error) = try await TestSupport.failure(of: sink)
            #expect(failure == .overloaded && error.number == 3024)
        }

        @Test func answerThatDoesNotComeIsALostConnection() async throws {
            let lanes = try await database.claim()
            let store = try await repeated { try await database.store(options: "&read_timeout=1") }
            try database.execute("CREATE TRIGGER slow BEFORE INSERT ON dag_tasks FOR EACH ROW SET @slept = SLEEP(600)")
            let refused = await error { _ = try await store.apply(batch([.save(task("a"))], lanes: lanes)) }
            #expect(refused?.code == .connectionFailed && refused?.failure == .indeterminate)
            // The server still holds the locks of the lanes' rows, until its session ends. Then nothing was written.
            let sessions = try database.texts(
                "SELECT CAST(id AS char) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            )
            for id in sessions { try? database.execute("KILL \(id)") }
            try database.execute("DROP TRIGGER slow")
            _ = try await repeated { try await store.claim(0..<1, of: 1, log: log) }
            #expect(try await repeated { try await store.task(id: "a") } == nil)
            #expect(try database.number("SELECT position FROM wal_sink_checkpoint") == 0)
        }

        @Test func killedWhileIdleIsNotNoticed() async throws {
            let store = try await database.store(writeConnections: 1)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            for verb in ["writer", "reader"] {
                let id = try await verb == "writer" ? writerID(store) : readerID(store)
                try database.execute("KILL \(id ?? 0)")
            }
            #expect(try await store.task(id: "a") == nil)
            #expect(try await store.apply(batch([.save(task("a"))], lanes: lanes)).rowCount == 1)
            #expect(try await store.task(id: "a") != nil)
        }

        private func readerID(_ store: MySQLTaskStore) async throws -> Int64? {
            try await store.pools.readers.run { (session) throws(StoreError) in
                try Statement("SELECT CONNECTION_ID()", named: "test", on: session.connection)
                    .first { (row) throws(StoreError) in row.number() }
            }
        }

        /// Nothing was written, because the transaction had no end. Another claim shows whether the server is reachable.
        @Test func killedInMidTransactionAsksForAnotherClaim() async throws {
            let store = try await database.store(writeConnections: 1)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            try await store.save(task("a"))
            let id = try await writerID(store) ?? 0
            let other = try database.connect()
            try other.execute("START TRANSACTION", named: "test")
            try other.execute("UPDATE dag_tasks SET priority = 1", named: "test")
            let work = batch([.log(activity("1")), .save(task("a", priority: 3))], lanes: lanes)
            async let found = error { _ = try await store.apply(work) }
            try await database.waitUntilOneWaitsForALock()
            try database.execute("KILL \(id)")
            let refused = await found
            #expect(refused?.code == .connectionFailed && refused?.failure == .indeterminate)
            try other.execute("ROLLBACK", named: "test")
            #expect(try await store.apply(work).rowCount == 2)
            #expect(try await store.task(id: "a")?.priority == 3)
        }

        /// Another program may end long statements. Less at a time may be short enough, as after a time limit.
        @Test func interruptedStatementAsksForLess() async throws {
            let store = try await database.store(writeConnections: 1)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let id = try await writerID(store) ?? 0
            let other = try database.connect()
            try other.execute("START TRANSACTION", named: "test")
            try other.execute("UPDATE wal_sink_checkpoint SET owner = 'x'", named: "test")
            async let found = error { _ = try await store.apply(batch([.save(task("a"))], lanes: lanes)) }
            try await database.waitUntilOneWaitsForALock()
            try database.execute("KILL QUERY \(id)")
            let refused = await found
            #expect(refused?.code == .overloaded && refused?.failure == .overloaded)
            try other.execute("ROLLBACK", named: "test")
            #expect(try await store.apply(batch([.save(task("a"))], lanes: lanes)).rowCount == 1)
        }

        /// A call ends at once when its task is canceled. The session is usable afterwards.
        @Test func cancelledCallIsCancelledInTheServer() async throws {
            let store = try await database.store(writeConnections: 1)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let other = try database.connect()
            try other.execute("START TRANSACTION", named: "test")
            try other.execute("UPDATE wal_sink_checkpoint SET owner = 'x'", named: "test")
            let work = batch([.save(task("a"))], lanes: lanes)
            let call = Task { await error { _ = try await store.apply(work) } }
            try await database.waitUntilOneWaitsForALock()
            call.cancel()
            let refused = await call.value
            #expect(refused?.code == .cancelled && refused?.failure == .transient)
            let late = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await error { _ = try await store.apply(work) }
            }
            #expect(await late.value?.code == .cancelled)
            try other.execute("ROLLBACK", named: "test")
            #expect(try await store.apply(work).rowCount == 1)
        }

        @Test func passwordIsAskedFor() async throws {
            try await database.store().close()
            let user = "p\(database.name)"
            try database.execute(
                "CREATE USER \(user)@localhost IDENTIFIED BY 'p@:/?#%ä'",
                "GRANT ALL ON \(database.name).* TO \(user)@localhost")
            let url = database.url(user: "\(user):p%40%3A%2F%3F%23%25%C3%A4")
            let store = try await MySQLTaskStore(url: url)
            try await store.save(task("a"))
            try await store.close()
            let refused = await error { try await MySQLTaskStore(url: database.url(user: "\(user):hunter2")).ping() }
            #expect(refused?.code == .schemaMismatch && refused?.number == 1045)
            #expect(refused?.description.contains("hunter2") == false)
        }

        /// MariaDB has no certificate in tests, and that of MySQL is signed by itself.
        @Test(arguments: PrivateServer.isMySQL ? ["verified"] : ["required", "verified"])
        func connectionWithoutEncryptionIsRefused(_ encryption: String) async throws {
            let refused = await error { _ = try await database.store(options: "&tls=\(encryption)") }
            #expect(refused?.code == .connectionFailed && refused?.number == 2026)
        }

        @Test func everyCallRunsOnTheStoresOwnThreads() async throws {
            let store = try await database.store(writeConnections: 3)
            let threads = try await withThrowingTaskGroup(of: (UInt, UInt).self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        let writer = try await store.pools.writers.run { (_) throws(StoreError) in threadNumber() }
                        let reader = try await store.pools.readers.run { (_) throws(StoreError) in threadNumber() }
                        #expect(threadNumber() != writer && threadNumber() != reader)
                        return (writer, reader)
                    }
                }
                return try await group.reduce(into: (Set<UInt>(), Set<UInt>())) {
                    $0.0.insert($1.0)
                    $0.1.insert($1.1)
                }
            }
            #expect(threads.0.count <= 3 && threads.1.count == 1 && threads.0.isDisjoint(with: threads.1))
        }

        @Test func connectionsAreClosedWithTheStore() async throws {
            let sessions = """
                SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()
                """
            let store = try await database.store(writeConnections: 4)
            try await store.ping()
            // One writer and one reader. The store opens the other connections when it needs them.
            // Each query has a new session, which the server forgets a little later.
            try await eventually(every: .milliseconds(50)) { try database.number(sessions) == 2 }
            try await store.close()
            try await eventually(every: .milliseconds(50)) { try database.number(sessions) == 0 }
        }

        /// The connection breaks at the commit, which may have succeeded. Only a claim shows whether it did.
        @Test(arguments: [true, false])
        func commitWithoutAnAnswer(isDone: Bool) async throws {
            try await database.store().close()
            let directory = try PrivateServer.shared.get().directory
            let cutter = try AnswerCutter(to: directory + "/s.sock", at: directory + "/cut-\(isDone).sock")
            defer { cutter.close() }
            let url = database.url.replacingOccurrences(of: "/s.sock", with: "/cut-\(isDone).sock")
            let store = try await MySQLTaskStore(url: url, writeConnections: 1)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            cutter.arm(passesRequest: isDone)
            let work = batch([.save(task("a")), .log(activity("1"))], lanes: lanes)
            let lost = await error { _ = try await store.apply(work) }
            #expect(lost?.code == .indeterminate && lost?.failure == .indeterminate)
            let claimed = try await store.claim(0..<1, of: 1, log: log)
            #expect(claimed == [SinkLane(index: 0, epoch: 2, position: isDone ? 2 : 0)])
            #expect(try await store.task(id: "a") == (isDone ? task("a") : nil))
            #expect(await code { _ = try await store.apply(work) } == .fenced)
        }
    }

    private func threadNumber() -> UInt {
        #if canImport(Darwin)
            UInt(bitPattern: pthread_self())
        #else
            UInt(pthread_self())
        #endif
    }
#endif
