internal import Testing
internal import WAL
package import WALDelivery
package import WALTasks
package import WALTesting

/// A ``SinkFixture`` for sinks into a user's own tables: `entries` with a name and a value, and `events` with an id.
package struct TableFixture<Tested: Sink>: SinkFixture {
    private let open: @Sendable () async throws -> Tested
    private let reading: @Sendable () async throws -> SinkContents
    package var openingBehindProxy: (@Sendable () async throws -> (sink: Tested, proxy: CuttingProxy))?
    package var restarting: (@Sendable () async throws -> Void)?

    package init(
        opening open: @escaping @Sendable () async throws -> Tested,
        reading: @escaping @Sendable () async throws -> SinkContents
    ) {
        self.open = open
        self.reading = reading
    }

    package func makeSink() async throws -> Tested { try await open() }
    package func contents() async throws -> SinkContents { try await reading() }
    package func makeSinkBehindProxy() async throws -> (sink: Tested, proxy: CuttingProxy)? {
        try await openingBehindProxy?()
    }
    package func restartDestination() async throws -> Bool { try await restarting?() != nil }

    package func payload(for change: SinkChange) throws -> [UInt8]? {
        switch change {
        case .set(let key, let value): Array("set \(key) \(value)".utf8)
        case .delete(let key): Array("delete \(key)".utf8)
        case .event(let id, let key): Array("event \(key) \(id)".utf8)
        case .poison(let key): Array("poison \(key)".utf8)
        }
    }

    package func key(of payload: RawSpan) -> UInt64? {
        let bytes = (0..<payload.byteCount).map { payload.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
        return StableHash.of(String(decoding: bytes.split(separator: UInt8(ascii: " "))[1], as: UTF8.self))
    }
}

/// The statements by which a sink's function writes the records of a ``TableFixture``.
package struct TableStatements: Sendable {
    package var set: String
    package var delete = "DELETE FROM entries WHERE name = ?"
    package var event = "INSERT INTO events VALUES (?)"

    package init(set: String) {
        self.set = set
    }

    /// Writes a batch. Adjacent records with the same statement share one call.
    package func write(_ batch: SinkBatch, _ transaction: SinkTransaction) throws {
        var pending: (sql: String, rows: [[SQLValue]]) = ("", [])
        for record in batch.records {
            let words = record.payload.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            let (sql, row): (String, [SQLValue]) =
                switch words[0] {
                case "set": (set, [.text(words[1]), .text(words[2])])
                case "delete": (delete, [.text(words[1])])
                case "event": (event, [.text(words[2])])
                // A constraint of the table refuses this row.
                default: (event, ["poison"])
                }
            if sql != pending.sql {
                try transaction.executeMany(pending.sql, pending.rows)
                pending = (sql, [])
            }
            pending.rows.append(row)
        }
        try transaction.executeMany(pending.sql, pending.rows)
    }
}

extension SinkContents {
    package init(entries: [(String, String)], events: [(String, Int)]) {
        self.init()
        for (name, value) in entries { values[name] = value }
        for (id, count) in events { self.events[id] = count }
    }
}

/// Claims the only lane of a new log, and applies a batch of one record.
package func applyOne(_ sink: some Sink) async throws {
    let log = LogID.random()
    let lanes = try await sink.claim(0..<1, of: 1, log: log)
    let record = SinkRecord(sequence: 1, time: Timestamp(rawValue: 1_700_000_000_123_456), payload: [])
    _ = try await sink.apply(SinkBatch(log: log, laneCount: 1, lanes: lanes, position: 1, records: [record]))
}

/// Reads the positions of a sink without a claim, and closes it. Another sink of the same database has positions of its own.
package func examinePositions(of sink: some Sink, apartFrom other: (any Sink)? = nil) async throws {
    let log = LogID.random()
    #expect(try await sink.positions(of: 0..<4, log: log) == [])
    var lanes = try await sink.claim(0..<3, of: 4, log: log)
    _ = try await sink.apply(SinkBatch(log: log, laneCount: 4, lanes: [lanes[2]], position: 5, records: []))
    lanes[2].position = 5
    for _ in 0..<2 {
        let found = try #require(try await sink.positions(of: 1..<4, log: log))
        #expect(found.sorted { $0.index < $1.index } == Array(lanes[1...]))
    }
    if let other {
        #expect(try await other.positions(of: 0..<4, log: log) == [])
        await other.close()
    }
    await sink.close()
}

/// Applies a batch that must fail, closes the sink, and returns what the failure means for the flusher.
package func failure(of sink: some Sink) async throws -> (SinkFailure, StoreError) {
    let error = await #expect(throws: StoreError.self) { try await applyOne(sink) }
    await sink.close()
    let found = try #require(error)
    return (sink.classify(found), found)
}
