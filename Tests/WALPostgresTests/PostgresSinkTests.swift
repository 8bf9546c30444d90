#if Postgres
    import Foundation
    import Synchronization
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks
    import WALTesting

    @testable import WALPostgres

    /// A user's own tables, which a function writes.
    @Suite(.serialized, .needsServer, .timeLimit(.minutes(30))) struct PostgresSinkTests {
        private static func makeFixture(
            _ database: TemporaryDatabase, _ conninfo: String? = nil
        ) throws -> TableFixture<PostgresSink> {
            try database.execute(
                """
                CREATE TABLE entries (name text PRIMARY KEY, value text NOT NULL);
                CREATE TABLE events (id text NOT NULL, CHECK (id <> 'poison'))
                """)
            var statements = TableStatements(
                set: "INSERT INTO entries VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
            statements.delete = "DELETE FROM entries WHERE name = $1"
            statements.event = "INSERT INTO events VALUES ($1)"
            let open: @Sendable (String) async throws -> PostgresSink = { [statements] conninfo in
                try await PostgresSink(conninfo, lockTimeout: .seconds(600)) { transaction, batch in
                    try statements.write(batch, transaction)
                }
            }
            var fixture = TableFixture {
                try await open(conninfo ?? database.conninfo)
            } reading: {
                let connection = try database.connect()
                let entries = try connection.query("SELECT name, value FROM entries", named: "entries")
                let events = try connection.query("SELECT id, count(*) FROM events GROUP BY id", named: "events")
                return SinkContents(
                    entries: try entries.all { (row) throws(StoreError) in (row.text(), row.text()) },
                    events: try events.all { (row) throws(StoreError) in (row.text(), Int(row.number())) })
            }
            fixture.openingBehindProxy = {
                let directory = database.server.directory
                // libpq finds a socket by its directory and a port.
                let port = 7000 + Self.proxyCount.add(1, ordering: .relaxed).newValue
                let proxy = try CuttingProxy(
                    listeningOn: .unix(path: "\(directory)/.s.PGSQL.\(port)"),
                    forwardingTo: .unix(path: "\(directory)/.s.PGSQL.5432"))
                return (try await open("\(database.conninfo) port=\(port)"), proxy)
            }
            fixture.restarting = {
                try database.server.crash()
                try database.server.start()
            }
            return fixture
        }

        private static let proxyCount = Atomic<Int>(0)

        /// `ConformanceTests` cuts and restarts the same connections.
        @Test(arguments: SinkConformance.ofAnotherForm)
        func conformance(check: SinkConformance) async throws {
            // Other tests use the shared server.
            let server = check == .survivesRestarts ? try PrivateServer() : nil
            #expect(try await check.run(on: Self.makeFixture(TemporaryDatabase(on: server))) == .passed)
        }

        /// Each transaction may run in another session.
        @Test(.needsBouncer, arguments: SinkConformance.ofAnotherForm)
        func conformanceThroughABouncer(check: SinkConformance) async throws {
            let database = try TemporaryDatabase()
            let bouncer = try Bouncer(before: database.server, sessions: 2)
            let name = try #require(database.conninfo.split(separator: "=").last)
            var fixture = try Self.makeFixture(database, "\(bouncer.conninfo) dbname=\(name)")
            (fixture.openingBehindProxy, fixture.restarting) = (nil, nil)
            try await check.run(on: fixture)
        }

        @Test func positionsAreReadWithoutAClaim() async throws {
            let database = try TemporaryDatabase()
            try await examinePositions(
                of: PostgresSink(database.conninfo) { _, _ in },
                apartFrom: PostgresSink(database.conninfo, name: "second") { _, _ in })
        }

        // MARK: The function

        private func failure(
            _ body: @escaping PostgresSink.Body
        ) async throws -> (SinkFailure, StoreError, rows: Int64?) {
            let database = try TemporaryDatabase()
            let sink = try await PostgresSink(
                database.conninfo, tables: "CREATE TABLE IF NOT EXISTS t (a int); INSERT INTO t VALUES (0)", body: body)
            let (failure, error) = try await TestSupport.failure(of: sink)
            // Without the row that `tables` inserts.
            return (failure, error, rows: try database.number("SELECT count(*) - 1 FROM t"))
        }

        @Test func anErrorOfTheFunctionBlamesARecordAndWritesNothing() async throws {
            struct Undecodable: Error {}
            let (failure, error, rows) = try await failure { transaction, _ in
                try transaction.execute("INSERT INTO t VALUES (1)")
                throw Undecodable()
            }
            #expect(failure.kind == .record && error.description.contains("Undecodable") && rows == 0)
        }

        @Test(arguments: [
            "COMMIT", "END", "  commit; ", ";COMMIT", "/* end */ ROLLBACK", "-- end\nABORT", "ROLLBACK TO a", "BEGIN",
            "START TRANSACTION", "SAVEPOINT a", "RELEASE a", "PREPARE TRANSACTION 'a'", "COPY t FROM STDIN",
            "INSERT INTO t VALUES (2); COMMIT", "", "SELECT 1\n; SELECT 2", "INSERT INTO",
        ])
        func theTransactionIsTheSinks(sql: String) async throws {
            let (failure, error, rows) = try await failure { transaction, _ in
                try transaction.execute("INSERT INTO t VALUES (1)")
                // A function must not hide the error by catching it.
                _ = try? transaction.execute(sql)
                _ = try? transaction.execute("BEGIN")
            }
            #expect(failure == .fatal && error.code == .invalidArgument && error.statement == sql && rows == 0)
        }

        @Test(arguments: [
            "DO $$ BEGIN COMMIT; END $$"
        ])
        func aProgramCannotCommit(sql: String) async throws {
            let (failure, _, rows) = try await failure { transaction, _ in
                try transaction.execute("INSERT INTO t VALUES (1)")
                try transaction.execute(sql)
            }
            #expect(failure == .fatal && rows == 0)
        }

        @Test func theNumberOfValuesIsChecked() async throws {
            for rows: [[SQLValue]] in [[[1, 2]], [[1], [1, 2]], [[1], []]] {
                let (failure, error, count) = try await failure { transaction, _ in
                    try transaction.executeMany("INSERT INTO t VALUES ($1)", rows)
                }
                #expect(failure == .fatal && error.code == .invalidArgument && count == 0)
                #expect(error.description.contains("takes 1 values"))
            }
        }

        @Test func refusedRowsBlameTheRecord() async throws {
            let bad: [SQLValue] = [.integer(1 << 40), "x", 1.5, "\0", .time(Timestamp(rawValue: 0))]
            for value in bad {
                for isBulk in [false, true] {
                    let (failure, _, rows) = try await failure { transaction, _ in
                        if isBulk {
                            try transaction.executeMany("INSERT INTO t VALUES ($1)", [[1], [value], [2]])
                        } else {
                            try transaction.execute("INSERT INTO t VALUES ($1)", [value])
                        }
                    }
                    #expect(failure.kind == .record && rows == 0, "\(value)")
                }
            }
            let (failure, error, _) = try await failure { transaction, _ in
                try transaction.execute("INSERT INTO t VALUES ($1)", [.blob([0, 0, 0, 1])])
            }
            #expect(failure == .fatal && error.description.contains("bytea"))
        }

        /// The server aborts a transaction at its first error.
        @Test func anErrorThatTheFunctionCatchesFailsTheBatch() async throws {
            let (failure, error, rows) = try await failure { transaction, _ in
                try transaction.execute("INSERT INTO t VALUES (1)")
                _ = try? transaction.execute("INSERT INTO t SELECT 1 / $1::int", [0])
                _ = try? transaction.execute("INSERT INTO t VALUES (2)")
            }
            #expect(failure.kind == .record && error.sqlState == "22012" && rows == 0)
        }

        @Test func aConstraintThatWaitsForTheCommitBlamesTheRecord() async throws {
            let (failure, _, rows) = try await failure { transaction, _ in
                try transaction.execute("CREATE TABLE u (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
                try transaction.executeMany("INSERT INTO u VALUES ($1)", [[1], [1]])
            }
            #expect(failure.kind == .record && rows == 0)
        }

        @Test func aMissingTableIsTransient() async throws {
            let (failure, error, _) = try await failure { transaction, _ in
                try transaction.execute("INSERT INTO none VALUES (1)")
            }
            #expect(failure == .transient && error.code == .schemaMismatch)
        }

        @Test func countsAreThoseOfTheStatement() async throws {
            let database = try TemporaryDatabase()
            let counts = Monitor<[Int]>([])
            let sink = try await PostgresSink(database.conninfo, tables: "CREATE TABLE IF NOT EXISTS t (a int)") {
                transaction, _ in
                func add(_ count: Int) { counts.withLock { $0.append(count) } }
                for sql in [
                    "INSERT INTO t VALUES (1), (2); -- two", "SELECT * FROM t", "CREATE TABLE u AS SELECT * FROM t",
                    "UPDATE t SET a = 3", "INSERT INTO t VALUES (4) RETURNING a", "DELETE FROM t WHERE a = 9",
                ] { add(try transaction.execute(sql)) }
                add(try transaction.executeMany("DELETE FROM t WHERE a = $1", [[3], [3], [4]]))
                add(try transaction.executeMany("DELETE FROM t WHERE a = $1", []))
            }
            try await applyOne(sink)
            #expect(counts.withLock(\.self) == [2, 0, 0, 2, 1, 0, 3, 0])
            await sink.close()
        }

        @Test(.needsBouncer, arguments: [false, true])
        func valuesComeBackAsTheyWere(isPooled: Bool) async throws {
            let database = try TemporaryDatabase()
            // The administrator chooses other text formats.
            let name = try #require(database.conninfo.split(separator: "=").last)
            try database.execute(
                """
                ALTER DATABASE \(name) SET datestyle = 'SQL, DMY'; ALTER DATABASE \(name) SET timezone = 'Asia/Kolkata';
                ALTER DATABASE \(name) SET bytea_output = 'escape'; ALTER DATABASE \(name) SET extra_float_digits = -10
                """)
            let bouncer = isPooled ? try Bouncer(before: database.server, sessions: 1) : nil
            let found = Monitor<[[SQLValue]]>([])
            let rows: [[SQLValue]] = [
                [.integer(.max), .real(0.1 + 0.2), "text \u{1F600} '", .blob([0, 255, 92]), .time(.now), 1, "1.50"],
                [.integer(.min), .real(-.infinity), "", .blob([]), .time(Timestamp(rawValue: -1)), 0, "NaN"],
                [nil, nil, nil, nil, nil, nil, nil],
            ]
            let sink = try await PostgresSink(
                bouncer.map { "\($0.conninfo) dbname=\(name)" } ?? database.conninfo,
                tables: """
                    CREATE TABLE IF NOT EXISTS v
                    (a bigint, b float8, c text, d bytea, e timestamptz, f boolean, g numeric)
                    """
            ) { transaction, _ in
                let sql = "INSERT INTO v VALUES ($1, $2, $3, $4, $5, $6, $7)"
                try transaction.execute(sql, rows[0])
                try transaction.executeMany(sql, Array(rows[1...]))
                let rows = try transaction.query("SELECT * FROM v WHERE c = $1 OR c IS DISTINCT FROM $1", ["x"])
                found.withLock { $0 = rows }
            }
            try await applyOne(sink)
            #expect(found.withLock(\.self) == rows)
            await sink.close()
        }

        @Test(.needsBouncer, arguments: [false, true])
        func columnsComeBackAsTheyWere(isPooled: Bool) async throws {
            let database = try TemporaryDatabase()
            let bouncer = isPooled ? try Bouncer(before: database.server, sessions: 1) : nil
            let name = try #require(database.conninfo.split(separator: "=").last)
            let found = Monitor<[[SQLValue]]>([])
            let counts = Monitor<[Int]>([])
            let rows: [[SQLValue]] = [
                [.integer(.max), .real(.infinity), "a '\"{}\\", .blob([0, 255]), .time(.now), -1, "{\"a\": 1}"],
                [.integer(.min), 0.1, "", .blob([]), .time(Timestamp(rawValue: 0)), 7, "[]"],
                [nil, nil, nil, nil, nil, nil, nil],
                // More rows than one statement takes.
                [1, 1.5, .text(String(repeating: "x", count: 33 << 20)), nil, nil, nil, nil],
                [2, nil, nil, nil, nil, nil, nil],
            ]
            let sink = try await PostgresSink(
                bouncer.map { "\($0.conninfo) dbname=\(name)" } ?? database.conninfo,
                tables: """
                    CREATE TABLE IF NOT EXISTS v
                    (n serial, a bigint, b float8, c text, d bytea, e timestamptz, f int, g json)
                    """
            ) { transaction, _ in
                let sql = """
                    INSERT INTO v (a, b, c, d, e, f, g) SELECT * FROM unnest
                    ($1::bigint[], $2::float8[], $3::text[], $4::bytea[], $5::timestamptz[], $6::int[], $7::json[])
                    """
                let all = try transaction.execute(sql, columnsOf: rows)
                let none = try transaction.execute(sql, columnsOf: [])
                counts.withLock { $0 = [all, none] }
                let rows = try transaction.query("SELECT a, b, c, d, e, f, g FROM v ORDER BY n")
                found.withLock { $0 = rows }
            }
            try await applyOne(sink)
            #expect(found.withLock { $0 == rows })
            #expect(counts.withLock(\.self) == [5, 0])
            await sink.close()
        }

        @Test(
            arguments: [
                ("INSERT INTO t SELECT unnest($1::int[])", .integer(1 << 40), .record, "beyond int"),
                ("INSERT INTO t SELECT unnest($1::int[])", "1", .fatal, "int4[]"),
                ("INSERT INTO t SELECT unnest($1::int2[])", 1, .fatal, "no array"),
                ("INSERT INTO t SELECT $1", 1, .fatal, "no array"),
                ("INSERT INTO t SELECT length(unnest($1::text[]))", "\0", .record, ""),
            ] as [(String, SQLValue, SinkFailure.Kind, String)])
        func columnsOfAnotherTypeAreRefused(
            sql: String, value: SQLValue, kind: SinkFailure.Kind, text: String
        ) async throws {
            let (failure, error, rows) = try await failure { transaction, _ in
                try transaction.execute(sql, columnsOf: [[nil], [value]])
            }
            #expect(failure.kind == kind && rows == 0)
            #expect(text.isEmpty || error.description.contains(text))
        }

        /// More texts than a connection caches, and more rows than one round trip carries.
        @Test func manyStatementsAndManyRows() async throws {
            let database = try TemporaryDatabase()
            let sink = try await PostgresSink(database.conninfo, tables: "CREATE TABLE IF NOT EXISTS t (a int, b text)")
            {
                transaction, _ in
                for number in 0..<250 { try transaction.execute("INSERT INTO t VALUES (\(number), '')") }
                let text = String(repeating: "x", count: 1000)
                try transaction.executeMany(
                    "INSERT INTO t VALUES ($1, $2)", (0..<5000).map { [SQLValue($0), .text(text)] })
            }
            try await applyOne(sink)
            #expect(try database.number("SELECT sum(length(b)) FROM t") == 5_000_000)
            #expect(try database.number("SELECT count(*) FROM t") == 5250)
            await sink.close()
        }

        /// Several connections create the tables concurrently, and sinks of one log share a database.
        @Test func sinksOfALogShareADatabase() async throws {
            let database = try TemporaryDatabase()
            let sinks = try await ["orders", "audit"].asyncMap { name in
                try await PostgresSink(
                    database.conninfo, name: name, tables: "CREATE TABLE IF NOT EXISTS t (a int)",
                    lockTimeout: .seconds(600)
                ) { transaction, _ in try transaction.execute("INSERT INTO t VALUES (1)") }
            }
            try await withThrowingTaskGroup { group in
                for sink in sinks {
                    for lane in 0..<4 {
                        group.addTask {
                            let lanes = try await sink.claim(lane..<lane + 1, of: 4, log: log)
                            #expect(lanes == [SinkLane(index: lane, epoch: 1, position: 0)])
                            _ = try await sink.apply(
                                SinkBatch(
                                    log: log, laneCount: 4, lanes: lanes, position: 7,
                                    records: [SinkRecord(sequence: 7, time: .now, payload: [])]))
                        }
                    }
                }
                try await group.waitForAll()
            }
            for sink in sinks {
                #expect(try await sink.claim(0..<4, of: 4, log: log).map(\.position) == [7, 7, 7, 7])
                await sink.close()
            }
            #expect(
                try database.texts("SELECT DISTINCT log_sink FROM wal_sink_lane ORDER BY 1") == [
                    "\(logDigits)/audit", "\(logDigits)/orders",
                ])
            #expect(try database.number("SELECT count(*) FROM t") == 8)
        }

        @Test func aUserWithoutTheRightToCreateCanWrite() async throws {
            let database = try TemporaryDatabase()
            func sink(_ user: String, _ tables: String) async throws -> PostgresSink {
                try await PostgresSink(database.conninfo + " user=\(user)", tables: tables) { transaction, _ in
                    try transaction.execute("INSERT INTO t VALUES (1)")
                }
            }
            let owner = try await sink("test", "CREATE TABLE t (a int)")
            try await applyOne(owner)
            await owner.close()
            let name = "writer_" + UUID().uuidString.prefix(8).lowercased()
            try database.execute(
                """
                REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE \(name) LOGIN;
                GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO \(name)
                """)
            let writer = try await sink(name, "")
            try await applyOne(writer)
            await writer.close()
            #expect(try database.number("SELECT count(*) FROM t") == 2)
        }
    }

    extension Array {
        fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
            var values: [Value] = []
            for element in self { values.append(try await transform(element)) }
            return values
        }
    }
#endif
