#if Postgres
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks
    import WALTesting

    @testable import WALPostgres

    /// `executeMany` with one statement for all rows.
    @Suite(.serialized, .needsServer, .timeLimit(.minutes(30))) struct RowInsertTests {
        private static let keyed = "CREATE TABLE IF NOT EXISTS t (a int PRIMARY KEY, b bigint)"

        /// Counts the statements that insert into a table, by a trigger.
        private static func counting(_ table: String) -> String {
            """
            ; CREATE TABLE fired (n int);
            CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO fired VALUES (1); RETURN NULL; END $$;
            CREATE TRIGGER fires AFTER INSERT ON \(table) FOR EACH STATEMENT EXECUTE FUNCTION fire()
            """
        }

        /// Applies batches with one function, each with one record, in one lane.
        private func apply(
            _ batches: Int = 1, to database: TemporaryDatabase, tables: String, _ body: @escaping PostgresSink.Body
        ) async throws {
            let sink = try await PostgresSink(database.conninfo, tables: tables, body: body)
            let log = LogID.random()
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            for number in 1...UInt64(batches) {
                let record = SinkRecord(
                    sequence: SequenceNumber(rawValue: number), time: Timestamp(rawValue: 0), payload: [])
                var lane = lanes[0]
                lane.position = SequenceNumber(rawValue: number - 1)
                _ = try await sink.apply(
                    SinkBatch(log: log, laneCount: 1, lanes: [lane], position: record.sequence, records: [record]))
            }
            await sink.close()
        }

        @Test func rowsOfAnInsertAreOneStatement() async throws {
            let database = try TemporaryDatabase()
            try await apply(to: database, tables: Self.keyed + Self.counting("t")) { transaction, _ in
                let rows: [[SQLValue]] = (0..<100).map { [SQLValue($0), SQLValue($0)] }
                #expect(try transaction.executeMany("INSERT INTO t VALUES ($1, $2)", rows) == 100)
                let again = try transaction.executeMany("INSERT INTO t VALUES ($1, $2) ON CONFLICT DO NOTHING", rows)
                #expect(again == 0)
                let changed = try transaction.executeMany(
                    "INSERT INTO t (b, a) VALUES ($1, $2) ON CONFLICT (a) DO UPDATE SET b = t.b + excluded.b", rows)
                #expect(changed == 100)
            }
            #expect(try database.number("SELECT count(*) FROM fired") == 3)
            #expect(try database.number("SELECT sum(b) FROM t WHERE a + a = b") == 9900)
        }

        /// The server accepts one change of a row in a statement.
        @Test func aRowMayOccurTwice() async throws {
            let database = try TemporaryDatabase()
            let calls = Monitor<Int>(0)
            try await apply(5, to: database, tables: Self.keyed) { transaction, _ in
                calls.withLock { $0 += 1 }
                try transaction.executeMany(
                    "INSERT INTO t VALUES ($1, $2) ON CONFLICT (a) DO UPDATE SET b = 10 * t.b + excluded.b",
                    (0..<10).map { [SQLValue($0 % 5), SQLValue($0 / 5 + 1)] })
            }
            // The first, third and fifth batch are refused as a whole, because the pauses double.
            #expect(calls.withLock(\.self) == 7)
            #expect(try database.number("SELECT count(*) FROM t WHERE b = 1212121212") == 5)
        }

        @Test func columnsOfAllTypesTakeTheSameValues() async throws {
            let database = try TemporaryDatabase()
            let row: [SQLValue] = [
                1, 2, 1.5, "1.50", "0195c3a0-0000-7000-8000-000000000001", "{\"a\": 1}", 1,
                .time(Timestamp(rawValue: 1_500_000)),
                .time(Timestamp(rawValue: 1_500_000)), "abc", "red", 5, .blob([1, 255]), "{a,b}", "abc", "1010", "10",
                "{\"b\": [1]}", 3,
            ]
            let columns = """
                a smallint, b int, c real, d numeric(6, 2), e uuid, f jsonb, g boolean, h timestamp, i timestamptz, j varchar(3), k color,
                l positive, m bytea, n text[], q char(5), r bit(4), s varbit, o json, p float8
                """
            let tables = """
                CREATE TYPE color AS ENUM ('red'); CREATE DOMAIN positive AS int CHECK (VALUE > 0);
                CREATE TABLE one (\(columns)); CREATE TABLE many (\(columns))\(Self.counting("many"))
                """
            let places = row.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
            try await apply(to: database, tables: tables) { transaction, _ in
                let empty = row.map { _ in SQLValue.null }
                for row in [row, empty] {
                    for _ in 0..<5 { try transaction.execute("INSERT INTO one VALUES (\(places))", row) }
                }
                let rows = Array(repeating: row, count: 5) + Array(repeating: empty, count: 5)
                #expect(try transaction.executeMany("INSERT INTO many VALUES (\(places))", rows) == 10)
                let same = try transaction.query("SELECT one::text FROM one EXCEPT ALL SELECT many::text FROM many")
                #expect(same.isEmpty)
            }
            #expect(try database.number("SELECT count(*) FROM many WHERE d = 1.5 AND f @> '{\"a\": 1}' AND g") == 5)
            #expect(try database.number("SELECT count(*) FROM fired") == 1)
        }

        /// The error is that of the row's own statement, so it equals the error of a batch with that record alone.
        @Test(arguments: [
            [SQLValue.integer(1 << 40), 0], ["x", 0], [nil, 0], ["\0", 0], [7, "a"], [7, .blob([1])], [3, 0],
        ])
        func aRefusedRowHasTheErrorOfItsStatement(bad: [SQLValue]) async throws {
            let rows: [[SQLValue]] = (0..<20).map { [SQLValue($0 == 7 ? 100 : $0), 1] } + [bad]
            var errors: [StoreError] = []
            for sql in ["INSERT INTO t VALUES ($1, $2)", "INSERT INTO t VALUES ($1, $2 + 0)"] {
                let database = try TemporaryDatabase()
                let sink = try await PostgresSink(database.conninfo, tables: Self.keyed) { transaction, _ in
                    try transaction.executeMany(sql, rows)
                }
                let (failure, error) = try await TestSupport.failure(of: sink)
                #expect(failure.kind == .record || bad[1] == .blob([1]))
                #expect(try database.number("SELECT count(*) FROM t") == 0)
                errors.append(error)
            }
            #expect(errors[0].code == errors[1].code && errors[0].sqlState == errors[1].sqlState)
            #expect(errors[0].statement == "INSERT INTO t VALUES ($1, $2)")
        }

        /// Records that the table refuses, in batches of hundreds.
        @Test func aFlusherFindsThePoisonAmongManyRows() async throws {
            let database = try TemporaryDatabase()
            let directory = TemporaryDirectory()
            let log = try await WriteAheadLog.open(at: directory.path)
            let sink = try await PostgresSink(
                database.conninfo, tables: "CREATE TABLE IF NOT EXISTS t (a int PRIMARY KEY CHECK (a % 400 <> 7))"
            ) { transaction, batch in
                try transaction.executeMany(
                    "INSERT INTO t VALUES ($1)",
                    batch.records.map { [.text(String(decoding: $0.payload, as: UTF8.self))] })
                try transaction.executeMany(
                    "INSERT INTO t VALUES ($1)",
                    batch.records.map {
                        [SQLValue(Int(String(decoding: $0.payload, as: UTF8.self)).map { $0 + 10_000 })]
                    })
            }
            for number in 0..<1000 { try await log.append("\(number)") }
            let flusher = Flusher(log: log, sink: sink) { _ in nil }
            let delivery = Task { try await flusher.run() }
            try await flusher.drain()
            #expect(flusher.statistics.deadLetters == 3)
            delivery.cancel()
            _ = await delivery.result
            try await log.close()
            #expect(try database.number("SELECT count(*) FROM t WHERE a < 10000") == 997)
            #expect(try database.number("SELECT count(*) FROM t") == 1994)
        }

        /// Values that only fit as literals, and a table that is written through rules and views.
        @Test func whatArraysCannotTakeGoesRowByRow() async throws {
            let database = try TemporaryDatabase()
            let tables = """
                \(Self.keyed); CREATE TABLE u (a int); CREATE VIEW v AS SELECT a, b FROM t;
                CREATE RULE r AS ON INSERT TO t DO ALSO INSERT INTO u VALUES (NEW.a)
                """
            try await apply(3, to: database, tables: tables) { transaction, batch in
                let first = 100 * Int(batch.records[0].sequence.rawValue)
                try transaction.executeMany(
                    "INSERT INTO v VALUES ($1, $2)", (first..<first + 10).map { [.text("\($0)"), SQLValue($0)] })
            }
            #expect(try database.number("SELECT count(*) FROM t JOIN u USING (a)") == 30)
        }

        /// The names of prepared statements are free again.
        @Test func manyStatementsOverArrays() async throws {
            let database = try TemporaryDatabase()
            try await apply(to: database, tables: "CREATE TABLE IF NOT EXISTS t (a int, b bigint)") { transaction, _ in
                let rows: [[SQLValue]] = (0..<10).map { [SQLValue($0), 1] }
                for number in 0..<220 {
                    try transaction.executeMany("INSERT INTO t AS t\(number) VALUES ($1, $2)", rows)
                }
            }
            #expect(try database.number("SELECT count(*) FROM t") == 2200)
        }
    }
#endif
