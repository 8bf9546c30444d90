#if SQLite
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks
    import WALTesting

    @testable import WALSQLite

    /// A user's own tables, which a function writes.
    @Suite struct SQLiteSinkTests {
        private func fixture(_ path: String) -> TableFixture<SQLiteSink> {
            let statements = TableStatements(
                set: "INSERT INTO entries VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
            let tables = """
                CREATE TABLE IF NOT EXISTS entries (name TEXT PRIMARY KEY, value TEXT NOT NULL);
                CREATE TABLE IF NOT EXISTS events (id TEXT NOT NULL, CHECK (id <> 'poison'));
                """
            return TableFixture {
                try await SQLiteSink(path: path, tables: tables, busyTimeout: .seconds(5)) { transaction, batch in
                    try statements.write(batch, transaction)
                }
            } reading: {
                let connection = try Connection(path: path, access: .readWrite, busyTimeout: .seconds(5))
                let entries = try Statement("SELECT name, value FROM entries", named: "entries", on: connection)
                let events = try Statement(
                    "SELECT id, count(*) FROM events GROUP BY id", named: "events", on: connection)
                return SinkContents(
                    entries: try entries.all { (row) throws(StoreError) in (row.text(), row.text()) },
                    events: try events.all { (row) throws(StoreError) in (row.text(), Int(row.number())) })
            }
        }

        private static func path() -> String { NSTemporaryDirectory() + "/own-\(UUID().uuidString).db" }

        private static func remove(_ path: String) {
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        }

        @Test(arguments: SinkConformance.allCases)
        func conformance(check: SinkConformance) async throws {
            let path = Self.path()
            defer { Self.remove(path) }
            let fixture = fixture(path)
            // Creates the tables before the first check reads them.
            _ = try await fixture.makeSink().claim(0..<1, of: 1, log: .random())
            try await check.run(on: fixture)
        }

        /// After a dead letter, the position moves past it with a batch of no records. A function that takes the first record
        /// of each batch trapped then, at every start.
        @Test func theFunctionGetsNoBatchWithoutRecords() async throws {
            let path = Self.path()
            let directory = TemporaryDirectory()
            defer { Self.remove(path) }
            let log = try await WriteAheadLog.open(at: directory.path)
            for name in ["a", "poison", "b"] { try await log.append(name) }
            let sink = try await SQLiteSink(
                path: path, tables: "CREATE TABLE IF NOT EXISTS t (a TEXT NOT NULL CHECK (a <> 'poison'))"
            ) { transaction, batch in
                struct NoRecords: Error {}
                guard !batch.records.isEmpty else { throw NoRecords() }
                try transaction.executeMany(
                    "INSERT INTO t VALUES (?)",
                    batch.records.map { [.text(String(decoding: $0.payload, as: UTF8.self))] })
            }
            let flusher = Flusher(log: log, sink: sink) { _ in 0 }
            let delivery = Task { try await flusher.run() }
            try await flusher.drain()
            #expect(flusher.statistics.deadLetters == 1 && flusher.statistics.deadLettersInSink == 0)
            var reader = try DeadLetterReader(logDirectory: log.directory)
            let letter = try #require(try reader.next())
            #expect(letter.sequence == 2)
            // The record of the letter is one of the table's, once it is mended.
            var mended = letter
            mended.payload = Array("c".utf8)
            #expect(try await log.redrive([mended]) == 1)
            try await flusher.drain()
            delivery.cancel()
            _ = await delivery.result
            try await log.close()
            let connection = try Connection(path: path, access: .readWrite, busyTimeout: .seconds(5))
            let rows = try Statement("SELECT group_concat(a) FROM t", named: "rows", on: connection)
            #expect(try rows.first { (row) throws(StoreError) in row.text() } == "a,b,c")
        }

        private func batch(_ payload: String, _ lanes: [SinkLane], of log: LogID) -> SinkBatch {
            let record = SinkRecord(sequence: 1, time: .now, payload: Array(payload.utf8)[...])
            return SinkBatch(log: log, laneCount: 1, lanes: lanes, position: 1, records: [record])
        }

        private func failure(_ body: @escaping SQLiteSink.Body) async throws -> (SinkFailure, StoreError, rows: Int) {
            let path = Self.path()
            defer { Self.remove(path) }
            let sink = try await SQLiteSink(path: path, tables: "CREATE TABLE IF NOT EXISTS t (a INTEGER)", body: body)
            let (failure, error) = try await TestSupport.failure(of: sink)
            let connection = try Connection(path: path, access: .readWrite, busyTimeout: .seconds(5))
            let rows = try Statement("SELECT count(*) FROM t", named: "count", on: connection)
            return (failure, error, Int(try rows.first { (row) throws(StoreError) in row.number() } ?? -1))
        }

        /// Applies a batch with a function that succeeds.
        private func apply(_ body: @escaping @Sendable (SinkTransaction) throws -> Void) async throws {
            let path = Self.path()
            defer { Self.remove(path) }
            let sink = try await SQLiteSink(path: path, tables: "CREATE TABLE IF NOT EXISTS t (a INTEGER)") {
                transaction, _ in try body(transaction)
            }
            try await applyOne(sink)
            await sink.close()
        }

        @Test func anErrorOfTheFunctionBlamesARecordAndWritesNothing() async throws {
            struct Undecodable: Error {}
            let (failure, error, rows) = try await failure { transaction, _ in
                try transaction.execute("INSERT INTO t VALUES (1)")
                throw Undecodable()
            }
            #expect(failure.kind == .record && error.description.contains("Undecodable") && rows == 0)
        }

        /// If the function could COMMIT, the rows before it would stay without the rest of the batch, and without the position.
        @Test(arguments: [
            "COMMIT", "END", "  commit; ", "ROLLBACK", "/* end */ ROLLBACK", "BEGIN", "SAVEPOINT a", "RELEASE a",
            "ROLLBACK TO a",
        ])
        func theTransactionIsTheSinks(sql: String) async throws {
            struct Other: Error {}
            let (failure, error, rows) = try await failure { transaction, _ in
                try transaction.execute("INSERT INTO t VALUES (1)")
                // A function must not hide the error, neither by catching it nor by throwing another one.
                _ = try? transaction.execute(sql)
                _ = try? transaction.execute("BEGIN")
                throw Other()
            }
            #expect(failure == .fatal && error.code == .invalidArgument && rows == 0)
            #expect(error.description.contains("leave COMMIT") && error.statement == sql)
        }

        /// A second statement would be ignored without an error.
        @Test(arguments: ["INSERT INTO t VALUES (2)", "none", "COMMIT"])
        func aSecondStatementIsRefused(second: String) async throws {
            let sql = "INSERT INTO t VALUES (1); \(second)"
            let (failure, error, rows) = try await failure { transaction, _ in try transaction.execute(sql) }
            #expect(failure == .fatal && error.code == .invalidArgument && rows == 0)
            #expect(error.description.contains("second statement") && error.statement == sql)
        }

        @Test(arguments: ["", " -- nothing", ";", "NUL"])
        func aTextWithoutAStatementIsRefused(sql: String) async throws {
            let (failure, error, _) = try await failure { transaction, _ in
                // SQLite would use the text up to the NUL.
                try transaction.execute(sql == "NUL" ? "SELECT 1\0; SELECT 2" : sql)
            }
            #expect(failure == .fatal && error.code == .invalidArgument)
        }

        @Test func aRefusedRowThatTheFunctionCatchesFailsTheBatch() async throws {
            let (failure, error, rows) = try await failure { transaction, _ in
                try transaction.execute("CREATE UNIQUE INDEX one ON t (a)")
                try transaction.execute("INSERT INTO t VALUES (1)")
                _ = try? transaction.execute("INSERT OR ROLLBACK INTO t VALUES (1)")
                _ = try? transaction.execute("INSERT INTO t VALUES (2)")
            }
            #expect(failure.kind == .record && error.code == .rowRefused && rows == 0)
        }

        /// A statement without a count must not return the count of the previous one.
        @Test func countsAreThoseOfTheStatement() async throws {
            let counts = Monitor<[Int]>([])
            try await apply { transaction in
                for sql in [
                    "INSERT INTO t VALUES (1), (2); -- two", "SELECT * FROM t", "CREATE TABLE u (a)",
                    "UPDATE t SET a = 3", "PRAGMA user_version", "DELETE FROM t WHERE a = 9", "DROP TABLE u",
                    "DELETE FROM t",
                ] {
                    let count = try transaction.execute(sql)
                    counts.withLock { $0.append(count) }
                }
            }
            #expect(counts.withLock(\.self) == [2, 0, 0, 2, 0, 0, 0, 2])
        }

        /// Two sinks must not fence each other.
        @Test func twoSinksOfALogShareAFile() async throws {
            let path = Self.path()
            defer { Self.remove(path) }
            let log = LogID.random()
            let sinks = try await [
                SQLiteSink(path: path, name: "orders") { _, _ in }, SQLiteSink(path: path, name: "audit") { _, _ in },
            ]
            var lanes: [[SinkLane]] = []
            for sink in sinks { lanes.append(try await sink.claim(0..<1, of: 1, log: log)) }
            #expect(
                lanes == [[SinkLane(index: 0, epoch: 1, position: 0)], [SinkLane(index: 0, epoch: 1, position: 0)]])
            for (sink, lanes) in zip(sinks, lanes) { _ = try await sink.apply(batch("x", lanes, of: log)) }
            for sink in sinks {
                #expect(
                    try await sink.claim(0..<1, of: 1, log: log) == [SinkLane(index: 0, epoch: 2, position: 1)])
                await sink.close()
            }
        }

        @Test func positionsAreReadWithoutAClaim() async throws {
            let path = Self.path()
            defer { Self.remove(path) }
            try await examinePositions(
                of: SQLiteSink(path: path) { _, _ in }, apartFrom: SQLiteSink(path: path, name: "second") { _, _ in })
        }

        @Test func theNumberOfValuesIsChecked() async throws {
            let (failure, error, rows) = try await failure { transaction, _ in
                try transaction.execute("INSERT INTO t VALUES (?)", [1, 2])
            }
            #expect(failure == .fatal && error.code == .invalidArgument && rows == 0)
        }

        /// The pragma has no effect within a transaction, so rows could refer to missing rows of other tables.
        /// What is committed into a file without a name is gone with the connection. The log must keep it.
        @Test(arguments: [true, false]) func aFileThatIsMovedTakesNoBatch(isRemoved: Bool) async throws {
            let path = Self.path()
            defer {
                Self.remove(path)
                Self.remove(path + ".old")
            }
            let sink = try await SQLiteSink(path: path, tables: "CREATE TABLE IF NOT EXISTS t (a TEXT NOT NULL)") {
                transaction, batch in
                try transaction.executeMany(
                    "INSERT INTO t VALUES (?)",
                    batch.records.map { [.text(String(decoding: $0.payload, as: UTF8.self))] })
            }
            let directory = TemporaryDirectory()
            let log = try await WriteAheadLog.open(at: directory.path)
            var lanes = try await sink.claim(0..<1, of: 1, log: log.id)
            func apply(_ number: UInt64) async throws {
                let sequence = SequenceNumber(rawValue: number)
                lanes[0].position = SequenceNumber(rawValue: number - 1)
                let record = SinkRecord(sequence: sequence, time: .now, payload: Array("a".utf8)[...])
                _ = try await sink.apply(
                    SinkBatch(log: log.id, laneCount: 1, lanes: lanes, position: sequence, records: [record]))
            }
            try await apply(1)
            if isRemoved {
                Self.remove(path)
            } else {
                try FileManager.default.moveItem(atPath: path, toPath: path + ".old")
            }
            let error = await #expect(throws: StoreError.self) { try await apply(2) }
            #expect(error?.code == .moved)
            await sink.close()
            try await log.close()
        }

        /// SQLite has one number for a missing table and for a value that a function refuses.
        @Test func aValueThatAFunctionRefusesIsSetAside() async throws {
            let path = Self.path()
            let directory = TemporaryDirectory()
            defer { Self.remove(path) }
            let log = try await WriteAheadLog.open(at: directory.path)
            for text in [#"{"x":1}"#, "{", #"{"x":2}"#] { try await log.append(text) }
            let sink = try await SQLiteSink(path: path, tables: "CREATE TABLE IF NOT EXISTS t (a)") {
                transaction, batch in
                try transaction.executeMany(
                    "INSERT INTO t VALUES (json_extract(?, '$.x'))",
                    batch.records.map { [.text(String(decoding: $0.payload, as: UTF8.self))] })
            }
            let flusher = Flusher(log: log, sink: sink) { _ in 0 }
            let delivery = Task { try await flusher.run() }
            try await flusher.drain()
            #expect(flusher.statistics.deadLetters == 1)
            var reader = try DeadLetterReader(logDirectory: log.directory)
            #expect(try reader.next()?.sequence == 2)
            delivery.cancel()
            _ = await delivery.result
            await sink.close()
            try await log.close()
        }

        /// SQLite commits files one after another. After a crash in between, the position counts rows that no file has.
        @Test(arguments: [true, false]) func anAttachedFileIsRefused(inSetup: Bool) async throws {
            let path = Self.path()
            defer { for path in [path, path + ".other"] { Self.remove(path) } }
            let sql = "ATTACH '\(path).other' AS o"
            let (setup, tables) = inSetup ? (sql, "") : ("", sql)
            let sink = try await SQLiteSink(path: path, setup: setup, tables: tables) { _, _ in }
            // The next call opens the file again.
            for _ in 0..<2 {
                let error = await #expect(throws: StoreError.self) {
                    try await sink.claim(0..<1, of: 1, log: .random())
                }
                #expect(error?.code == .invalidArgument && error?.message.contains("attaches") == true)
            }
            await sink.close()
        }

        @Test func theFunctionCannotAttachAFile() async throws {
            let sql = "/* o */ ATTACH ':memory:' AS o"
            let (failure, error, rows) = try await failure { transaction, _ in
                try transaction.execute("INSERT INTO t VALUES (1)")
                _ = try? transaction.execute(sql)
            }
            #expect(failure == .fatal && error.code == .invalidArgument && error.statement == sql && rows == 0)
            #expect(error.message.contains("attaches"))
        }

        @Test func setupRunsBeforeTheTransactions() async throws {
            let path = Self.path()
            defer { Self.remove(path) }
            let sink = try await SQLiteSink(
                path: path, setup: "PRAGMA foreign_keys = ON",
                tables: """
                    CREATE TABLE IF NOT EXISTS parents (id INTEGER PRIMARY KEY);
                    CREATE TABLE IF NOT EXISTS children (parent INTEGER NOT NULL REFERENCES parents (id));
                    """
            ) { transaction, _ in try transaction.execute("INSERT INTO children VALUES (1)") }
            let (failure, error) = try await TestSupport.failure(of: sink)
            #expect(failure.kind == .record && error.code == .rowRefused)
        }

        /// SQLite would store the nearest number.
        @Test func numbersBeyondTheirTypeBlameTheRecord() async throws {
            #expect(try SQLValue(UInt64(7)) == 7 && SQLValue(Int?.none) == .null && SQLValue(UInt64?.none) == .null)
            let (failure, error, rows) = try await failure { transaction, _ in
                try transaction.execute("INSERT INTO t VALUES (?)", [SQLValue(UInt64.max)])
            }
            #expect(failure.kind == .record && error.description.contains("18446744073709551615") && rows == 0)
        }

        /// SQLite would store NULL.
        @Test func notANumberIsRefused() async throws {
            let (failure, _, rows) = try await failure { transaction, _ in
                try transaction.execute("INSERT INTO t VALUES (?)", [.real(.nan)])
            }
            #expect(failure.kind == .record && rows == 0)
        }

        @Test func aTransactionThatIsOverIsRefused() async throws {
            let (failure, error, _) = try await failure { transaction, batch in
                nonisolated(unsafe) let kept = transaction
                Self.kept.withLock { $0 = { try kept.execute("INSERT INTO t VALUES (1)") } }
                try transaction.execute("INSERT INTO none VALUES (1)")
            }
            #expect(failure == .transient && error.code == .schemaMismatch)
            let late = #expect(throws: StoreError.self) { try Self.kept.withLock { _ = try $0?() } }
            #expect(late?.code == .closed)
        }

        private static let kept = Monitor<(@Sendable () throws -> Int)?>(nil)

        @Test(arguments: ["", String(repeating: "x", count: 201), "NUL"])
        func anotherNameIsRefused(name: String) async {
            let error = await #expect(throws: StoreError.self) {
                _ = try await SQLiteSink(path: "none.db", name: name == "NUL" ? "\0" : name) { _, _ in }
            }
            #expect(error?.code == .invalidArgument)
        }

        @Test func valuesComeBackAsTheyWere() async throws {
            let path = Self.path()
            defer { Self.remove(path) }
            let found = Monitor<[[SQLValue]]>([])
            let values: [SQLValue] = [
                nil, .integer(.min), 1.5, "text \u{1F600}", .blob([0, 255]), .blob([]), .text(""), "a\0b",
            ]
            let sink = try await SQLiteSink(path: path, tables: "CREATE TABLE IF NOT EXISTS v (a)") { transaction, _ in
                try transaction.executeMany("INSERT INTO v VALUES (?)", values.map { [$0] })
                let rows = try transaction.query("SELECT a FROM v ORDER BY rowid")
                found.withLock { $0 = rows }
            }
            try await applyOne(sink)
            #expect(found.withLock(\.self) == values.map { [$0] })
            await sink.close()
        }
    }
#endif
