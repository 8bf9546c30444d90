#if Postgres
    import TestSupport
    import WALTesting
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALPostgres

    @Suite(.needsServer) struct DeadLetterTests {
        let database: TemporaryDatabase
        let store: PostgresTaskStore

        init() async throws {
            database = try TemporaryDatabase()
            store = try await database.store()
        }

        private static let check = "ALTER TABLE dag_tasks ADD CONSTRAINT clean CHECK (payload::text <> '\"poison\"')"
        private static let poison = #""poison""#

        private func id(_ sequence: SequenceNumber) -> StoredDeadLetter.ID {
            StoredDeadLetter.ID(log: log, sequence: sequence)
        }

        @Test(arguments: DeadLetterExamination.allCases)
        func lettersAreAsInEveryStore(_ examination: DeadLetterExamination) async throws {
            try await examination.run(store, code: "23514", reason: "clean") { isRefusing in
                try database.execute(isRefusing ? Self.check : "ALTER TABLE dag_tasks DROP CONSTRAINT clean")
            }
        }

        @Test func refusedRowIsSetAsideAndRedriven() async throws {
            try database.execute(Self.check)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let tasks = (1...500).map { task("\($0)", payload: $0 == 250 ? Self.poison : "{}") }
            let receipt = try await store.apply(batch(tasks.map(TaskMutation.save), lanes: lanes))
            #expect(receipt.rowCount == 499)
            #expect(receipt.deadLetters.map(\.sequence) == [250] && receipt.deadLetters.map(\.code) == ["23514"])
            #expect(try database.number("SELECT count(*) FROM dag_tasks") == 499)
            #expect(try database.number("SELECT position FROM wal_sink_checkpoint") == 500)
            let letters = try await store.deadLetters(log: log, after: nil, limit: 9)
            #expect(letters.map(\.id) == [id(250)])
            #expect(letters.map(\.lane) == [0] && letters.map(\.kind) == ["save"] && letters.map(\.rowID) == ["250"])
            #expect(letters.map(\.body) == [TaskCodec.encode(.save(tasks[249]))])
            #expect(letters.allSatisfy { $0.reason.contains("clean") && $0.time > time(0) })

            #expect(await code { try await store.redrive(id(250)) } == .rowRefused)
            try database.execute("ALTER TABLE dag_tasks DROP CONSTRAINT clean")
            try await store.redrive(id(250))
            #expect(try await store.task(id: "250") == tasks[249])
            #expect(try await store.deadLetters(log: nil, after: nil, limit: 9).isEmpty)
            try await store.redrive(id(250))
        }

        @Test func onlyTheGuiltyAreSetAside() async throws {
            try database.execute(Self.check)
            let lanes = try await store.claim(0..<2, of: 2, log: log)
            let mutations: [TaskMutation] = [
                .delete(id: "a"), .save(task("a", payload: Self.poison)), .log(activity("1")),
                .save(task("b")), .save(task("c", payload: Self.poison)), .deleteDAG(id: "none"), .save(task("d")),
                update("b", .running, at: 1), update("b", .failed, at: 2), .save(task("a", at: 7)),
            ]
            let receipt = try await store.apply(batch(mutations, lanes: lanes, laneCount: 2))
            #expect(receipt.deadLetters.map(\.sequence) == [5, 2] || receipt.deadLetters.map(\.sequence) == [2, 5])
            #expect(try database.texts("SELECT id FROM dag_tasks ORDER BY id") == ["a", "b", "d"])
            #expect(try await store.task(id: "b")?.startedAt == time(1))
            #expect(try await store.task(id: "a")?.createdAt == time(7))
            let letters = try await store.deadLetters(log: log, after: nil, limit: 1)
            #expect(letters.map(\.id) == [id(2)] && letters.map(\.lane) == [nil])
            let next = try await store.deadLetters(log: log, after: letters.last?.id, limit: 9)
            #expect(next.map(\.id) == [id(5)])
            #expect(try await store.deadLetters(log: LogID(low: 1, high: 1), after: nil, limit: 9).isEmpty)
            try await store.discard(id(5))
            #expect(try await store.deadLetters(log: nil, after: nil, limit: 9).map(\.id) == [id(2)])
        }

        /// Each kind of bad row, between two good rows.
        @Test(arguments: Poison.all)
        func everyKindOfPoisonIsSetAside(_ poison: Poison) async throws {
            if let setup = poison.setup { try database.execute(setup) }
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let receipt = try await store.apply(
                batch([.save(task("first")), poison.mutation, .save(task("last"))], lanes: lanes))
            #expect(receipt.deadLetters.map(\.code) == [poison.code])
            #expect(receipt.rowCount == 2)
            #expect(try await store.deadLetters(log: log, after: nil, limit: 9).map(\.id) == [id(2)])
            #expect(try await store.tasks(dagID: "dag", limit: 9, offset: 0).map(\.id) == ["first", "last"])
        }

        @Test func constraintThatWaitsForTheCommitIsNoExcuse() async throws {
            try database.execute(
                """
                CREATE TABLE dags (id text COLLATE "C" PRIMARY KEY); INSERT INTO dags VALUES ('dag'); \
                ALTER TABLE dag_tasks ADD FOREIGN KEY (dag_id) REFERENCES dags DEFERRABLE INITIALLY DEFERRED
                """)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let receipt = try await store.apply(
                batch([.save(task("a")), .save(task("b", dag: "unknown")), .save(task("c"))], lanes: lanes))
            #expect(receipt.deadLetters.map(\.code) == ["23503"] && receipt.rowCount == 2)
        }

        @Test func undecodableRecordsAreSetAside() async throws {
            let lanes = try await store.claim(0..<2, of: 2, log: log)
            var mixed = batch([.save(task("a"))], lanes: lanes, laneCount: 2)
            mixed.undecodable = [
                (
                    SinkRecord(sequence: 2, time: time(0), payload: [0, 9]),
                    DeadLetter(sequence: 2, code: "codec", reason: "unknown")
                )
            ]
            mixed.position = 2
            let receipt = try await store.apply(mixed)
            #expect(receipt.deadLetters.map(\.sequence) == [2] && receipt.rowCount == 1)
            let letters = try await store.deadLetters(log: nil, after: nil, limit: 9)
            #expect(letters.map(\.kind) == ["undecodable"] && letters.map(\.body) == [[0, 9]])
            #expect(await code { try await store.redrive(id(2)) } == .rowUnreadable)
            #expect(try await store.deadLetters(log: nil, after: nil, limit: 9).count == 1)
        }
    }

    /// A change that the database refuses, either always or after `setup`.
    struct Poison: Sendable, CustomTestStringConvertible {
        var code: String
        var mutation: TaskMutation
        var setup: String?

        var testDescription: String { code }

        static let all = [
            Poison(code: "22021", mutation: .save(task("bad\0"))),
            Poison(code: "22008", mutation: .save(early)),
            Poison(code: "22P02", mutation: .save(task("bad", payload: "{"))),
            Poison(
                code: "22P05", mutation: .save(task("bad", payload: #""\u0000""#)),
                setup: "ALTER TABLE dag_tasks ADD CHECK (payload::jsonb IS NOT NULL)"),
            Poison(
                code: "22003", mutation: .save(task("bad", priority: .max)),
                setup: "ALTER TABLE dag_tasks ADD twice int GENERATED ALWAYS AS (priority * 2) STORED"),
            Poison(
                code: "23502", mutation: .save(task("bad", payload: nil)),
                setup: "ALTER TABLE dag_tasks ALTER payload SET NOT NULL"),
            Poison(
                code: "23505", mutation: .save(task("bad", priority: 0)),
                setup: "CREATE UNIQUE INDEX ON dag_tasks ((node_id)) WHERE id = 'bad' OR id = 'other'; \(other)"),
            Poison(
                code: "54000", mutation: .save(task("bad", payload: "\"\(incompressible)\"")),
                setup: "CREATE INDEX ON dag_tasks ((payload::text))"),
            Poison(
                code: "P0001", mutation: .save(task("bad")),
                setup: """
                    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
                    $$ BEGIN RAISE EXCEPTION 'not this one'; END $$; \
                    CREATE TRIGGER refuse BEFORE INSERT ON dag_tasks FOR EACH ROW WHEN (NEW.id = 'bad') \
                    EXECUTE FUNCTION refuse()
                    """),
        ]

        private static var early: PersistentTask {
            var task = task("bad")
            task.startedAt = Timestamp(rawValue: .min)
            return task
        }

        private static let other = """
            INSERT INTO dag_tasks (id, dag_id, node_id, status, created_at, updated_at) \
            VALUES ('other', 'elsewhere', 'node', 'pending', now(), now())
            """

        private static var incompressible: String {
            var random = SeededGenerator(seed: 1)
            return (0..<1000).map { _ in String(random.next(), radix: 36) }.joined()
        }
    }
#endif
