#if SQLite
    import CWALSQLite
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALSQLite

    @Suite struct FailureTests {
        @Test func lockOfAnotherConnectionIsWaitedForAndThenReported() async throws {
            let database = try TemporaryDatabase()
            let store = try await SQLiteTaskStore(path: database.path, busyTimeout: .milliseconds(200))
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let other = try database.connect()
            try other.execute("BEGIN IMMEDIATE")
            let start = ContinuousClock.now
            do {
                _ = try await store.apply(batch([.save(task("a"))], lanes: lanes))
                Issue.record("two connections wrote at the same time")
            } catch {
                #expect(error.code == .busy)
                #expect(store.classify(error) == .transient)
            }
            #expect(ContinuousClock.now - start > .milliseconds(100))
            #expect(try await store.task(id: "a") == nil)
            try other.execute("ROLLBACK")
            _ = try await store.apply(batch([.save(task("a"))], lanes: lanes))
        }

        @Test func lockThatIsReleasedInTimeIsNoError() async throws {
            let database = try TemporaryDatabase()
            let store = try await SQLiteTaskStore(path: database.path, busyTimeout: .seconds(30))
            let other = try database.connect()
            try other.execute("BEGIN IMMEDIATE")
            async let saved: Void = store.save(task("a"))
            try await Task.sleep(for: .milliseconds(50))
            try other.execute("ROLLBACK")
            try await saved
            #expect(try await store.task(id: "a") != nil)
        }

        @Test func fullDatabaseTakesTheBatchWhenThereIsSpace() async throws {
            let database = try TemporaryDatabase()
            let store = try await SQLiteTaskStore(path: database.path)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            try await store.pools.write { (session) throws(StoreError) in
                try session.connection.execute("PRAGMA max_page_count = 40")
            }
            let payload = String(repeating: "x", count: 2000)
            let large = batch((1...200).map { .save(task("\($0)", payload: payload)) }, lanes: lanes)
            do {
                _ = try await store.apply(large)
                Issue.record("more was stored than there is space")
            } catch {
                #expect(error.code == .full)
                #expect(store.classify(error) == .transient)
            }
            #expect(try await store.tasks(dagID: "dag", limit: 9, offset: 0).isEmpty)
            try await store.pools.write { (session) throws(StoreError) in
                try session.connection.execute("PRAGMA max_page_count = 100000")
            }
            #expect(try await store.apply(large).rowCount == 200)
        }

        @Test func readsGoOnBesideAWrite() async throws {
            let database = try TemporaryDatabase()
            let store = try await SQLiteTaskStore(path: database.path)
            try await store.save(task("a"))
            let (begun, continuation) = AsyncStream.makeStream(of: Void.self)
            let released = DispatchSemaphore(value: 0)
            async let written: Void = store.pools.write { (session) throws(StoreError) in
                try session.connection.transaction { () throws(StoreError) in
                    _ = try session.apply(.save(task("b")))
                    continuation.yield()
                    released.wait()
                }
            }
            for await _ in begun { break }
            #expect(try await store.tasks(dagID: "dag", limit: 9, offset: 0).map(\.id) == ["a"])
            released.signal()
            try await written
            #expect(try await store.tasks(dagID: "dag", limit: 9, offset: 0).map(\.id) == ["a", "b"])
        }

        @Test func everyCallRunsOnTheStoresOwnThreads() async throws {
            let database = try TemporaryDatabase()
            let store = try await SQLiteTaskStore(path: database.path)
            let threads = try await withThrowingTaskGroup(of: (UInt, UInt).self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        let writer = try await store.pools.write { (_) throws(StoreError) in threadNumber() }
                        let reader = try await store.pools.read { (_) throws(StoreError) in threadNumber() }
                        #expect(threadNumber() != writer && threadNumber() != reader)
                        return (writer, reader)
                    }
                }
                return try await group.reduce(into: (Set<UInt>(), Set<UInt>())) {
                    $0.0.insert($1.0)
                    $0.1.insert($1.1)
                }
            }
            #expect(threads.0.count == 1 && (1...2).contains(threads.1.count) && threads.0.isDisjoint(with: threads.1))
        }

        @Test(arguments: [
            (SQLITE_BUSY | 2 << 8, SinkFailure.transient), (SQLITE_FULL, .transient),
            (SQLITE_IOERR | 3 << 8, .transient),
            (SQLITE_NOMEM, .transient), (SQLITE_READONLY, .transient), (SQLITE_READONLY | 4 << 8, .fatal),
            (SQLITE_ERROR, .transient), (SQLITE_CORRUPT, .fatal), (SQLITE_NOTADB, .fatal), (SQLITE_MISUSE, .fatal),
            (SQLITE_CONSTRAINT | 5 << 8, .record(code: "1299", reason: "m")),
            (SQLITE_TOOBIG, .record(code: "18", reason: "m")),
        ])
        func classification(_ resultCode: Int32, _ failure: SinkFailure) {
            let error = StoreError(StoreError.Code(resultCode: resultCode), "m", number: resultCode)
            #expect(error.failure == failure)
        }

        /// A process is killed during a batch, after an acknowledged one. The first batch must exist, the second one must not,
        /// and the log's records after its position must match.
        @Test func killedInMidTransaction() async throws {
            let database = try TemporaryDatabase()
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = database.path as String] in
                let store = try await SQLiteTaskStore(path: path)
                let lanes = try await store.claim(0..<1, of: 1, log: log)
                _ = try await store.apply(batch([.save(task("a")), .log(activity("1"))], lanes: lanes))
                try await store.pools.write { (session) throws(StoreError) in
                    try session.connection.transaction { () throws(StoreError) in
                        try session.connection.execute("UPDATE wal_sink_checkpoint SET position = 3")
                        // More rows than the cache holds, so that some of them are already in the database's log.
                        try session.connection.execute("PRAGMA cache_size = 10")
                        for number in 0..<2000 {
                            try session.apply(.save(task("lost \(number)")))
                        }
                        kill(getpid(), SIGKILL)
                    }
                }
            }
            let store = try await SQLiteTaskStore(path: database.path)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            #expect(lanes == [SinkLane(index: 0, epoch: 2, position: 2)])
            #expect(try database.texts("SELECT id FROM dag_tasks") == ["a"])
            _ = try await store.apply(batch([.save(task("b"))], lanes: lanes))
            #expect(try database.texts("PRAGMA integrity_check") == ["ok"])
            try await store.close()
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
