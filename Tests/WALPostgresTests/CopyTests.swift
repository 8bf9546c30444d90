#if Postgres
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALPostgres

    /// COPY of activities into their table: the rows that arrive, and the handling of refused batches.
    @Suite(.needsServer, .timeLimit(.minutes(30))) struct CopyTests {
        let database: TemporaryDatabase
        let store: PostgresTaskStore
        let sink: TaskSink<PostgresTaskStore>

        init() async throws {
            database = try TemporaryDatabase()
            store = try await database.store(writeConnections: 1, copiedMin: 1)
            sink = TaskSink(store: store)
            // Records the statement that wrote each row.
            try database.execute(
                """
                CREATE TABLE seen (id text, query text); \
                CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \
                $$ BEGIN INSERT INTO seen VALUES (new.id, split_part(current_query(), ' ', 1)); RETURN new; END $$; \
                CREATE TRIGGER n AFTER INSERT ON dag_task_activity_logs FOR EACH ROW EXECUTE FUNCTION note()
                """)
        }

        private func trigger(_ statement: String) throws {
            try database.execute(
                """
                CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \(statement) RETURN new; END $$; \
                CREATE TRIGGER a BEFORE INSERT ON dag_task_activity_logs FOR EACH ROW EXECUTE FUNCTION act()
                """)
        }

        private func batch(_ mutations: [TaskMutation], lanes: [SinkLane]) -> SinkBatch {
            let tasks: TaskBatch = TestSupport.batch(mutations, lanes: lanes)
            return SinkBatch(
                log: tasks.log, laneCount: 1, lanes: lanes, position: tasks.position,
                records: tasks.operations.map(\.record))
        }

        private func apply(_ mutations: [TaskMutation]) async throws -> SinkReceipt {
            try await sink.apply(batch(mutations, lanes: try await sink.claim(0..<1, of: 1, log: log)))
        }

        private func activities(_ ids: Range<Int>) -> [TaskMutation] {
            ids.map { .log(activity("a\($0)", at: Int64($0))) }
        }

        private var ways: [String] {
            get throws { try database.texts("SELECT DISTINCT query FROM seen ORDER BY query") }
        }

        private func count(_ table: String) throws -> Int64? { try database.number("SELECT count(*) FROM \(table)") }

        private func position() throws -> Int64? {
            try database.number("SELECT position FROM wal_sink_checkpoint")
        }

        @Test func activitiesAreCopiedAndTheOthersAreSaved() async throws {
            var mutations: [TaskMutation] = [
                .save(task("t", at: 1)), .save(task("gone")), update("t", .running, at: 2),
            ]
            mutations += activities(0..<300) + [.delete(id: "gone"), .save(task("u")), update("t", .completed, at: 3)]
            let receipt = try await apply(mutations)
            #expect(receipt.rowCount == 302 && receipt.coalescedCount == 3)
            #expect(try ways == ["COPY"])
            #expect(try await store.task(id: "t")?.status == .completed)
            #expect(try await store.task(id: "u") != nil)
            #expect(try await store.task(id: "gone") == nil)
            let found = try await store.activities(taskID: "task", limit: 1000, offset: 0)
            #expect(found.map(TaskMutation.log) == activities(0..<300))
            #expect(try position() == Int64(mutations.count))
        }

        /// Every character with a meaning in some form of COPY, in each text column, and texts of all sizes.
        @Test func everyByteArrives() async throws {
            let controls = String(String.UnicodeScalarView((1...0x7F).compactMap(Unicode.Scalar.init)))
            let texts = [
                "", controls, "\\N", "\\.", "\\.\n", "a\tb\nc\r\n", #""quoted" 'too', {not} json"#,
                "\u{FFFF}\u{10FFFF}\u{80}",
                "e\u{301} \u{1F469}\u{200D}\u{1F680}", String(repeating: "ü", count: 100_000),
            ]
            let data = [
                nil, "null", "\"\"", #"{"a":1,"a":1.50e-7, "\u0000":"\ud800"}"#, "[1, 2\n,3]", #""\\N\t""#,
                "\"" + String(repeating: "ж", count: 50_000) + "\"",
            ]
            let written = texts.enumerated().flatMap { number, text in
                data.enumerated().map { index, data in
                    TaskActivityLog(
                        id: "\(number) \(index) " + text.prefix(100), taskID: "task", dagID: String(text.prefix(120)),
                        nodeID: text, action: text, message: index == 0 ? nil : text, data: data, level: text,
                        createdAt: Timestamp(rawValue: Int64(number * 100 + index) - 350))
                }
            }
            let receipt = try await apply(written.map(TaskMutation.log))
            #expect(receipt.rowCount == written.count && receipt.deadLetters.isEmpty)
            #expect(try ways == ["COPY"])
            #expect(try await store.activities(taskID: "task", limit: 1000, offset: 0) == written)
        }

        @Test func extremeTimes() async throws {
            let range = TaskMutation.timeRange
            var (first, last) = (activity("first"), activity("last"))
            (first.createdAt, last.createdAt) = (range.lowerBound, range.upperBound)
            _ = try await apply([.log(first), .log(last)])
            #expect(try ways == ["COPY"])
            #expect(try await store.activities(taskID: "task", limit: 9, offset: 0) == [first, last])
        }

        /// If an id exists already, or comes twice in the batch, the first activity stays.
        @Test(arguments: [true, false])
        func knownActivitiesStay(inTable: Bool) async throws {
            var first = activity("a7")
            first.message = "the first"
            if inTable { try await store.log(first) }
            let known: [TaskMutation] = inTable ? [] : [.log(first)]
            let receipt = try await apply(known + activities(0..<100) + [.save(task("t"))])
            #expect(receipt.rowCount == (inTable ? 100 : 101) && receipt.deadLetters.isEmpty)
            #expect(try count("dag_task_activity_logs") == 100)
            #expect(try database.texts("SELECT message FROM dag_task_activity_logs WHERE id = 'a7'") == ["the first"])
            #expect(try await store.task(id: "t") != nil)
        }

        /// While a whole table is replayed, COPY isn't tried for each batch, and is tried again later.
        @Test func copyPausesAfterRefusals() async throws {
            var lanes = try await sink.claim(0..<1, of: 1, log: log)
            func apply(_ mutations: [TaskMutation]) async throws -> Int {
                let batch = batch(mutations, lanes: lanes)
                let receipt = try await sink.apply(batch)
                lanes[0].position = batch.position
                return receipt.rowCount
            }
            #expect(try await apply(activities(0..<10)) == 10)
            #expect(try await apply(activities(0..<10)) == 0)
            // The batch after a refusal uses the statement, the next one COPY again.
            for (number, way) in ["COPY", "WITH", "COPY", "COPY"].enumerated() {
                if number > 0 { #expect(try await apply(activities(100 * number..<100 * number + 10)) == 10) }
                #expect(
                    try database.texts("SELECT query FROM seen WHERE id = 'a\(number == 0 ? 0 : 100 * number)'") == [
                        way
                    ])
            }
            var pace = FormPace()
            var tried = 0
            for _ in 0..<1000 where pace.isDue() {
                tried += 1
                pace.refused()
            }
            #expect(tried < 25)
        }

        /// A row that the database refuses during COPY is found, and the others are written.
        @Test(arguments: ["message", "json"])
        func refusedRowIsSetAside(by kind: String) async throws {
            try database.execute("ALTER TABLE dag_task_activity_logs ADD CONSTRAINT clean CHECK (message <> 'poison')")
            var culprit = activity("culprit")
            if kind == "json" { culprit.data = "{" } else { culprit.message = "poison" }
            let mutations = activities(0..<150) + [.log(culprit), .save(task("t"))] + activities(150..<200)
            let receipt = try await apply(mutations)
            #expect(receipt.rowCount == 201)
            #expect(receipt.deadLetters.map(\.sequence) == [151])
            #expect(receipt.deadLetters.map(\.code) == [kind == "json" ? "22P02" : "23514"])
            #expect(try count("dag_task_activity_logs") == 200)
            #expect(try await store.deadLetters(log: log, after: nil, limit: 9).map(\.rowID) == ["culprit"])
            #expect(try position() == 202)
        }

        /// A constraint that the server checks only at the commit.
        @Test func deferredConstraintBlamesItsRow() async throws {
            try database.execute(
                """
                CREATE TABLE levels (name text PRIMARY KEY); INSERT INTO levels VALUES ('info'); \
                ALTER TABLE dag_task_activity_logs ADD FOREIGN KEY (level) REFERENCES levels \
                DEFERRABLE INITIALLY DEFERRED
                """)
            var culprit = activity("culprit")
            culprit.level = "other"
            let receipt = try await apply(activities(0..<100) + [.log(culprit)])
            #expect(receipt.rowCount == 100 && receipt.deadLetters.map(\.code) == ["23503"])
        }

        @Test(arguments: [
            [1, 2, 1, 65, 0, 0], [9, 9], [1, 1, 1], [1, 2, 2, 0xFF, 2, 0x41, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1],
        ])
        func undecodableRecordIsSetAside(bytes: [UInt8]) async throws {
            var batch = batch(
                activities(0..<100) + [.save(task("t"))], lanes: try await sink.claim(0..<1, of: 1, log: log))
            batch.records.insert(SinkRecord(sequence: 50, time: time(0), payload: bytes[...]), at: 50)
            let receipt = try await sink.apply(batch)
            #expect(receipt.rowCount == 101 && receipt.deadLetters.count == 1)
            #expect(try await store.deadLetters(log: log, after: nil, limit: 9).map(\.kind) == ["undecodable"])
        }

        /// The server ends the session in the middle of the rows. No row may be lost.
        @Test func killInTheMiddleWritesNothing() async throws {
            try trigger("IF new.id = 'a5000' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;")
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            let batch = batch([.save(task("t"))] + activities(0..<10_000), lanes: lanes)
            let error = await error { _ = try await sink.apply(batch) }
            #expect(error?.code == .connectionFailed)
            #expect(error.map(sink.classify) == .indeterminate)
            #expect(try count("dag_task_activity_logs") == 0 && count("dag_tasks") == 0)
            #expect(try position() == 0)
            try database.execute("DROP TRIGGER a ON dag_task_activity_logs")
            #expect(try await sink.apply(batch).rowCount == 10_001)
            #expect(try ways == ["COPY"])
        }

        @Test func cancellationInTheMiddleWritesNothing() async throws {
            try trigger("IF new.id = 'a5000' THEN PERFORM pg_sleep(600); END IF;")
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            let batch = batch(activities(0..<10_000), lanes: lanes)
            let applying = Task { await code { _ = try await sink.apply(batch) } }
            try await eventually {
                try database.number("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == 1
            }
            applying.cancel()
            #expect(await applying.value == .cancelled)
            #expect(try count("dag_task_activity_logs") == 0)
            try database.execute("DROP TRIGGER a ON dag_task_activity_logs")
            #expect(try await sink.apply(batch).rowCount == 10_000)
        }

        @Test func fencedBatchWritesNothing() async throws {
            let stale = batch(activities(0..<100), lanes: try await sink.claim(0..<1, of: 1, log: log))
            _ = try await sink.claim(0..<1, of: 1, log: log)
            #expect(await code { _ = try await sink.apply(stale) } == .fenced)
            #expect(try count("dag_task_activity_logs") == 0)
        }

        /// Removals may affect activities of the same batch, so such a batch keeps its order.
        @Test func removalsKeepTheirOrder() async throws {
            let receipt = try await apply(
                activities(0..<100) + [.removeActivities(createdBefore: time(90))] + activities(0..<5))
            #expect(receipt.rowCount == 195)
            #expect(try count("dag_task_activity_logs") == 15)
        }

        /// A table with row-level security refuses COPY from a role that the security applies to.
        @Test func rowLevelSecurityGetsStatements() async throws {
            let server = database.server
            try database.execute(
                """
                CREATE ROLE bound LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO bound; \
                ALTER TABLE dag_task_activity_logs ENABLE ROW LEVEL SECURITY; \
                CREATE POLICY p ON dag_task_activity_logs USING (true)
                """)
            let name = try #require(database.conninfo.split(separator: "=").last)
            let bound = try await PostgresTaskStore(
                "host=\(server.directory) port=5432 user=bound dbname=\(name)", writeConnections: 1)
            let sink = TaskSink(store: bound)
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            #expect(try await sink.apply(batch(activities(0..<100), lanes: lanes)).rowCount == 100)
            #expect(try ways == ["WITH"])
            try await bound.close()
            try database.execute("DROP OWNED BY bound; DROP ROLE bound")
        }

        /// A batch of few activities takes one statement, with one round trip.
        @Test func smallBatchIsOneStatement() async throws {
            let sink = TaskSink(store: try await database.store())
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            #expect(try await sink.apply(batch(activities(0..<63), lanes: lanes)).rowCount == 63)
            #expect(try ways == ["WITH"])
            try await sink.store.close()
        }
    }
#endif
