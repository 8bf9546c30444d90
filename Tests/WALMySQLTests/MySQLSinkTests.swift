#if MySQL
    import Foundation
    import Synchronization
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks
    import WALTesting

    @testable import WALMySQL

    /// A user's own tables, which a function writes.
    @Suite(.serialized, .enabled(if: PrivateServer.isWanted, PrivateServer.reason), .timeLimit(.minutes(30)))
    struct MySQLSinkTests {
        private static let proxyCount = Atomic<Int>(0)

        private static func makeFixture(_ server: PrivateServer, arrays: Bool) throws -> TableFixture<MySQLSink> {
            let database = try TestDatabase(on: server)
            let statements = TableStatements(
                set: "INSERT INTO entries VALUES (?, ?) ON DUPLICATE KEY UPDATE value = VALUES(value)")
            let tables = """
                CREATE TABLE IF NOT EXISTS entries (name varbinary(255) PRIMARY KEY, value longtext NOT NULL);
                CREATE TABLE IF NOT EXISTS events (id varbinary(255) NOT NULL, CHECK (id <> 'poison'));
                """
            try database.connect().executeAll(tables, named: "create tables")
            let open: @Sendable (String) async throws -> MySQLSink = { url in
                try await MySQLSink(
                    ConnectionSettings(url: url, lockTimeout: .seconds(120), usesArrays: arrays), tables: tables
                ) { transaction, batch in try statements.write(batch, transaction) }
            }
            var fixture = TableFixture {
                try await open(database.url)
            } reading: {
                let connection = try database.connect()
                let entries = try Statement("SELECT name, value FROM entries", named: "entries", on: connection)
                let events = try Statement(
                    "SELECT id, count(*) FROM events GROUP BY id", named: "events", on: connection)
                return SinkContents(
                    entries: try entries.all { (row) throws(StoreError) in (row.text(), row.text()) },
                    events: try events.all { (row) throws(StoreError) in (row.text(), Int(row.number())) })
            }
            fixture.openingBehindProxy = {
                let path = "\(server.directory)/own\(Self.proxyCount.add(1, ordering: .relaxed).newValue)"
                let proxy = try CuttingProxy(
                    listeningOn: .unix(path: path), forwardingTo: .unix(path: "\(server.directory)/s.sock"))
                return (try await open(database.url.replacing("\(server.directory)/s.sock", with: path)), proxy)
            }
            fixture.restarting = {
                try server.crash()
                try server.start()
            }
            return fixture
        }

        /// `ConformanceTests` cuts and restarts the same connections.
        @Test(arguments: SinkConformance.ofAnotherForm, [true, false])
        func conformance(check: SinkConformance, arrays: Bool) async throws {
            // Other tests use the shared server.
            let server = check == .survivesRestarts ? try PrivateServer() : try PrivateServer.shared.get()
            #expect(try await check.run(on: Self.makeFixture(server, arrays: arrays)) == .passed)
        }

        @Test func positionsAreReadWithoutAClaim() async throws {
            let database = try TestDatabase()
            try await examinePositions(
                of: MySQLSink(url: database.url) { _, _ in },
                apartFrom: MySQLSink(url: database.url, name: "second") { _, _ in })
        }

        // MARK: The function

        private func failure(_ body: @escaping MySQLSink.Body) async throws -> (SinkFailure, StoreError, rows: Int64?) {
            let database = try TestDatabase()
            let sink = try await MySQLSink(
                url: database.url, tables: "CREATE TABLE IF NOT EXISTS t (a int)", body: body)
            let (failure, error) = try await TestSupport.failure(of: sink)
            return (failure, error, rows: try database.number("SELECT count(*) FROM t"))
        }

        @Test func anErrorOfTheFunctionBlamesARecordAndWritesNothing() async throws {
            struct Undecodable: Error {}
            let (failure, error, rows) = try await failure { transaction, _ in
                try transaction.execute("INSERT INTO t VALUES (1)")
                throw Undecodable()
            }
            #expect(failure.kind == .record && error.description.contains("Undecodable") && rows == 0)
        }

        /// Many statements commit implicitly, such as those that change tables.
        @Test(arguments: [
            "COMMIT", "  commit; ", "/*! COMMIT */", "/* end */ ROLLBACK", "# end\nCOMMIT", "ROLLBACK TO a", "BEGIN",
            "START TRANSACTION", "SAVEPOINT a", "CREATE TABLE u (a int)", "TRUNCATE TABLE t", "SET autocommit = 1",
            "LOCK TABLES t WRITE", "CALL p()", "INSERT INTO t VALUES (2); COMMIT", "", "INSERT INTO",
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

        @Test func theNumberOfValuesIsChecked() async throws {
            for rows: [[SQLValue]] in [[[1, 2]], [[1], [1, 2]], [[1], []]] {
                let (failure, error, count) = try await failure { transaction, _ in
                    try transaction.executeMany("INSERT INTO t VALUES (?)", rows)
                }
                #expect(failure == .fatal && error.code == .invalidArgument && count == 0)
                #expect(error.description.contains("takes 1 values"))
            }
        }

        @Test func refusedRowsBlameTheRecord() async throws {
            let bad: [SQLValue] = [
                .integer(1 << 40), "x", .real(.nan), .real(1e300), "\0", .time(Timestamp(rawValue: .max)),
            ]
            for value in bad {
                for isBulk in [false, true] {
                    let (failure, _, rows) = try await failure { transaction, _ in
                        if isBulk {
                            try transaction.executeMany("INSERT INTO t VALUES (?)", [[1], [value], [2]])
                        } else {
                            try transaction.execute("INSERT INTO t VALUES (?)", [value])
                        }
                    }
                    #expect(failure.kind == .record && rows == 0, "\(value)")
                }
            }
        }

        /// Some errors, such as a deadlock, end the whole transaction. Later statements of the function would be committed
        /// separately.
        @Test func anErrorThatTheFunctionCatchesFailsTheBatch() async throws {
            let database = try TestDatabase()
            let sink = try await MySQLSink(
                url: database.url, tables: "CREATE TABLE IF NOT EXISTS t (a int PRIMARY KEY, b int)"
            ) { transaction, _ in
                try transaction.executeMany("INSERT INTO t VALUES (?, 0)", [[1], [2]])
                _ = try? transaction.execute("INSERT INTO t VALUES (1, 0)")
                _ = try? transaction.execute("INSERT INTO t VALUES (3, 0)")
            }
            let (failure, error) = try await TestSupport.failure(of: sink)
            #expect(failure.kind == .record && error.number == 1062)
            #expect(try database.number("SELECT count(*) FROM t") == 0)
        }

        @Test func aMissingTableIsTransient() async throws {
            let (failure, error, _) = try await failure { transaction, _ in
                try transaction.execute("INSERT INTO none VALUES (1)")
            }
            #expect(failure == .transient && error.code == .schemaMismatch)
        }

        @Test func countsAreThoseOfTheStatement() async throws {
            let database = try TestDatabase()
            let counts = Monitor<[Int]>([])
            // MySQL has no RETURNING.
            let returning = PrivateServer.isMySQL ? "" : "RETURNING a, 'x'"
            let returned: [[SQLValue]] = PrivateServer.isMySQL ? [] : [[7, "x"]]
            let sink = try await MySQLSink(url: database.url, tables: "CREATE TABLE IF NOT EXISTS t (a int);  ") {
                transaction, _ in
                func add(_ count: Int) { counts.withLock { $0.append(count) } }
                for sql in [
                    "INSERT INTO t VALUES (1), (2); -- two", "SELECT * FROM t", "UPDATE t SET a = 3",
                    "INSERT INTO t VALUES (4) \(returning)", "DELETE FROM t WHERE a = 9",
                ] { add(try transaction.execute(sql)) }
                add(try transaction.executeMany("INSERT INTO t VALUES (?) \(returning)", [[5], [6]]))
                add(try transaction.executeMany("DELETE FROM t WHERE a = ?", [[3], [3], [4]]))
                add(try transaction.executeMany("DELETE FROM t WHERE a = ?", []))
                add(try transaction.executeMany("SELECT ?", [[1], [2]]))
                add(try transaction.query("INSERT INTO t VALUES (?) \(returning)", [7]) == returned ? 1 : 0)
                add(try transaction.query("UPDATE t SET a = 8") == [] ? 1 : 0)
            }
            try await applyOne(sink)
            #expect(counts.withLock(\.self) == [2, 0, 2, 1, 0, 2, 3, 0, 0, 1, 1])
            await sink.close()
        }

        /// The count was 0. In MariaDB, only a query may follow WITH.
        @Test(.enabled(if: PrivateServer.isMySQL, "MariaDB takes no change after WITH"))
        func changesAfterWITHAreCounted() async throws {
            let database = try TestDatabase()
            let counts = Monitor<[Int]>([])
            let sink = try await MySQLSink(url: database.url, tables: "CREATE TABLE IF NOT EXISTS t (a int)") {
                transaction, _ in
                try transaction.execute("INSERT INTO t VALUES (1), (2), (3)")
                let change = "WITH c AS (SELECT ? AS a) DELETE FROM t WHERE a IN (SELECT a FROM c)"
                let one = try transaction.execute(change, [1])
                let two = try transaction.executeMany(change, [[2], [3], [4]])
                let none = try transaction.execute("WITH c AS (SELECT 1 AS a) SELECT a FROM c")
                counts.withLock { $0 = [one, two, none] }
            }
            try await applyOne(sink)
            #expect(counts.withLock(\.self) == [1, 2, 0])
            await sink.close()
        }

        @Test(arguments: [true, false])
        func valuesComeBackAsTheyWere(arrays: Bool) async throws {
            let database = try TestDatabase()
            let found = Monitor<[[SQLValue]]>([])
            let rows: [[SQLValue]] = [
                [.integer(.max), .real(0.1 + 0.2), "text \u{1F600} '", .blob([0, 255, 92]), .time(.now), "1.50", 1],
                [
                    .integer(.min), .real(-1e300), "a\0b", .blob([]), .time(Timestamp(rawValue: -1)), "-2.00",
                    .integer(.max),
                ],
                [nil, nil, nil, nil, nil, nil, "18446744073709551615"],
                [
                    1, 1.5, .text(String(repeating: "x", count: 5000)), .blob(Array(repeating: 7, count: 5000)), nil,
                    nil,
                    nil,
                ],
            ]
            let sink = try await MySQLSink(
                ConnectionSettings(url: database.url, usesArrays: arrays),
                tables: """
                    CREATE TABLE IF NOT EXISTS v (n int PRIMARY KEY AUTO_INCREMENT, a bigint, b double, c longtext,
                      d longblob, e datetime(6), f decimal(10,2), g bigint unsigned)
                    """
            ) { transaction, _ in
                let sql = "INSERT INTO v (a, b, c, d, e, f, g) VALUES (?, ?, ?, ?, ?, ?, ?)"
                try transaction.execute(sql, rows[0])
                try transaction.executeMany(sql, Array(rows[1...]))
                let rows = try transaction.query("SELECT a, b, c, d, e, f, g FROM v WHERE n > ? ORDER BY n", [0])
                found.withLock { $0 = rows }
            }
            try await applyOne(sink)
            #expect(found.withLock(\.self) == rows)
            await sink.close()
        }

        /// A geometry came as a text, with other characters for most of its bytes. JSON is text, and has the same
        /// character set on MySQL.
        @Test func geometryIsBytesAndJSONIsText() async throws {
            let database = try TestDatabase()
            let found = Monitor<[[SQLValue]]>([])
            let sink = try await MySQLSink(
                url: database.url, tables: "CREATE TABLE IF NOT EXISTS t (g geometry, j json)"
            ) { transaction, _ in
                try transaction.execute("INSERT INTO t VALUES (ST_GeomFromText('POINT(1 2)'), '{}')")
                let rows = try transaction.query("SELECT g, j FROM t")
                found.withLock { $0 = rows }
            }
            try await applyOne(sink)
            // The number of the coordinate system, the byte order, the type, and two numbers.
            let point: [UInt8] = [
                0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0x40,
            ]
            let row: [SQLValue] = [.blob(point), "{}"]
            #expect(found.withLock(\.self) == [row])
            await sink.close()
        }

        /// The library keeps the size of its arrays. A later run with single values read more rows from the memory
        /// after them, and inserted those, or crashed.
        @Test(arguments: [true, false])
        func singleValuesFollowArrays(arrays: Bool) async throws {
            let database = try TestDatabase()
            let found = Monitor<[[SQLValue]]>([])
            let rows: [[SQLValue]] = [
                [1, "one"], [2, nil], [nil, "three"], [4, "four"], [nil, nil], [6, "six"], [7, "seven"],
            ]
            let sink = try await MySQLSink(
                ConnectionSettings(url: database.url, usesArrays: arrays),
                tables: "CREATE TABLE IF NOT EXISTS t (n int PRIMARY KEY AUTO_INCREMENT, a int, b longtext)"
            ) { transaction, _ in
                let sql = "INSERT INTO t (a, b) VALUES (?, ?)"
                try transaction.executeMany(sql, Array(rows[..<3]))
                try transaction.execute(sql, rows[3])
                try transaction.execute(sql, rows[4])
                try transaction.executeMany(sql, Array(rows[5...]))
                let stored = try transaction.query("SELECT a, b FROM t ORDER BY n")
                found.withLock { $0 = stored }
            }
            try await applyOne(sink)
            #expect(found.withLock(\.self) == rows)
            await sink.close()
        }

        /// MariaDB refuses arrays for these statements, and the flusher stopped with its error.
        @Test(arguments: [true, false])
        func statementsThatTakeNoArraysRunRowByRow(arrays: Bool) async throws {
            let database = try TestDatabase()
            let counts = Monitor<[Int]>([])
            let sink = try await MySQLSink(
                ConnectionSettings(url: database.url, usesArrays: arrays),
                tables: """
                    CREATE TABLE IF NOT EXISTS t (a int PRIMARY KEY, b int NOT NULL DEFAULT 0);
                    CREATE TABLE IF NOT EXISTS u (a int PRIMARY KEY);
                    """
            ) { transaction, _ in
                func add(_ count: Int) { counts.withLock { $0.append(count) } }
                add(try transaction.executeMany("INSERT INTO t (a) SELECT ?", [[1], [2], [3]]))
                // The statement is known by now.
                add(try transaction.executeMany("INSERT INTO t (a) SELECT ?", [[4], [5]]))
                add(try transaction.execute("INSERT INTO t (a) SELECT ?", [6]))
                add(try transaction.executeMany("REPLACE INTO u SELECT ?", [[1], [2], [3], [4]]))
                try transaction.executeMany("UPDATE t JOIN u USING (a) SET t.b = ?", [[7], [8], [9]])
                add(try transaction.executeMany("DELETE t FROM t JOIN u USING (a) WHERE u.a = ?", [[1], [2], [3]]))
            }
            try await applyOne(sink)
            #expect(counts.withLock(\.self) == [3, 2, 1, 4, 3])
            #expect(try database.texts("SELECT concat(a, ' ', b) FROM t ORDER BY a") == ["4 9", "5 0", "6 0"])
            await sink.close()
        }

        /// A statement that takes no arrays must not hide the row that the server refuses.
        @Test func aRefusedRowOfAStatementWithoutArraysBlamesTheRecord() async throws {
            let (failure, error, rows) = try await failure { transaction, _ in
                try transaction.executeMany("INSERT INTO t SELECT ?", [[1], ["x"], [2]])
            }
            #expect(failure.kind == .record && error.number != 1295 && rows == 0)
        }

        /// A migration while the flusher runs stopped the flusher.
        @Test func aColumnThatIsAddedReplacesTheConnection() async throws {
            let database = try TestDatabase()
            let found = Monitor<[[SQLValue]]>([])
            let sink = try await MySQLSink(url: database.url, connections: 1) { transaction, _ in
                let rows = try transaction.query("SELECT * FROM t")
                found.withLock { $0 = rows }
            }
            try database.execute("CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)")
            try await applyOne(sink)
            try database.execute("ALTER TABLE t ADD COLUMN b int NOT NULL DEFAULT 2")
            let error = await #expect(throws: StoreError.self) { try await applyOne(sink) }
            #expect(error?.number == 2057 && error?.failure == .indeterminate)
            try await applyOne(sink)
            #expect(found.withLock(\.self) == [[1, 2]])
            await sink.close()
        }

        /// The values came in the type that the column had at the first run: a text was 0.
        @Test func aColumnOfAnotherTypeComesInThatType() async throws {
            let database = try TestDatabase()
            let found = Monitor<[[SQLValue]]>([])
            let sink = try await MySQLSink(url: database.url, connections: 1) { transaction, _ in
                let rows =
                    try transaction.query("SELECT a FROM t") + transaction.query("SELECT ?", [1])
                    + transaction.query("SELECT ?", ["x"])
                found.withLock { $0 = rows }
            }
            try database.execute("CREATE TABLE t (a int)", "INSERT INTO t VALUES (7)")
            try await applyOne(sink)
            #expect(found.withLock(\.self) == [[7], [1], ["x"]])
            try database.execute("ALTER TABLE t MODIFY a varchar(9)", "UPDATE t SET a = 'seven'")
            try await applyOne(sink)
            #expect(found.withLock(\.self) == [["seven"], [1], ["x"]])
            await sink.close()
        }

        /// An INSERT without names of columns fits again once the program or the table is adapted. Until then the sink
        /// waits, as for a missing column.
        @Test func aColumnThatIsAddedMakesTheSinkWait() async throws {
            let database = try TestDatabase()
            let sink = try await MySQLSink(url: database.url, connections: 1) { transaction, _ in
                try transaction.execute("INSERT INTO t VALUES (?)", [1])
            }
            try database.execute("CREATE TABLE t (a int)")
            try await applyOne(sink)
            try database.execute("ALTER TABLE t ADD b int")
            let refused = await error { try await applyOne(sink) }
            #expect(refused?.number == 1136 && refused?.code == .schemaMismatch && refused?.failure == .transient)
            try database.execute("ALTER TABLE t DROP b")
            try await applyOne(sink)
            #expect(try database.number("SELECT count(*) FROM t") == 2)
            await sink.close()
        }

        /// More texts than a connection caches, and more rows than fit into a packet.
        @Test func manyStatementsAndManyRows() async throws {
            let database = try TestDatabase()
            let sink = try await MySQLSink(
                url: database.url, tables: "CREATE TABLE IF NOT EXISTS t (a int, b longtext)",
                statementTimeout: .seconds(600)
            ) { transaction, _ in
                for number in 0..<250 { try transaction.execute("INSERT INTO t VALUES (\(number), '')") }
                let text = String(repeating: "x", count: 40_000)
                try transaction.executeMany(
                    "INSERT INTO t VALUES (?, ?)", (0..<2000).map { [SQLValue($0), .text(text)] })
            }
            try await applyOne(sink)
            #expect(try database.number("SELECT CAST(sum(length(b)) AS signed) FROM t") == 80_000_000)
            #expect(try database.number("SELECT count(*) FROM t") == 2250)
            await sink.close()
        }

        /// A server without arrays gets the rows of an INSERT in one statement, with the effect of one for each row.
        @Test(arguments: [true, false])
        func anInsertOfManyRowsHasTheEffectOfEach(arrays: Bool) async throws {
            let database = try TestDatabase()
            let counts = Monitor<[Int]>([])
            let found = Monitor<[[SQLValue]]>([])
            let sink = try await MySQLSink(
                ConnectionSettings(url: database.url, usesArrays: arrays),
                tables: "CREATE TABLE IF NOT EXISTS t (a varchar(9) PRIMARY KEY, n int, b longtext)"
            ) { transaction, _ in
                func rowCount() throws -> Int? {
                    if case .integer(let count) = try transaction.query("SELECT ROW_COUNT()")[0][0] {
                        return Int(count)
                    }
                    return nil
                }
                // The second time, it is prepared, and preparing it doesn't change the answer.
                _ = try rowCount()
                let add = "INSERT INTO `t` (a, n) VALUES (?, ?) ON DUPLICATE KEY UPDATE n = n + VALUES(n)"
                let rows: [[SQLValue]] = [["x", 1], ["y", 2], ["x", 3], [.text("z?'"), 4], ["x", 5]]
                let changed = try transaction.executeMany(add, rows)
                let inOne = try rowCount() ?? 0
                let texts = try transaction.executeMany(
                    "INSERT INTO t (a, b) VALUES (?, ?)", (0..<4).map { [.integer($0), .real(100)] })
                counts.withLock { $0 = arrays ? [changed, texts] : [changed, texts, inOne] }
                let all = try transaction.query("SELECT a, n, b FROM t ORDER BY a")
                found.withLock { $0 = all }
            }
            try await applyOne(sink)
            // An updated row counts twice.
            #expect(counts.withLock(\.self) == (arrays ? [7, 4] : [7, 4, 6]))
            #expect(
                found.withLock(\.self) == (0..<4).map { [.text("\($0)"), nil, "100"] }
                    + [["x", 9, nil], ["y", 2, nil], [.text("z?'"), 4, nil]])
            await sink.close()
        }

        /// Several connections create the tables concurrently, and sinks of one log share a database.
        @Test func sinksOfALogShareADatabase() async throws {
            let database = try TestDatabase()
            var sinks: [MySQLSink] = []
            for name in ["orders", "audit"] {
                sinks.append(
                    try await MySQLSink(
                        url: database.url, name: name, tables: "CREATE TABLE IF NOT EXISTS t (a int)",
                        lockTimeout: .seconds(600)
                    ) { transaction, _ in try transaction.execute("INSERT INTO t VALUES (1)") })
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
            let database = try TestDatabase()
            func sink(_ url: String, _ tables: String) async throws -> MySQLSink {
                try await MySQLSink(url: url, tables: tables) { transaction, _ in
                    try transaction.execute("INSERT INTO t VALUES (1)")
                }
            }
            let owner = try await sink(database.url, "CREATE TABLE t (a int)")
            try await applyOne(owner)
            await owner.close()
            let name = "writer_\(database.name)"
            try database.execute(
                "CREATE USER \(name)@localhost",
                "GRANT SELECT, INSERT, UPDATE ON \(database.name).* TO \(name)@localhost")
            let writer = try await sink(database.url(user: name), "")
            try await applyOne(writer)
            await writer.close()
            #expect(try database.number("SELECT count(*) FROM t") == 2)
        }
    }
#endif
