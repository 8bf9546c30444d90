#if MySQL
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks
    import WALTesting

    @testable import WALMySQL

    @Suite(.enabled(if: PrivateServer.isWanted, PrivateServer.reason))
    struct TaskStorageTests {
        let database: TestDatabase
        let store: MySQLTaskStore

        init() async throws {
            database = try TestDatabase()
            store = try await database.store()
        }

        @Test(arguments: TaskStorageConformance.allCases, [true, false])
        func conformance(_ check: TaskStorageConformance, arrays: Bool) async throws {
            let database = try TestDatabase()
            try await check.run(on: try await database.store(arrays: arrays))
        }

        @Test(arguments: [true, false])
        func everyFieldComesBack(arrays: Bool) async throws {
            let store = try await database.store(arrays: arrays)
            let full = PersistentTask(
                id: "äb", dagID: "dag", nodeID: "n", currentNodeID: "c'\\\"\n?", subDAGPath: "a/b",
                processingState: "half",
                payload: #"{"a":"🙂"}"#, status: .failed, createdAt: time(-1), updatedAt: time(1), startedAt: time(2),
                completedAt: time(3), error: "why", retryCount: -1, maxRetries: .max, priority: .min)
            let bare = PersistentTask(id: " ", dagID: "", nodeID: "", createdAt: Timestamp(rawValue: -5))
            try await store.save([full, bare])
            #expect(try await store.task(id: full.id) == full)
            #expect(try await store.task(id: " ") == bare)
            #expect(try await store.task(id: "none") == nil)
            let entry = TaskActivityLog(id: "x", taskID: "t", dagID: "d", nodeID: "n", action: "", createdAt: time(4))
            try await store.log(entry)
            #expect(try await store.activities(taskID: "t", limit: 9, offset: 0) == [entry])
        }

        /// Texts that exceed the statement's own buffer are passed to MySQL in another way.
        @Test(arguments: [true, false])
        func largeTextsComeBack(arrays: Bool) async throws {
            let store = try await database.store(arrays: arrays)
            var large = task("large", payload: "[1" + String(repeating: "0123456789", count: 100_000) + "]")
            large.error = String(repeating: "e", count: 16_000)
            large.processingState = String(repeating: "p", count: 500)
            try await store.save(large)
            #expect(try await store.task(id: "large") == large)
        }

        @Test(arguments: [true, false])
        func savingAgainKeepsDAGAndCreation(arrays: Bool) async throws {
            let store = try await database.store(arrays: arrays)
            try await store.save(task("a", dag: "first", at: 1))
            var second = task("a", dag: "second", status: .running, at: 2, priority: 5, payload: "[1]")
            second.error = "e"
            try await store.save(second)
            second.dagID = "first"
            second.createdAt = time(1)
            #expect(try await store.task(id: "a") == second)
        }

        @Test func savingManyIsAllOrNothing() async throws {
            try database.execute(Poison.abort)
            let tasks = [task("a"), task("b", payload: Poison.payload), task("c")]
            #expect(await code { try await store.save(tasks) } == .rowRefused)
            #expect(try await store.tasks(dagID: "dag", limit: 9, offset: 0).isEmpty)
        }

        @Test func listsAreOrderedAndPaged() async throws {
            try await store.save([
                task("b", at: 2), task("a", at: 2), task("c", at: 1), task("d", at: 3), task("x", dag: "other", at: 0),
            ])
            func ids(_ limit: Int, _ offset: Int) async throws -> [String] {
                try await store.tasks(dagID: "dag", limit: limit, offset: offset).map(\.id)
            }
            #expect(try await ids(9, 0) == ["c", "a", "b", "d"])
            #expect(try await ids(2, 1) == ["a", "b"])
            #expect(try await ids(0, 0) == [])
            #expect(try await ids(9, 4) == [])
        }

        @Test(arguments: TaskStatus.allCases)
        func tasksByStatus(_ status: TaskStatus) async throws {
            for (index, each) in TaskStatus.allCases.enumerated() {
                try await store.save([
                    task("2\(each)", status: each, at: Int64(index)), task("1\(each)", status: each, at: Int64(index)),
                ])
            }
            #expect(
                try await store.tasks(status: status, limit: 9, offset: 0).map(\.id) == ["1\(status)", "2\(status)"])
            #expect(try await store.tasks(status: status, limit: 1, offset: 1).map(\.id) == ["2\(status)"])
        }

        @Test func pendingTasksGoByPriority() async throws {
            try await store.save([
                task("low", at: 0), task("b", at: 2, priority: 7), task("a", at: 2, priority: 7),
                task("old", at: 1, priority: 7), task("running", status: .running, priority: 9),
            ])
            #expect(try await store.pendingTasks(limit: 9).map(\.id) == ["old", "a", "b", "low"])
            #expect(try await store.pendingTasks(limit: 2).map(\.id) == ["old", "a"])
        }

        @Test func resumableTasks() async throws {
            var tired = task("tired", status: .failed)
            tired.retryCount = 3
            try await store.save([
                task("p", at: 3), task("r", status: .running, at: 2), task("f", status: .failed, at: 1), tired,
                task("c", status: .completed), task("x", status: .cancelled), task("other", dag: "other"),
            ])
            #expect(try await store.resumableTasks(dagID: "dag").map(\.id) == ["f", "r", "p"])
        }

        @Test(arguments: [true, false])
        func statusTimes(arrays: Bool) async throws {
            let store = try await database.store(arrays: arrays)
            var expected = task("a")
            try await store.save(expected)
            let steps: [(TaskStatus, String?)] = [
                (.running, nil), (.pending, "again"), (.running, nil), (.failed, "why"), (.running, nil),
                (.completed, nil),
                (.cancelled, nil),
            ]
            for (index, (status, error)) in steps.enumerated() {
                let now = time(Int64(index + 10))
                try await store.updateStatus(id: "a", to: status, error: error, at: now)
                expected.status = status
                expected.error = error
                expected.updatedAt = now
                if status == .running, expected.startedAt == nil { expected.startedAt = now }
                if [.completed, .failed, .cancelled].contains(status) { expected.completedAt = now }
                #expect(try await store.task(id: "a") == expected)
            }
            try await store.updateStatus(id: "none", to: .running, error: nil, at: time(0))
            #expect(try await store.task(id: "none") == nil)
        }

        @Test func deletingKeepsActivities() async throws {
            try await store.save([task("a"), task("b"), task("c", dag: "other")])
            try await store.log(activity("1", task: "a"))
            try await store.deleteTask(id: "a")
            try await store.deleteTask(id: "none")
            #expect(try await store.task(id: "a") == nil)
            try await store.deleteTasks(dagID: "dag")
            #expect(try await store.task(id: "b") == nil)
            #expect(try await store.task(id: "c") != nil)
            #expect(try await store.activities(taskID: "a", limit: 9, offset: 0).count == 1)
        }

        @Test func activitiesAreOrderedPagedAndKeptOnce() async throws {
            for (id, seconds) in [("b", 2), ("a", 2), ("c", 1)] as [(String, Int64)] {
                try await store.log(activity(id, at: seconds))
            }
            try await store.log(activity("other", task: "t2", dag: "d2", at: 0))
            var again = activity("a", at: 2)
            again.message = "changed"
            try await store.log(again)
            #expect(
                try await store.activities(taskID: "task", limit: 9, offset: 0)
                    == [activity("c", at: 1), activity("a", at: 2), activity("b", at: 2)])
            #expect(try await store.activities(dagID: "dag", limit: 1, offset: 1).map(\.id) == ["a"])
            #expect(try await store.activities(dagID: "d2", limit: 9, offset: 0).map(\.id) == ["other"])
        }

        @Test func cleaningUp() async throws {
            var tasks = TaskStatus.allCases.map { task("old \($0)", status: $0, at: 1) }
            tasks.append(task("edge", status: .completed, at: 5))
            try await store.save(tasks)
            try await store.removeTasks(endedBefore: time(5))
            #expect(
                try await store.tasks(dagID: "dag", limit: 9, offset: 0).map(\.id) == [
                    "old pending", "old running", "edge",
                ])
            try await store.log(activity("old", at: 4))
            try await store.log(activity("edge", at: 5))
            try await store.removeActivities(createdBefore: time(5))
            #expect(try await store.activities(taskID: "task", limit: 9, offset: 0).map(\.id) == ["edge"])
        }

        @Test func whatNoStoreTakesIsRefusedAtOnce() async throws {
            #expect(await code { try await store.save(task("")) } == .invalidArgument)
            #expect(await code { try await store.save([task("a"), task("b\u{0}")]) } == .invalidArgument)
            #expect(await code { try await store.save(task("a", payload: "{")) } == .invalidArgument)
            #expect(await code { try await store.log(activity("")) } == .invalidArgument)
            #expect(await code { _ = try await store.pendingTasks(limit: -1) } == .invalidArgument)
            #expect(await code { _ = try await store.tasks(dagID: "dag", limit: 1, offset: -1) } == .invalidArgument)
            #expect(try await store.task(id: "a") == nil)
        }

        /// Random changes, single or many at a time, coalesced or not, give the same rows as in memory.
        @Test(arguments: 0..<6, [true, false])
        func endsAsInMemory(seed: Int, arrays: Bool) async throws {
            let store = try await TestDatabase().store(arrays: arrays)
            let memory = MemoryTaskStore()
            var random = RandomMutations(seed: UInt64(seed))
            var lanes = try await store.claim(0..<1, of: 1, log: log)
            var memoryLanes = try await memory.claim(0..<1, of: 1, log: log)
            for size in [1, 5, 40, 200] {
                let mutations = random.list(size)
                #expect(try await store.apply(batch(mutations, lanes: lanes)).deadLetters.isEmpty)
                _ = try await memory.apply(batch(mutations, lanes: memoryLanes))
                lanes[0].position = batch(mutations, lanes: lanes).position
                memoryLanes[0].position = lanes[0].position
                #expect(try await StorageContents(of: store) == StorageContents(of: memory))
            }
            try await store.close()
        }

        @Test(arguments: [true, false])
        func identifiersAreBytes(arrays: Bool) async throws {
            let store = try await database.store(arrays: arrays)
            let ids = [
                "a", "A", "a ", " a", "ä", "a\u{308}", "😀", "'\\\"%_", String(repeating: "€", count: 170) + "xx",
            ]
            try await store.save(ids.map { task($0) })
            for id in ids { #expect(try await store.task(id: id) == task(id)) }
            #expect(Set(try await store.tasks(dagID: "dag", limit: 99, offset: 0).map(\.id)) == Set(ids))
            #expect(Set(try await store.tasks(ids: ids + ["none"]).map(\.id)) == Set(ids))
            for id in ids { try await store.deleteTask(id: id) }
            #expect(try await store.tasks(dagID: "dag", limit: 99, offset: 0).isEmpty)
        }

        @Test(arguments: [0, 1, 99, 100, 101, 250])
        func lookingUpMany(_ count: Int) async throws {
            let tasks = (0..<250).map { task("\($0)") }
            try await store.save(tasks)
            let found = try await store.tasks(ids: tasks.prefix(count).map(\.id))
            #expect(Set(found) == Set(tasks.prefix(count)))
        }

        @Test(arguments: [true, false])
        func timesToTheEndsOfTheirRange(arrays: Bool) async throws {
            let store = try await database.store(arrays: arrays)
            var edge = task("edge")
            edge.createdAt = Timestamp(rawValue: DateTime.range.lowerBound)
            edge.updatedAt = Timestamp(rawValue: DateTime.range.upperBound)
            edge.startedAt = Timestamp(rawValue: -1)
            try await store.save(edge)
            #expect(try await store.task(id: "edge") == edge)
            edge.updatedAt = Timestamp(rawValue: DateTime.range.upperBound + 1)
            let beyond = edge
            #expect(await code { try await store.save(beyond) } == .invalidArgument)
            edge.updatedAt = Timestamp(rawValue: DateTime.range.lowerBound - 1)
            let early = edge
            #expect(await code { try await store.save(early) } == .rowRefused)
            try await store.removeActivities(createdBefore: TaskMutation.timeRange.lowerBound)
            try await store.log(activity("1"))
            try await store.removeActivities(createdBefore: TaskMutation.timeRange.lowerBound)
            #expect(try await store.activities(dagID: "dag", limit: 9, offset: 0).count == 1)
            try await store.removeActivities(createdBefore: TaskMutation.timeRange.upperBound)
            #expect(try await store.activities(dagID: "dag", limit: 9, offset: 0).isEmpty)
        }

        @Test func unknownStatusIsAnError() async throws {
            try await store.save(task("a"))
            try database.execute("UPDATE dag_tasks SET status = 'odd'")
            #expect(await code { _ = try await store.task(id: "a") } == .rowUnreadable)
        }

        @Test func callsAfterCloseThrow() async throws {
            try await store.ping()
            try await store.close()
            #expect(await code { try await store.ping() } == .closed)
            #expect(await code { try await store.save(task("a")) } == .closed)
            #expect(await code { _ = try await store.claim(0..<1, of: 1, log: log) } == .closed)
            #expect(await code { try await store.close() } == .closed)
        }
    }

    /// Triggers that reject tasks with one payload.
    enum Poison {
        static let payload = #""poison""#
        static let abort = """
            CREATE TRIGGER refuse BEFORE INSERT ON dag_tasks FOR EACH ROW
            IF NEW.payload = '\(payload)' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no poison here'; END IF
            """
    }
#endif
