#if SQLite
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks
    import WALTesting

    @testable import WALSQLite

    /// Tables of the user's own, which a function writes.
    @Suite struct SQLiteSinkTests {
        struct Fixture: SinkFixture {
            let path: String

            static let tables = """
                CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL);
                CREATE TABLE IF NOT EXISTS events (id TEXT NOT NULL, CHECK (id <> 'poison'));
                """

            func makeSink() async throws -> SQLiteSink {
                try await SQLiteSink(path: path, tables: Self.tables, busyTimeout: .seconds(5)) { transaction, batch in
                    for record in batch.records {
                        let words = String(decoding: record.payload, as: UTF8.self).split(separator: " ").map(
                            String.init)
                        switch words[0] {
                        case "set":
                            try transaction.execute(
                                "INSERT INTO entries VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                                [.text(words[1]), .text(words[2])])
                        case "delete": try transaction.execute("DELETE FROM entries WHERE key = ?", [.text(words[1])])
                        case "event": try transaction.execute("INSERT INTO events VALUES (?)", [.text(words[2])])
                        default: try transaction.execute("INSERT INTO events VALUES ('poison')")
                        }
                    }
                }
            }

            func payload(for change: SinkChange) throws -> [UInt8]? {
                switch change {
                case .set(let key, let value): Array("set \(key) \(value)".utf8)
                case .delete(let key): Array("delete \(key)".utf8)
                case .event(let id, let key): Array("event \(key) \(id)".utf8)
                case .poison(let key): Array("poison \(key)".utf8)
                }
            }

            func key(of payload: RawSpan) -> UInt64? {
                var hash: UInt64 = 14_695_981_039_346_656_037
                var spaces = 0
                for index in 0..<payload.byteCount where spaces < 2 {
                    let byte = payload.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                    if byte == 32 { spaces += 1 }
                    if spaces == 1 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
                }
                return hash ^ hash >> 32
            }

            func contents() async throws -> SinkContents {
                let connection = try Connection(path: path, access: .readWrite, busyTimeout: .seconds(5))
                var contents = SinkContents()
                let entries = try Statement("SELECT key, value FROM entries", named: "entries", on: connection)
                for row in try entries.all({ (row) throws(StoreError) in (row.text(), row.text()) }) {
                    contents.values[row.0] = row.1
                }
                let events = try Statement(
                    "SELECT id, count(*) FROM events GROUP BY id", named: "events", on: connection)
                for row in try events.all({ (row) throws(StoreError) in (row.text(), Int(row.number())) }) {
                    contents.events[row.0] = row.1
                }
                return contents
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
            // The tables are there before the first check looks at them.
            _ = try await Fixture(path: path).makeSink().claim(0..<1, of: 1, log: .random())
            try await check.run(on: Fixture(path: path))
        }

        private func batch(_ payload: String, _ lanes: [SinkLane], of log: LogID) -> SinkBatch {
            let record = SinkRecord(sequence: 1, time: .now, payload: Array(payload.utf8)[...])
            return SinkBatch(log: log, laneCount: 1, lanes: lanes, position: 1, records: [record])
        }

        private func failure(_ body: @escaping SQLiteSink.Body) async throws -> (SinkFailure, StoreError, rows: Int) {
            let path = Self.path()
            defer { Self.remove(path) }
            let sink = try await SQLiteSink(path: path, tables: "CREATE TABLE IF NOT EXISTS t (a INTEGER)", body: body)
            let log = LogID.random()
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            let batch = batch("x", lanes, of: log)
            let error = await #expect(throws: StoreError.self) { _ = try await sink.apply(batch) }
            await sink.close()
            let connection = try Connection(path: path, access: .readWrite, busyTimeout: .seconds(5))
            let rows = try Statement("SELECT count(*) FROM t", named: "count", on: connection)
            let found = try #require(error)
            return (sink.classify(found), found, Int(try rows.first { (row) throws(StoreError) in row.number() } ?? -1))
        }

        @Test func anErrorOfTheFunctionBlamesARecordAndWritesNothing() async throws {
            struct Undecodable: Error {}
            let (failure, error, rows) = try await failure { transaction, _ in
                try transaction.execute("INSERT INTO t VALUES (1)")
                throw Undecodable()
            }
            #expect(failure.kind == .record && error.description.contains("Undecodable") && rows == 0)
        }

        @Test func aFunctionThatEndsTheTransactionIsFatal() async throws {
            let (failure, error, _) = try await failure { transaction, _ in
                try transaction.execute("COMMIT")
            }
            #expect(failure == .fatal && error.description.contains("leave COMMIT"))
        }

        @Test func theNumberOfValuesIsChecked() async throws {
            let (failure, error, rows) = try await failure { transaction, _ in
                try transaction.execute("INSERT INTO t VALUES (?)", [1, 2])
            }
            #expect(failure == .fatal && error.code == .invalidArgument && rows == 0)
        }

        @Test func valuesComeBackAsTheyWere() async throws {
            let path = Self.path()
            defer { Self.remove(path) }
            let found = Monitor<[[SQLValue]]>([])
            let values: [SQLValue] = [
                nil, .integer(.min), 1.5, "text \u{1F600}", .blob([0, 255]), .blob([]), .text(""),
            ]
            let sink = try await SQLiteSink(path: path, tables: "CREATE TABLE IF NOT EXISTS v (a)") { transaction, _ in
                try transaction.executeMany("INSERT INTO v VALUES (?)", values.map { [$0] })
                let rows = try transaction.query("SELECT a FROM v ORDER BY rowid")
                found.withLock { $0 = rows }
            }
            let log = LogID.random()
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            _ = try await sink.apply(batch("x", lanes, of: log))
            #expect(found.withLock(\.self) == values.map { [$0] })
            await sink.close()
        }
    }
#endif
