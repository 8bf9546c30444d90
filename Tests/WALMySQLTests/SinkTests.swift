#if MySQL
    import Foundation
    import Synchronization
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALMySQL

    @Suite(.enabled(if: PrivateServer.isWanted, PrivateServer.reason))
    struct SinkTests {
        let database: TestDatabase

        init() throws {
            database = try TestDatabase()
        }

        @Test(arguments: [true, false])
        func claimRaisesEpochsAndKeepsPositions(arrays: Bool) async throws {
            let store = try await database.store(arrays: arrays)
            let first = try await store.claim(0..<3, of: 4, log: log)
            #expect(first == (0..<3).map { SinkLane(index: $0, epoch: 1, position: .zero) })
            _ = try await store.apply(batch([.save(task("a"))], lanes: [first[1]], laneCount: 4))
            let second = try await store.claim(1..<4, of: 4, log: log)
            #expect(
                second == [
                    SinkLane(index: 1, epoch: 2, position: 1), SinkLane(index: 2, epoch: 2, position: 0),
                    SinkLane(index: 3, epoch: 1, position: 0),
                ])
            let row = try database.texts(
                "SELECT CONCAT(log_id, ' ', parts, ' ', owner <> '', ' ', flushed_at > 0) FROM wal_sink_checkpoint WHERE part = 1"
            )
            #expect(row == ["\(logDigits) 4 1 1"])
        }

        @Test func otherLaneCountIsRefused() async throws {
            let store = try await database.store()
            _ = try await store.claim(0..<4, of: 4, log: log)
            let refused = await error { _ = try await store.claim(0..<8, of: 8, log: log) }
            #expect(refused?.code == .laneCountMismatch && refused?.failure == .fatal)
            #expect(try database.number("SELECT MAX(epoch) FROM wal_sink_checkpoint") == 1)
            #expect(try await store.claim(0..<8, of: 8, log: LogID(low: 1, high: 1)).count == 8)
        }

        @Test(arguments: [true, false])
        func batchIsAppliedInOrder(arrays: Bool) async throws {
            let store = try await database.store(arrays: arrays)
            let lanes = try await store.claim(0..<2, of: 2, log: log)
            let mutations: [TaskMutation] = [
                .save(task("a")), .log(activity("1")), .log(activity("1")), .save(task("b", dag: "gone")),
                .updateStatus(id: "a", status: .running, error: nil, time: time(5)),
                .updateStatus(id: "a", status: .failed, error: "it's", time: time(6)),
                .updateStatus(id: "none", status: .failed, error: nil, time: time(6)), .deleteDAG(id: "gone"),
                .save(task("b", dag: "new")), .save(task("c")), .delete(id: "c"), .delete(id: "none"),
                .save(task("d", status: .failed)), .removeTasks(endedBefore: time(1)), .log(activity("2", at: 9)),
                .removeActivities(createdBefore: time(8)),
            ]
            let receipt = try await store.apply(batch(mutations, lanes: lanes, laneCount: 2))
            // If an activity exists already, the server doesn't report that it wasn't written.
            #expect(receipt.rowCount == 14)
            #expect(receipt.deadLetters.isEmpty)
            let a = try await store.task(id: "a")
            #expect(a?.startedAt == time(5) && a?.completedAt == time(6) && a?.error == "it's")
            #expect(try await store.task(id: "b")?.dagID == "new")
            #expect(try database.texts("SELECT id FROM dag_tasks ORDER BY id") == ["a", "b"])
            #expect(try database.texts("SELECT id FROM dag_task_activity_logs") == ["2"])
            #expect(try database.texts("SELECT DISTINCT CONCAT(position) FROM wal_sink_checkpoint") == ["16"])
        }

        @Test(arguments: [true, false])
        func emptyBatchMovesItsLanes(arrays: Bool) async throws {
            let store = try await database.store(arrays: arrays)
            let lanes = try await store.claim(0..<2, of: 2, log: log)
            let empty = TaskBatch(log: log, laneCount: 2, lanes: lanes, position: 40, operations: [])
            #expect(try await store.apply(empty).rowCount == 0)
            #expect(try await store.claim(0..<2, of: 2, log: log).map(\.position) == [40, 40])
        }

        /// A batch with an unknown outcome is sent again. It must not count twice, even where its rows would.
        @Test(arguments: [true, false])
        func replayIsFenced(arrays: Bool) async throws {
            let store = try await database.store(arrays: arrays)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let delivered = batch([.save(task("a")), .log(activity("1"))], lanes: lanes)
            _ = try await store.apply(delivered)
            try await store.deleteTask(id: "a")
            let refused = await error { _ = try await store.apply(delivered) }
            #expect(refused?.code == .fenced && refused?.failure == .fenced)
            #expect(try await store.task(id: "a") == nil)
            #expect(try database.number("SELECT COUNT(*) FROM dag_task_activity_logs") == 1)
        }

        /// A database that was restored to an older state gets batches again whose rows it may have in part.
        @Test(arguments: [true, false])
        func replayAfterAFallBackEndsTheSame(arrays: Bool) async throws {
            let store = try await database.store(arrays: arrays)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let mutations: [TaskMutation] = [.save(task("a", status: .running)), .log(activity("1")), .delete(id: "b")]
            _ = try await store.apply(batch(mutations, lanes: lanes))
            try database.execute("UPDATE wal_sink_checkpoint SET position = 0")
            _ = try await store.apply(batch(mutations, lanes: lanes))
            #expect(try await store.task(id: "a") == task("a", status: .running))
            #expect(try database.number("SELECT COUNT(*) FROM dag_task_activity_logs") == 1)
        }

        /// One of several lanes has moved in the store, so the other lanes must not move either.
        @Test(arguments: [true, false])
        func fenceHoldsForAllLanesTogether(arrays: Bool) async throws {
            let store = try await database.store(arrays: arrays)
            let lanes = try await store.claim(0..<3, of: 3, log: log)
            _ = try await store.apply(batch([.save(task("a"))], lanes: [lanes[2]], laneCount: 3))
            let stale = batch([.save(task("b"))], lanes: lanes, laneCount: 3)
            #expect(await code { _ = try await store.apply(stale) } == .fenced)
            #expect(
                try database.texts("SELECT CONCAT(position) FROM wal_sink_checkpoint ORDER BY part") == ["0", "0", "1"])
            #expect(try await store.task(id: "b") == nil)
        }

        @Test func unclaimedLaneIsFenced() async throws {
            let store = try await database.store()
            let lane = SinkLane(index: 0, epoch: 1, position: .zero)
            #expect(await code { _ = try await store.apply(batch([.save(task("a"))], lanes: [lane])) } == .fenced)
        }

        @Test func earlierOwnerIsFencedAfterTheClaim() async throws {
            let earlier = try await database.store()
            let lanes = try await earlier.claim(0..<1, of: 1, log: log)
            _ = try await earlier.apply(batch([.save(task("before"))], lanes: lanes))
            let later = try await database.store()
            let claimed = try await later.claim(0..<1, of: 1, log: log)
            #expect(claimed == [SinkLane(index: 0, epoch: 2, position: 1)])
            var late = lanes
            late[0].position = 1
            let refused = batch([.save(task("a"))], lanes: late)
            #expect(await code { _ = try await earlier.apply(refused) } == .fenced)
            _ = try await later.apply(batch([.save(task("b"))], lanes: claimed))
            #expect(try database.texts("SELECT id FROM dag_tasks ORDER BY id") == ["b", "before"])
        }

        /// One owner applies a batch while another claims. The claim waits, and returns the outcome.
        @Test(arguments: [true, false])
        func claimWaitsForAnOpenTransaction(commits: Bool) async throws {
            let earlier = try await database.store()
            let lanes = try await earlier.claim(0..<1, of: 1, log: log)
            let (begun, continuation) = AsyncStream.makeStream(of: Void.self)
            let gate = Gate()
            async let written: Void = earlier.pools.writers.run { (session) throws(StoreError) in
                try session.connection.transaction { () throws(StoreError) in
                    try session.lanes.move(lanes, to: 9, key: logDigits, at: time(0))
                    continuation.yield()
                    gate.wait()
                    if !commits { throw StoreError(.other, "given up") }
                }
            }
            for await _ in begun { break }
            let later = try await database.store()
            async let claimed = later.claim(0..<1, of: 1, log: log)
            async let watched: Void = {
                try await database.waitUntilOneWaitsForALock()
                gate.open()
            }()
            let lane = try await claimed
            #expect(gate.hasOpened)
            #expect(lane == [SinkLane(index: 0, epoch: 2, position: commits ? 9 : 0)])
            try await watched
            _ = try? await written
        }

        /// An earlier owner applies a batch while another owner's claim isn't committed. The batch waits, and is fenced.
        @Test func batchWaitsForAnOpenClaim() async throws {
            let earlier = try await database.store()
            let lanes = try await earlier.claim(0..<1, of: 1, log: log)
            let other = try database.connect()
            try other.execute("START TRANSACTION", named: "test")
            try other.execute("UPDATE wal_sink_checkpoint SET epoch = epoch + 1", named: "test")
            async let refused = code { _ = try await earlier.apply(batch([.save(task("a"))], lanes: lanes)) }
            try await database.waitUntilOneWaitsForALock()
            try other.execute("COMMIT", named: "test")
            #expect(await refused == .fenced)
            #expect(try database.number("SELECT COUNT(*) FROM dag_tasks") == 0)
        }

        @Test func batchesOfDifferentLanesRunAtTheSameTime() async throws {
            let store = try await database.store(writeConnections: 4)
            let lanes = try await store.claim(0..<8, of: 8, log: log)
            try await withThrowingTaskGroup { group in
                for lane in lanes {
                    group.addTask {
                        var lane = lane
                        for round in 0..<20 {
                            let tasks = (0..<50).map {
                                TaskMutation.save(task("\(lane.index)-\($0)", at: Int64(round)))
                            }
                            let work = batch(
                                tasks + [.log(activity("\(lane.index)/\(round)"))], lanes: [lane], laneCount: 8)
                            _ = try await store.apply(work)
                            lane.position = work.position
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try database.number("SELECT COUNT(*) FROM dag_tasks") == 400)
            #expect(try database.number("SELECT COUNT(*) FROM dag_task_activity_logs") == 160)
            #expect(try database.texts("SELECT DISTINCT CONCAT(position) FROM wal_sink_checkpoint") == ["1020"])
        }

        @Test(arguments: [true, false])
        func largestBatch(arrays: Bool) async throws {
            let store = try await database.store(arrays: arrays)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let mutations: [TaskMutation] = (0..<10_000).map { number in
                switch number % 5 {
                case 0, 1: .save(task("\(number)", payload: "{\"n\":\(number)}"))
                case 2: .updateStatus(id: "\(number - 1)", status: .running, error: "e\(number)", time: time(1))
                case 3: .log(activity("\(number)"))
                default: .delete(id: "\(number - 4)")
                }
            }
            let receipt = try await store.apply(batch(mutations, lanes: lanes))
            #expect(receipt.rowCount == 10_000)
            #expect(try database.number("SELECT COUNT(*) FROM dag_tasks WHERE status = 'running'") == 2000)
            #expect(try database.number("SELECT COUNT(*) FROM dag_tasks") == 2000)
            #expect(try database.number("SELECT COUNT(*) FROM dag_task_activity_logs") == 2000)
        }

        /// The removal takes more than one statement.
        @Test func removingMoreThanAPart() async throws {
            let store = try await database.store()
            for part in 0..<3 {
                try await store.save((0..<8000).map { task("\(part) \($0)", status: .completed) })
            }
            try await store.save([task("kept")])
            try await store.removeTasks(endedBefore: time(1))
            #expect(try database.texts("SELECT id FROM dag_tasks") == ["kept"])
        }

        @Test(arguments: [true, false])
        func undecodableRecordsAreSetAside(arrays: Bool) async throws {
            let store = try await database.store(arrays: arrays)
            let lanes = try await store.claim(0..<2, of: 2, log: log)
            var mixed = batch([.save(task("a"))], lanes: lanes, laneCount: 2)
            let body: [UInt8] = [0, 0xff, 0x27, 0x5c, 0xc3]
            mixed.undecodable = [
                (
                    SinkRecord(sequence: 2, time: time(0), payload: body[...]),
                    DeadLetter(sequence: 2, code: "codec", reason: "odd")
                )
            ]
            mixed.position = 2
            #expect(try await store.apply(mixed).deadLetters.map(\.sequence) == [2])
            let letters = try await store.deadLetters(log: log, after: nil, limit: 9)
            #expect(letters.map(\.body) == [body] && letters.map(\.lane) == [nil])
            #expect(letters.map(\.kind) == ["undecodable"] && letters.map(\.code) == ["codec"])
        }
    }

    /// Makes a database's thread wait for a test.
    final class Gate: Sendable {
        private let isOpen = Atomic<Bool>(false)

        var hasOpened: Bool { isOpen.load(ordering: .sequentiallyConsistent) }

        func open() { isOpen.store(true, ordering: .sequentiallyConsistent) }

        func wait() {
            eventuallyBlocking { hasOpened }
        }
    }
#endif
