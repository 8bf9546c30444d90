#if MySQL
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALMySQL

    /// A row that the database rejects must not stop the log, lose its neighbors, or be skipped.
    @Suite(.enabled(if: PrivateServer.isWanted, PrivateServer.reason))
    struct PoisonTests {
        struct Poisoning: CustomTestStringConvertible, Sendable {
            var code: String
            var preparation: String?
            var change: @Sendable (inout PersistentTask) -> Void

            var testDescription: String { code }
        }

        /// The number for a violated CHECK.
        private static let check = PrivateServer.isMySQL ? "3819" : "4025"

        static let poisonings = [
            Poisoning(code: "1366", preparation: "ALTER TABLE dag_tasks MODIFY error longtext CHARACTER SET ascii") {
                $0.error = "naïve"
            },
            Poisoning(code: "1406", preparation: "ALTER TABLE dag_tasks MODIFY processing_state varchar(3)") {
                $0.processingState = "long"
            },
            Poisoning(code: "1264", preparation: "ALTER TABLE dag_tasks MODIFY priority tinyint NOT NULL") {
                $0.priority = 1000
            },
            Poisoning(
                code: check, preparation: "ALTER TABLE dag_tasks ADD CONSTRAINT small CHECK (LENGTH(payload) < 9)"
            ) {
                $0.payload = #""too long""#
            },
            Poisoning(code: "1048", preparation: "ALTER TABLE dag_tasks MODIFY payload longtext NOT NULL") {
                $0.payload = nil
            },
            Poisoning(code: "1292", preparation: "ALTER TABLE dag_tasks MODIFY current_node_id date") {
                $0.currentNodeID = "tomorrow"
            },
            Poisoning(
                code: "1452",
                preparation: """
                    ALTER TABLE dag_tasks MODIFY current_node_id varbinary(512),
                    ADD CONSTRAINT same FOREIGN KEY (current_node_id) REFERENCES dag_tasks (id)
                    """
            ) { $0.currentNodeID = "none" },
            Poisoning(code: "1644", preparation: Poison.abort) { $0.payload = Poison.payload },
            Poisoning(code: "rowRefused") { $0.completedAt = Timestamp(rawValue: .max) },
            Poisoning(code: "rowRefused") { $0.createdAt = Timestamp(rawValue: DateTime.range.lowerBound - 1) },
        ]

        @Test(arguments: poisonings, [true, false])
        func oneRowIsSetAsideAndTheOthersAreWritten(_ poisoning: Poisoning, arrays: Bool) async throws {
            let database = try TestDatabase()
            let store = try await database.store(arrays: arrays)
            if let preparation = poisoning.preparation { try database.execute(preparation) }
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            var bad = task("bad")
            poisoning.change(&bad)
            let mutations: [TaskMutation] =
                [.save(task("a")), .save(task("b")), .save(bad), .log(activity("1")), .save(task("c"))]
            let receipt = try await store.apply(batch(mutations, lanes: lanes))
            #expect(receipt.rowCount == 4)
            #expect(receipt.deadLetters.map(\.sequence) == [3])
            #expect(receipt.deadLetters.map(\.code) == [poisoning.code], "\(receipt.deadLetters)")
            #expect(try database.texts("SELECT id FROM dag_tasks ORDER BY id") == ["a", "b", "c"])
            #expect(try database.number("SELECT position FROM wal_sink_checkpoint") == 5)
            let letters = try await store.deadLetters(log: log, after: nil, limit: 9)
            #expect(letters.map(\.body) == [TaskCodec.encode(.save(bad))])
            #expect(letters.map(\.rowID) == ["bad"] && letters.map(\.lane) == [0])
            // The session is usable: the next batch is applied normally.
            let next = [SinkLane(index: 0, epoch: 1, position: 5)]
            #expect(try await store.apply(batch([.save(task("d"))], lanes: next)).rowCount == 1)
            try await store.close()
        }

        /// A row that ends its own connection was retried forever, so no later record was delivered.
        @Test(
            .enabled(if: !PrivateServer.isMySQL, "there it is an interruption, as by KILL QUERY"),
            arguments: [true, false])
        func rowThatEndsItsConnectionIsSetAside(arrays: Bool) async throws {
            let database = try TestDatabase()
            let store = try await database.store(arrays: arrays)
            try database.execute(
                """
                CREATE TRIGGER s BEFORE INSERT ON dag_tasks FOR EACH ROW
                BEGIN IF NEW.id = 'poison' THEN KILL CONNECTION_ID(); END IF; END
                """)
            let letters = try await deliver((0..<40).map { $0 == 23 ? "poison" : "t\($0)" }, into: store)
            #expect(letters.map(\.sequence) == [24] && letters.map(\.code) == ["connectionLost"])
            #expect(try database.number("SELECT COUNT(*) FROM dag_tasks") == 39)
            try await store.close()
        }

        /// If batches didn't shrink enough to be stored within the time limit, nothing after the slow rows would be delivered.
        /// Here only single rows are fast enough.
        @Test(
            .enabled(if: !PrivateServer.isMySQL, "MySQL limits the time of queries alone"), .timeLimit(.minutes(30)),
            arguments: [true, false])
        func slowRowsAreStoredOneByOne(arrays: Bool) async throws {
            let database = try TestDatabase()
            // The first store creates the tables.
            try await database.store().close()
            let store = try await repeated {
                try await database.store(arrays: arrays, statementTimeout: .milliseconds(1500))
            }
            try database.execute("CREATE TRIGGER s BEFORE INSERT ON dag_tasks FOR EACH ROW SET @slept = SLEEP(1)")
            let letters = try await deliver((0..<5).map { "t\($0)" }, into: store)
            #expect(letters.isEmpty)
            #expect(try database.number("SELECT COUNT(*) FROM dag_tasks") == 5)
            try await store.close()
        }

        /// Delivers tasks of these ids with one worker, at first in one batch. Returns the dead letters in the log's directory.
        private func deliver(_ ids: [String], into store: MySQLTaskStore) async throws -> [DeadLetterRecord] {
            let directory = NSTemporaryDirectory() + "wal-mysql-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let log = try await WriteAheadLog.open(at: directory)
            for id in ids { _ = try await log.append(TaskCodec.encode(.save(task(id)))) }
            var configuration = Flusher<TaskSink<MySQLTaskStore>>.Configuration()
            configuration.workerCount = 1
            configuration.breakerInterval = .milliseconds(50)
            let flusher = Flusher(
                log: log, sink: TaskSink(store: store), configuration: configuration, key: TaskCodec.key(of:))
            let running = Task { try await flusher.run() }
            try await flusher.drain()
            running.cancel()
            _ = await running.result
            try await log.close()
            var reader = try DeadLetterReader(logDirectory: directory)
            var letters: [DeadLetterRecord] = []
            while let letter = try reader.next() { letters.append(letter) }
            return letters
        }

        @Test(arguments: [true, false])
        func oneOfFiveHundredIsRedrivenWhenItsReasonIsGone(arrays: Bool) async throws {
            let database = try TestDatabase()
            let store = try await database.store(arrays: arrays)
            try database.execute(#"ALTER TABLE dag_tasks ADD CONSTRAINT clean CHECK (payload <> '"poison"')"#)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let tasks = (1...500).map { task("\($0)", payload: $0 == 250 ? Poison.payload : "{}") }
            let receipt = try await store.apply(batch(tasks.map(TaskMutation.save), lanes: lanes))
            #expect(receipt.rowCount == 499)
            #expect(receipt.deadLetters.map(\.sequence) == [250] && receipt.deadLetters.map(\.code) == [Self.check])
            #expect(try database.number("SELECT COUNT(*) FROM dag_tasks") == 499)
            let id = StoredDeadLetter.ID(log: log, sequence: 250)
            #expect(await code { try await store.redrive(id) } == .rowRefused)
            #expect(try database.number("SELECT COUNT(*) FROM wal_sink_dead_letter") == 1)
            try database.execute("ALTER TABLE dag_tasks DROP CONSTRAINT clean")
            try await store.redrive(id)
            #expect(try await store.task(id: "250") == tasks[249])
            #expect(try database.number("SELECT COUNT(*) FROM dag_tasks") == 500)
            #expect(try database.number("SELECT COUNT(*) FROM wal_sink_dead_letter") == 0)
        }

        @Test(arguments: [true, false])
        func everyKindIsSetAside(arrays: Bool) async throws {
            let database = try TestDatabase()
            let store = try await database.store(arrays: arrays)
            try await store.save(task("kept", dag: "kept"))
            try database.execute(
                "CREATE TRIGGER no_update BEFORE UPDATE ON dag_tasks FOR EACH ROW SIGNAL SQLSTATE '45000'",
                "CREATE TRIGGER no_delete BEFORE DELETE ON dag_tasks FOR EACH ROW SIGNAL SQLSTATE '45000'",
                "CREATE TRIGGER no_log BEFORE INSERT ON dag_task_activity_logs FOR EACH ROW SIGNAL SQLSTATE '45000'")
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let receipt = try await store.apply(
                batch(
                    [
                        .updateStatus(id: "kept", status: .running, error: nil, time: time(1)), .deleteDAG(id: "kept"),
                        .log(activity("1")), .save(task("new")), .deleteDAG(id: "none"), .delete(id: "kept"),
                    ], lanes: lanes))
            #expect(receipt.rowCount == 1)
            #expect(receipt.deadLetters.map(\.sequence).sorted() == [1, 2, 3, 6])
            #expect(
                try await store.deadLetters(log: nil, after: nil, limit: 9).map(\.kind)
                    == ["updateStatus", "deleteDAG", "log", "delete"])
            #expect(
                try database.texts("SELECT CONCAT(id, status) FROM dag_tasks ORDER BY id") == [
                    "keptpending", "newpending",
                ])
        }

        @Test(arguments: [true, false])
        func savingManyIsAllOrNothing(arrays: Bool) async throws {
            let database = try TestDatabase()
            let store = try await database.store(arrays: arrays)
            try database.execute(Poison.abort)
            let tasks = [task("a"), task("b", payload: Poison.payload), task("c")]
            #expect(await code { try await store.save(tasks) } == .rowRefused)
            #expect(try await store.tasks(dagID: "dag", limit: 9, offset: 0).isEmpty)
        }
    }
#endif
