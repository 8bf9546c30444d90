#if Postgres
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALPostgres

    @Suite(.needsServer) struct SinkTests {
        let database: TemporaryDatabase
        let store: PostgresTaskStore

        init() async throws {
            database = try TemporaryDatabase()
            store = try await database.store()
        }

        @Test func claimRaisesEpochsAndKeepsPositions() async throws {
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
                "SELECT log_id || ' ' || parts || ' ' || (owner <> '') || ' ' || (flushed_at IS NOT NULL) FROM wal_sink_checkpoint WHERE part = 1"
            )
            #expect(row == ["\(logDigits) 4 true true"])
        }

        @Test func otherLaneCountIsRefused() async throws {
            _ = try await store.claim(0..<4, of: 4, log: log)
            do {
                _ = try await store.claim(0..<8, of: 8, log: log)
                Issue.record("another lane count was accepted")
            } catch {
                #expect(error.code == .laneCountMismatch)
                #expect(error.message.contains("had 4 lanes"))
                #expect(store.classify(error) == .fatal)
            }
            #expect(try database.number("SELECT max(epoch) FROM wal_sink_checkpoint") == 1)
            #expect(try await store.claim(0..<8, of: 8, log: LogID(low: 1, high: 1)).count == 8)
        }

        /// Two programs with different lane counts begin concurrently. One of them must be refused.
        @Test func laneCountsThatMeetDontMix() async throws {
            let counts = await withTaskGroup(of: Int.self) { group in
                for (range, count) in [(0..<2, 4), (4..<8, 8)] {
                    group.addTask { (try? await store.claim(range, of: count, log: log))?.count ?? 0 }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(counts.count { $0 == 0 } == 1)
            #expect(try database.number("SELECT count(DISTINCT parts) FROM wal_sink_checkpoint") == 1)
        }

        @Test func batchIsAppliedInOrder() async throws {
            let lanes = try await store.claim(0..<2, of: 2, log: log)
            let mutations: [TaskMutation] = [
                .save(task("a")), .log(activity("1")), .log(activity("1")), .save(task("b", dag: "gone")),
                update("a", .running, at: 5), .deleteDAG(id: "gone"),
                .save(task("b", dag: "new")), .save(task("c")), .delete(id: "c"), .delete(id: "none"),
                .save(task("d", status: .failed)), .removeTasks(endedBefore: time(1)), .log(activity("2", at: 9)),
                .removeActivities(createdBefore: time(8)),
            ]
            let receipt = try await store.apply(batch(mutations, lanes: lanes, laneCount: 2))
            #expect(receipt.rowCount == 12)
            #expect(receipt.deadLetters.isEmpty)
            #expect(try await store.task(id: "a")?.startedAt == time(5))
            #expect(try await store.task(id: "b")?.dagID == "new")
            #expect(try database.texts("SELECT id FROM dag_tasks ORDER BY id") == ["a", "b"])
            #expect(try database.texts("SELECT id FROM dag_task_activity_logs") == ["2"])
            #expect(try database.number("SELECT sum(position) FROM wal_sink_checkpoint") == 28)
        }

        @Test func changesOfStatusReachTheRowTogether() async throws {
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            try await store.save([task("a"), task("b", status: .running)])
            let receipt = try await store.apply(
                batch(
                    [update("a", .running, at: 1), update("b", .failed, at: 2), update("a", .completed, at: 3)],
                    lanes: lanes))
            #expect(receipt.rowCount == 2)
            let ended = try await store.task(id: "a")
            #expect(ended?.status == .completed && ended?.startedAt == time(1) && ended?.completedAt == time(3))
            #expect(ended?.updatedAt == time(3))
        }

        @Test func emptyBatchMovesItsLanes() async throws {
            let lanes = try await store.claim(0..<2, of: 2, log: log)
            let empty = TaskBatch(log: log, laneCount: 2, lanes: lanes, position: 40, operations: [])
            #expect(try await store.apply(empty).rowCount == 0)
            #expect(try await store.claim(0..<2, of: 2, log: log).map(\.position) == [40, 40])
        }

        /// A batch with an unknown outcome is sent again. It must not count twice, even where its rows would.
        @Test(arguments: [false, true])
        func replayIsFenced(inSections: Bool) async throws {
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let barrier: [TaskMutation] = inSections ? [.deleteDAG(id: "none")] : []
            let delivered = batch([.save(task("a")), .log(activity("1"))] + barrier, lanes: lanes)
            _ = try await store.apply(delivered)
            try await store.deleteTask(id: "a")
            do {
                _ = try await store.apply(delivered)
                Issue.record("a batch was applied twice")
            } catch {
                #expect(error.code == .fenced)
                #expect(store.classify(error) == .fenced)
            }
            #expect(try await store.task(id: "a") == nil)
            #expect(try database.number("SELECT count(*) FROM dag_task_activity_logs") == 1)
        }

        /// One of several lanes has moved in the store, so the other lanes must not move either.
        @Test func fenceHoldsForAllLanesTogether() async throws {
            let lanes = try await store.claim(0..<3, of: 3, log: log)
            _ = try await store.apply(batch([.save(task("a"))], lanes: [lanes[2]], laneCount: 3))
            let stale = batch([.save(task("b"))], lanes: lanes, laneCount: 3)
            #expect(await code { _ = try await store.apply(stale) } == .fenced)
            #expect(
                try database.texts("SELECT position::text FROM wal_sink_checkpoint ORDER BY part") == ["0", "0", "1"])
            #expect(try await store.task(id: "b") == nil)
        }

        @Test func unclaimedLaneIsFenced() async throws {
            let lane = SinkLane(index: 0, epoch: 1, position: .zero)
            #expect(await code { _ = try await store.apply(batch([.save(task("a"))], lanes: [lane])) } == .fenced)
        }

        @Test func earlierOwnerIsFenced() async throws {
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let later = try await database.store()
            let claimed = try await later.claim(0..<1, of: 1, log: log)
            #expect(await code { _ = try await store.apply(batch([.save(task("a"))], lanes: lanes)) } == .fenced)
            _ = try await later.apply(batch([.save(task("b"))], lanes: claimed))
            #expect(try database.texts("SELECT id FROM dag_tasks") == ["b"])
            try await later.close()
        }

        /// A claim during a batch's transaction waits, and returns the outcome.
        @Test func claimWaitsForTheBatchBeforeIt() async throws {
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let later = try await database.store()
            let other = try database.connect()
            // The batch waits for this row after it has moved its lane.
            try other.execute(
                """
                BEGIN; INSERT INTO dag_tasks (id, dag_id, node_id, status, created_at, updated_at) \
                VALUES ('a', '', '', '', now(), now())
                """, named: "hold the batch up")
            async let receipt = store.apply(batch([.save(task("a"))], lanes: lanes))
            try await eventually { try waitingCount() == 1 }
            async let claimed = later.claim(0..<1, of: 1, log: log)
            try await eventually { try waitingCount() == 2 }
            try other.execute("ROLLBACK", named: "let go")
            #expect(try await receipt.rowCount == 1)
            #expect(try await claimed == [SinkLane(index: 0, epoch: 2, position: 1)])
            try await later.close()
        }

        /// An earlier owner's batch during a claim waits for the claim, and then writes nothing.
        @Test func batchThatWaitsForAClaimIsFenced() async throws {
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let other = try database.connect()
            try other.execute("BEGIN; UPDATE wal_sink_checkpoint SET epoch = epoch + 1", named: "claim slowly")
            async let refused = code { _ = try await store.apply(batch([.save(task("a"))], lanes: lanes)) }
            try await eventually { try waitingCount() == 1 }
            try other.execute("COMMIT", named: "claim slowly")
            #expect(await refused == .fenced)
            #expect(try await store.task(id: "a") == nil)
        }

        private func waitingCount() throws -> Int64? {
            try database.number(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        }

        /// Concurrent workers with several lanes each.
        @Test func lanesMoveBesideEachOther() async throws {
            try await withThrowingTaskGroup { group in
                for worker in 0..<4 {
                    group.addTask {
                        var lanes = try await store.claim(worker * 4..<worker * 4 + 4, of: 16, log: log)
                        for round in 0..<20 {
                            let mutations = (0..<50).flatMap { number -> [TaskMutation] in
                                let id = "\(worker)-\(number)"
                                return [
                                    .save(task(id, at: Int64(round))),
                                    .log(activity("\(id)-\(round)", task: id, at: Int64(round))),
                                ]
                            }
                            let batch = batch(mutations, lanes: lanes, laneCount: 16)
                            _ = try await store.apply(batch)
                            for index in lanes.indices { lanes[index].position = batch.position }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try database.number("SELECT count(*) FROM dag_tasks") == 200)
            #expect(try database.number("SELECT count(*) FROM dag_task_activity_logs") == 4000)
            #expect(try database.number("SELECT min(position) FROM wal_sink_checkpoint") == 2000)
        }

        @Test func largestBatch() async throws {
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let payload = "\"" + String(repeating: "x", count: 8000) + "\""
            let mutations = (0..<10_000).map { TaskMutation.save(task("task \($0)", payload: payload)) }
            #expect(try await store.apply(batch(mutations, lanes: lanes)).rowCount == 10_000)
            #expect(try database.number("SELECT sum(length(payload::text)) FROM dag_tasks") == 80_020_000)
            #expect(try database.number("SELECT position FROM wal_sink_checkpoint") == 10_000)
        }
    }
#endif
