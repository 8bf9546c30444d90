#if SQLite
    import CWALSQLite
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALSQLite

    @Suite struct SinkTests {
        let database: TemporaryDatabase
        let store: SQLiteTaskStore

        init() async throws {
            database = try TemporaryDatabase()
            store = try await SQLiteTaskStore(path: database.path)
            try await store.ping()
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
                "SELECT log_id || ' ' || parts || ' ' || (owner <> '') || ' ' || (flushed_at > 0) FROM wal_sink_checkpoint WHERE part = 1"
            )
            #expect(row == ["\(logDigits) 4 1 1"])
        }

        @Test func positionsAreReadWithoutAClaim() async throws {
            try await examinePositions(of: TaskSink(store: store))
        }

        @Test func otherLaneCountIsRefused() async throws {
            _ = try await store.claim(0..<4, of: 4, log: log)
            do {
                _ = try await store.claim(0..<8, of: 8, log: log)
                Issue.record("another lane count was accepted")
            } catch {
                #expect(error.code == .laneCountMismatch)
                #expect(store.classify(error) == .fatal)
            }
            #expect(try database.number("SELECT max(epoch) FROM wal_sink_checkpoint") == 1)
            #expect(try await store.claim(0..<8, of: 8, log: LogID(low: 1, high: 1)).count == 8)
        }

        @Test func batchIsAppliedInOrder() async throws {
            let lanes = try await store.claim(0..<2, of: 2, log: log)
            let mutations: [TaskMutation] = [
                .save(task("a")), .log(activity("1")), .log(activity("1")), .save(task("b", dag: "gone")),
                .updateStatus(id: "a", status: .running, error: nil, time: time(5)), .deleteDAG(id: "gone"),
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
            #expect(try database.texts("SELECT DISTINCT position FROM wal_sink_checkpoint") == ["14"])
        }

        @Test func emptyBatchMovesItsLanes() async throws {
            let lanes = try await store.claim(0..<2, of: 2, log: log)
            let empty = TaskBatch(log: log, laneCount: 2, lanes: lanes, position: 40, operations: [])
            #expect(try await store.apply(empty).rowCount == 0)
            #expect(try await store.claim(0..<2, of: 2, log: log).map(\.position) == [40, 40])
        }

        /// A batch with an unknown outcome is sent again. It must not count twice, even where its rows would.
        @Test func replayIsFenced() async throws {
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let delivered = batch([.save(task("a")), .log(activity("1"))], lanes: lanes)
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
            #expect(try database.texts("SELECT position FROM wal_sink_checkpoint ORDER BY part") == ["0", "0", "1"])
            #expect(try await store.task(id: "b") == nil)
        }

        @Test func unclaimedLaneIsFenced() async throws {
            let lane = SinkLane(index: 0, epoch: 1, position: .zero)
            #expect(await code { _ = try await store.apply(batch([.save(task("a"))], lanes: [lane])) } == .fenced)
        }

        @Test func earlierOwnerIsFenced() async throws {
            let earlier = store
            let lanes = try await earlier.claim(0..<1, of: 1, log: log)
            let later = try await SQLiteTaskStore(path: database.path)
            let claimed = try await later.claim(0..<1, of: 1, log: log)
            #expect(await code { _ = try await earlier.apply(batch([.save(task("a"))], lanes: lanes)) } == .fenced)
            _ = try await later.apply(batch([.save(task("b"))], lanes: claimed))
            #expect(try database.texts("SELECT id FROM dag_tasks") == ["b"])
            try await later.close()
        }

        @Test func refusedRowsAreSetAside() async throws {
            try database.connect().execute(Poison.abort)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let tasks = (1...500).map { task("\($0)", payload: $0 == 250 ? Poison.payload : "{}") }
            let receipt = try await store.apply(batch(tasks.map(TaskMutation.save), lanes: lanes))
            #expect(receipt.rowCount == 499)
            #expect(receipt.deadLetters == [DeadLetter(sequence: 250, code: "1811", reason: "no poison here")])
            #expect(try database.number("SELECT count(*) FROM dag_tasks") == 499)
            let letter = """
                SELECT log_id || '|' || position || '|' || part || '|' || kind || '|' || row_id || '|' || error_code || '|' ||
                error_message FROM wal_sink_dead_letter
                """
            #expect(try database.texts(letter) == ["\(logDigits)|250|0|save|250|1811|no poison here"])
            #expect(try database.number("SELECT position FROM wal_sink_checkpoint") == 500)
        }

        /// A row that is too large for the database is too large for a dead letter in it, so the flusher has to keep it.
        @Test func tooLargeRowIsBlamed() async throws {
            try await store.pools.write { (session) throws(StoreError) in
                _ = sqlite3_limit(session.connection.handle, SQLITE_LIMIT_LENGTH, 50_000)
            }
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let large = task("large", payload: String(repeating: "x", count: 60_000))
            do {
                _ = try await store.apply(batch([.save(task("a")), .save(large), .save(task("b"))], lanes: lanes))
                Issue.record("a row beyond the limit was stored")
            } catch {
                #expect(store.classify(error) == .record(code: "18", reason: "string or blob too big"))
            }
            #expect(try database.texts("SELECT id FROM dag_tasks").isEmpty)
        }

        @Test func undecodableRecordsAreSetAside() async throws {
            let lanes = try await store.claim(0..<2, of: 2, log: log)
            var mixed = batch([.save(task("a"))], lanes: lanes, laneCount: 2)
            mixed.undecodable = [
                (
                    SinkRecord(sequence: 2, time: time(0), payload: []),
                    DeadLetter(sequence: 2, code: "codec", reason: "empty")
                )
            ]
            mixed.position = 2
            let receipt = try await store.apply(mixed)
            #expect(receipt.deadLetters.map(\.sequence) == [2])
            #expect(
                try database.texts(
                    "SELECT kind || length(body) || error_code || error_message FROM wal_sink_dead_letter WHERE part IS NULL"
                )
                    == ["undecodable0codecempty"])
        }

        /// A trigger may end the transaction. Continuing would write rows without their position.
        @Test func transactionThatATriggerEndsIsGivenUp() async throws {
            try database.connect().execute(Poison.rollback)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let poisoned = batch(
                [.save(task("a")), .save(task("b", payload: Poison.payload)), .save(task("c"))], lanes: lanes)
            do {
                _ = try await store.apply(poisoned)
                Issue.record("a batch was applied in parts")
            } catch {
                #expect(store.classify(error) == .record(code: "1811", reason: "no poison here"))
            }
            #expect(try database.number("SELECT count(*) FROM dag_tasks") == 0)
            #expect(try database.number("SELECT position FROM wal_sink_checkpoint") == 0)
            _ = try await store.apply(batch([.save(task("a"))], lanes: lanes))
        }
    }
#endif
