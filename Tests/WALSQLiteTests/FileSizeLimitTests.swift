#if SQLite
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALSQLite

    /// At the limit of `ulimit -f`, a write fails as on a full disk, and the kernel sends SIGXFSZ, which would end the process.
    @Suite struct FileSizeLimitTests {
        static func expectFull(_ error: StoreError?) {
            #expect(error?.code == .full && error?.failure == .transient, "\(String(describing: error))")
            #expect(error?.message.contains("ulimit -f") ?? false, "\(String(describing: error))")
        }

        @Test func aLimitIsAFullDiskAndLosesNothing() async throws {
            let database = try TemporaryDatabase()
            await #expect(processExitsWith: .success) { [path = database.path as String] in
                let store = try await SQLiteTaskStore(path: path)
                var lanes = try await store.claim(0..<1, of: 1, log: log)
                setFileSizeLimit(300_000)
                var (count, failure) = (0, StoreError?.none)
                while failure == nil, count < 1000 {
                    let work = batch(
                        [.save(task("\(count)", payload: "\"\(String(repeating: "x", count: 5000))\""))], lanes: lanes)
                    failure = await error { _ = try await store.apply(work) }
                    if failure == nil {
                        lanes[0].position = work.position
                        count += 1
                    }
                }
                FileSizeLimitTests.expectFull(failure)
                #expect(try await store.tasks(dagID: "dag", limit: 1000, offset: 0).count == count)
                setFileSizeLimit(nil)
                _ = try await store.apply(batch([.save(task("last"))], lanes: lanes))
                #expect(try await store.tasks(dagID: "dag", limit: 1000, offset: 0).count == count + 1)
                try await store.close()
            }
            #expect(try database.texts("PRAGMA integrity_check") == ["ok"])
        }

        /// `full` means that nothing was stored, also after a crash. So a commit is refused at many places of its writes, up to
        /// the last byte, and each time the test reads the files as a new process would.
        @Test func aCommitThatIsRefusedIsNotThereAfterACrashEither() async throws {
            let database = try TemporaryDatabase()
            await #expect(processExitsWith: .success) {
                [directory = database.directory as String, path = database.path as String] in
                let store = try await SQLiteTaskStore(path: path)
                let lanes = try await store.claim(0..<1, of: 1, log: log)
                let work = batch([.save(task("refused")), .log(activity("refused"))], lanes: lanes)
                let start = try #require(
                    FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int)
                let (header, frame) = (24, 24 + 4096)
                let places = [0, 1, header - 1, header, header + 1, 2000, frame - 1]
                var refusedCount = 0
                while refusedCount < 1000 {
                    let end = start + refusedCount / places.count * frame + places[refusedCount % places.count]
                    setFileSizeLimit(end)
                    let failure = await error { _ = try await store.apply(work) }
                    setFileSizeLimit(nil)
                    guard failure != nil else { break }
                    FileSizeLimitTests.expectFull(failure)
                    refusedCount += 1
                    let copy = directory + "/copy"
                    try FileManager.default.copyItem(atPath: path, toPath: copy)
                    try FileManager.default.copyItem(atPath: path + "-wal", toPath: copy + "-wal")
                    do {
                        let found = try Connection(path: copy, access: .readWrite, busyTimeout: .zero)
                        let rows = """
                            SELECT (SELECT count(*) FROM dag_tasks) + (SELECT count(*) FROM dag_task_activity_logs) \
                            + (SELECT sum(position) FROM wal_sink_checkpoint)
                            """
                        let count = try Statement(rows, named: "count", on: found)
                            .first { (row) throws(StoreError) in row.number() }
                        #expect(count == 0, "refused at byte \(end - start) of the commit")
                    }
                    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: copy + suffix) }
                }
                // Several frames. The last one completes the commit.
                #expect(refusedCount > 3 * places.count)
                #expect(try await store.task(id: "refused") != nil)
                #expect(try await store.claim(0..<1, of: 1, log: log) == [SinkLane(index: 0, epoch: 2, position: 2)])
                try await store.close()
            }
            #expect(try database.texts("PRAGMA integrity_check") == ["ok"])
        }

        @Test func aDatabaseThatMayNotBeMadeIsMadeLater() async throws {
            let database = try TemporaryDatabase()
            await #expect(processExitsWith: .success) { [path = database.path as String] in
                let store = try await SQLiteTaskStore(path: path)
                setFileSizeLimit(1000)
                FileSizeLimitTests.expectFull(await error { try await store.save(task("a")) })
                setFileSizeLimit(nil)
                try await store.save(task("a"))
                #expect(try await store.task(id: "a") != nil)
                try await store.close()
            }
        }
    }
#endif
