#if Postgres
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks
    import WALTesting

    @testable import WALPostgres

    @Suite(.needsServer) struct TaskStorageTests {
        @Test(arguments: TaskStorageConformance.allCases)
        func conformance(check: TaskStorageConformance) async throws {
            try await check.run(on: try await TemporaryDatabase().store())
        }

        @Test func everyFieldComesBack() async throws {
            let store = try await TemporaryDatabase().store()
            let full = PersistentTask(
                id: "äb", dagID: "dag", nodeID: "n", currentNodeID: "c", subDAGPath: "a/b",
                processingState: "half",
                payload: #"{"a":"🙂"}"#, status: .failed, createdAt: time(-1), updatedAt: time(1), startedAt: time(2),
                completedAt: time(3), error: "why", retryCount: -1, maxRetries: .max, priority: .min)
            let bare = PersistentTask(id: " ", dagID: "", nodeID: "", createdAt: Timestamp(rawValue: -5))
            try await store.save([full, bare])
            #expect(try await store.task(id: full.id) == full)
            #expect(try await store.task(id: " ") == bare)
            #expect(try await store.task(id: "none") == nil)
            #expect(Set(try await store.tasks(ids: ["äb", "none", " "])) == [full, bare])
            #expect(try await store.tasks(ids: []).isEmpty)
            let entry = TaskActivityLog(id: "x", taskID: "t", dagID: "d", nodeID: "n", action: "", createdAt: time(4))
            try await store.log(entry)
            #expect(try await store.activities(taskID: "t", limit: 9, offset: 0) == [entry])
            try await store.close()
        }

        /// Users read exactly the text that they stored. `jsonb` would sort the keys, drop the first `a`, and refuse the rest.
        @Test func jsonComesBackByteForByte() async throws {
            let store = try await TemporaryDatabase().store()
            for payload in [
                #" {"b": 1.10, "a":1e2,"a": 2}"#, #""\u0000""#, #""\ud800""#, "-0.0", "[ ]",
                String(repeating: "[", count: 512) + String(repeating: "]", count: 512),
            ] {
                try await store.save(task("a", payload: payload))
                #expect(try await store.task(id: "a")?.payload == payload)
            }
            try await store.close()
        }

        @Test func timesBeyondTheRangeAreRefused() async throws {
            let store = try await TemporaryDatabase().store()
            var bad = task("a")
            bad.startedAt = Timestamp(rawValue: .min)
            let refused = bad
            #expect(await code { try await store.save(refused) } == .invalidArgument)
            var late = task("a")
            late.startedAt = TaskMutation.timeRange.upperBound
            late.completedAt = TaskMutation.timeRange.lowerBound
            try await store.save(late)
            #expect(try await store.task(id: "a") == late)
            try await store.removeTasks(endedBefore: time(0))
            try await store.close()
        }

        @Test func unknownStatusIsAnError() async throws {
            let database = try TemporaryDatabase()
            let store = try await database.store()
            try await store.save(task("a"))
            try database.execute("UPDATE dag_tasks SET status = 'odd'")
            #expect(await code { _ = try await store.task(id: "a") } == .rowUnreadable)
            try await store.close()
        }

        @Test func callsAfterCloseThrow() async throws {
            let store = try await TemporaryDatabase().store()
            try await store.ping()
            try await store.close()
            #expect(await code { try await store.ping() } == .closed)
            #expect(await code { try await store.save(task("a")) } == .closed)
            #expect(await code { _ = try await store.claim(0..<1, of: 1, log: log) } == .closed)
            #expect(await code { try await store.close() } == .closed)
        }

        /// Random changes, single or many at a time, give the same rows as in memory.
        @Test(arguments: 0..<6)
        func endsAsInMemory(seed: Int) async throws {
            let store = try await TemporaryDatabase().store()
            let memory = MemoryTaskStore()
            var random = RandomMutations(seed: UInt64(seed))
            let lane = try await store.claim(0..<1, of: 1, log: log)
            var lanes = lane
            var memoryLanes = try await memory.claim(0..<1, of: 1, log: log)
            for size in [1, 5, 40, 200] {
                let mutations = random.list(size)
                let position = try await store.apply(batch(mutations, lanes: lanes)).deadLetters.count
                #expect(position == 0)
                _ = try await memory.apply(batch(mutations, lanes: memoryLanes))
                lanes[0].position = batch(mutations, lanes: lanes).position
                memoryLanes[0].position = lanes[0].position
                #expect(try await StorageContents(of: store) == StorageContents(of: memory))
            }
            try await store.close()
        }
    }
#endif
