#if Postgres
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALPostgres

    /// Rows that no error names: one ends its connection, others exceed the time limit.
    @Suite(.needsServer, .timeLimit(.minutes(30))) struct PoisonTests {
        private static func trigger(_ body: String) -> String {
            """
            CREATE FUNCTION s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \(body) RETURN new; END $$; \
            CREATE TRIGGER s BEFORE INSERT ON dag_tasks FOR EACH ROW EXECUTE FUNCTION s()
            """
        }

        /// Delivers tasks of these ids with one worker. Returns the dead letters in the log's directory.
        private func deliver(
            _ ids: [String], into store: PostgresTaskStore, batchSize: Int,
            meanwhile: @Sendable (FlusherStatistics) throws -> Bool = { _ in true }
        ) async throws -> [DeadLetterRecord] {
            let directory = NSTemporaryDirectory() + "wal-postgres-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let log = try await WriteAheadLog.open(at: directory)
            var configuration = Flusher<TaskSink<PostgresTaskStore>>.Configuration()
            configuration.workerCount = 1
            configuration.breakerInterval = .milliseconds(50)
            configuration.batchSize = batchSize
            configuration.maxBatchSize = batchSize
            for (index, id) in ids.enumerated() {
                _ = try await log.append(TaskCodec.encode(.save(task(id, at: Int64(index)))))
            }
            let flusher = Flusher(
                log: log, sink: TaskSink(store: store), configuration: configuration, key: TaskCodec.key(of:))
            let running = Task { try await flusher.run() }
            try await eventually { try meanwhile(flusher.statistics) }
            try await flusher.drain()
            running.cancel()
            _ = await running.result
            try await log.close()
            var reader = try DeadLetterReader(logDirectory: directory)
            var letters: [DeadLetterRecord] = []
            while let letter = try reader.next() { letters.append(letter) }
            return letters
        }

        /// A row that ends its own connection was retried forever, so no later record was delivered.
        @Test func rowThatEndsItsConnectionIsSetAside() async throws {
            let database = try TemporaryDatabase()
            let store = try await database.store()
            try database.execute(
                Self.trigger("IF new.id = 'poison' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;"))
            let ids = (0..<40).map { $0 == 23 ? "poison" : "t\($0)" }
            let letters = try await deliver(ids, into: store, batchSize: 40)
            #expect(letters.map(\.sequence) == [24])
            #expect(letters.first?.code == "connectionLost")
            #expect(letters.first?.reason.contains("connection") == true)
            #expect(try database.number("SELECT count(*) FROM dag_tasks") == 39)
            try await store.close()
        }

        /// If batches didn't shrink enough to be stored within the time limit, slow rows would never be stored. Here only single
        /// rows are fast enough.
        @Test func slowRowsAreStoredOneByOne() async throws {
            let database = try TemporaryDatabase()
            // The first store creates the tables.
            try await database.store().close()
            let store = try await repeated { try await database.store(statementTimeout: .seconds(3)) }
            try database.execute(Self.trigger("PERFORM pg_sleep(2);"))
            let letters = try await deliver((0..<3).map { "t\($0)" }, into: store, batchSize: 100)
            #expect(letters.isEmpty)
            #expect(try database.number("SELECT count(*) FROM dag_tasks") == 3)
            try await store.close()
        }

        /// A row that exceeds the time limit even alone is retried until it succeeds, or until the limit is raised.
        @Test func rowThatIsTooSlowAloneIsKept() async throws {
            let database = try TemporaryDatabase()
            try await database.store().close()
            let store = try await repeated { try await database.store(statementTimeout: .milliseconds(400)) }
            try database.execute(Self.trigger("IF new.id = 't1' THEN PERFORM pg_sleep(60); END IF;"))
            let letters = try await deliver(["t0", "t1", "t2"], into: store, batchSize: 100) { statistics in
                guard statistics.failures[.overloaded, default: 0] >= 6 else { return false }
                try database.execute("DROP TRIGGER s ON dag_tasks")
                return true
            }
            #expect(letters.isEmpty)
            #expect(try database.number("SELECT count(*) FROM dag_tasks") == 3)
            try await store.close()
        }
    }
#endif
