#if SQLite
    import Foundation
    import Logging
    import TestSupport
    import Testing
    import WAL
    import WALTasks

    @testable import WALSQLite

    /// More tasks than fit into the process's memory limit.
    private enum Outage {
        static let count = ProcessInfo.processInfo.environment["WAL_OUTAGE_RECORDS"].flatMap(Int.init) ?? 120_000

        static func limitMemory() throws {
            var limit = rlimit(rlim_cur: 200 << 20, rlim_max: 200 << 20)
            try #require(setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit) == 0)
        }

        static func open(in directory: String) async throws -> BufferedTaskStorage<SQLiteTaskStore> {
            var configuration = TaskBufferConfiguration()
            configuration.maxOverlayMemory = 16 << 20
            return try await BufferedTaskStorage.sqlite(
                directory + "/mount/tasks.sqlite", log: directory + "/log", configuration: configuration)
        }

        static func task(_ number: Int) -> PersistentTask {
            PersistentTask(
                id: "t\(number)", dagID: "d\(number % 100)", nodeID: "n",
                payload: "\"\(number)\(String(repeating: "x", count: 1000))\"",
                createdAt: Timestamp(rawValue: 1_700_000_000_000_000 + Int64(number)))
        }

        /// Checks early, middle and late tasks.
        static func check(_ storage: BufferedTaskStorage<SQLiteTaskStore>, _ count: Int) async throws {
            for number in [0, 1, count / 3, count / 2, count - 2, count - 1] {
                let found = try await storage.task(id: Self.task(number).id)
                try #require(found == Self.task(number))
            }
        }
    }

    /// An unreachable database must not stop its clients. Its directory doesn't exist yet, like that of an unmounted disk.
    @Suite(.timeLimit(.minutes(60))) struct AwayTests {
        @Test func opensBeforeTheDirectoryIsThere() async throws {
            let database = try TemporaryDatabase()
            let path = database.directory + "/mount/tasks.sqlite"
            let storage = try await BufferedTaskStorage.sqlite(path, log: database.directory + "/log")
            for number in 0..<500 { try await storage.save(task("t\(number)")) }
            #expect(storage.statistics.depth == 500)
            try FileManager.default.createDirectory(
                atPath: database.directory + "/mount", withIntermediateDirectories: false)
            try await storage.drain()
            #expect(try await storage.store.tasks(dagID: "dag", limit: 1000, offset: 0).count == 500)
            try await storage.close()
        }

        @Test func theStoreItselfSaysThatItsDatabaseIsAwayAndBack() async throws {
            let database = try TemporaryDatabase()
            let recording = RecordingLog()
            let store = try await SQLiteTaskStore(
                path: database.directory + "/mount/tasks.sqlite", logger: recording.logger)
            for _ in 0..<5 { #expect(await code { try await store.ping() } == .inputOutput) }
            let began = recording.messages.all
            #expect(began.count == 1)
            #expect(began.first?.text == "no connection to the store can be made; each call tries again")
            #expect(began.first?.level == .warning && began.first?.metadata["wal.sink"] == "sqlite")
            #expect(began.first?.metadata["wal.error"]?.contains("inputOutput") ?? false)
            try FileManager.default.createDirectory(
                atPath: database.directory + "/mount", withIntermediateDirectories: false)
            try await store.ping()
            try await store.save(task("a"))
            #expect(try await store.task(id: "a") != nil)
            let messages = recording.messages.all
            #expect(messages.count == 2 && messages.last?.text == "a connection to the store is made again")
            #expect(messages.last?.level == .notice && messages.last?.metadata["wal.duration"] != nil)
            try await store.close()
        }

        /// An outage uses disk space. It must not exceed the memory limit: during it, at a start within it, or after it.
        @Test(.timeLimit(.minutes(60))) func anOutageOfAnyLengthEndsWell() async throws {
            let database = try TemporaryDatabase()
            let directory = database.directory
            let count = Outage.count
            await #expect(processExitsWith: .success) { [directory = directory as String, count = count as Int] in
                try Outage.limitMemory()
                let storage = try await Outage.open(in: directory)
                for number in 0..<count { try await storage.save(Outage.task(number)) }
                try await Outage.check(storage, count)
                _ = try? await storage.close(within: .zero)
            }
            await #expect(processExitsWith: .success) { [directory = directory as String, count = count as Int] in
                try Outage.limitMemory()
                let storage = try await Outage.open(in: directory)
                try await storage.save(Outage.task(count))
                try await Outage.check(storage, count + 1)
                try FileManager.default.createDirectory(
                    atPath: directory + "/mount", withIntermediateDirectories: false)
                try await storage.drain()
                try await Outage.check(storage, count + 1)
                _ = try await storage.tasks(dagID: "d7", limit: 10, offset: 0)
                try await storage.close()
            }
            let connection = try Connection(
                path: directory + "/mount/tasks.sqlite", access: .readOnly, busyTimeout: .seconds(1))
            let found = try Statement("SELECT count(*) FROM dag_tasks", named: "count", on: connection)
                .first { (row) throws(StoreError) in row.number() }
            #expect(found == Int64(count) + 1)
        }
    }
#endif
