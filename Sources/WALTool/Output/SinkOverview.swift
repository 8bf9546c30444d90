import WAL
import WALDelivery
import WALLogging
import WALTasks

/// The output of `sinks`.
struct SinkOverview {
    private struct Sink {
        var name: String
        var position: SequenceNumber
        var lag: LogLag
        /// The number of records that the flusher kept as dead letters beside the log.
        var besideLog: Int
        /// The number of operations that the store of this name keeps as dead letters; nil if the store wasn't read.
        var inStore: Int?

        var deadLetters: Int { besideLog + (inStore ?? 0) }
    }

    private struct Store {
        var name: String
        var checkpoints: [SinkCheckpoint]
        /// The number of operations that the store keeps as dead letters.
        var deadLetters: Int
    }

    private static let cursorPrefix = "sink/"

    private var sinks: [Sink] = []
    private var stores: [Store] = []
    private var streams: [StreamOverview] = []
    /// Damage among the dead letters beside the log, and other facts about the stores that were read.
    private var notes: [String] = []
    /// The records that the log owes to sinks because their delivery was refused.
    let owed: [OwedRecords]

    init(_ log: ReadOnlyLog) throws(WALError) {
        owed = try log.owedRecords
        var letters: [String: Int] = [:]
        var kept = try ReadableLetters(logDirectory: log.directory)
        while let letter = try kept.next() { letters[letter.sink, default: 0] += 1 }
        notes = kept.damages.map(ReadableLetters.text)
        for (cursor, position) in try log.cursors.sorted(by: { $0.key < $1.key })
        where cursor.hasPrefix(Self.cursorPrefix) {
            let name = String(cursor.dropFirst(Self.cursorPrefix.count))
            let lag = try log.lag(after: position)
            sinks.append(Sink(name: name, position: position, lag: lag, besideLog: letters[name] ?? 0))
        }
    }

    /// Adds the positions and the dead letters of a store.
    mutating func add(_ store: any StoreInspector, of log: LogID) async throws {
        let count = try await store.deadLetterCount(log: log)
        for index in sinks.indices where sinks[index].name == store.name {
            sinks[index].inStore = (sinks[index].inStore ?? 0) + count
        }
        stores.append(Store(name: store.name, checkpoints: try await store.checkpoints(log: log), deadLetters: count))
    }

    /// Adds a database that has no tables for tasks. So a sink of its name has no dead letters there.
    mutating func add(_ error: StoreError) {
        for index in sinks.indices where sinks[index].name == error.server.rawValue { sinks[index].inStore = 0 }
        notes.append(error.message)
    }

    /// Adds the state of a stream. The stream itself keeps no dead letters.
    mutating func add(_ stream: StreamOverview) {
        for index in sinks.indices where sinks[index].name == stream.sink { sinks[index].inStore = 0 }
        streams.append(stream)
    }

    var json: JSON {
        let owed = JSON.objects(owed) { owed in
            [
                ("sink", .string(owed.sink)), ("first", JSON(owed.sequences.lowerBound.rawValue)),
                ("last", JSON(owed.sequences.upperBound.rawValue)),
            ]
        }
        let sinks = JSON.objects(sinks) { sink in
            [
                ("name", .string(sink.name)), ("position", JSON(sink.position.rawValue)),
                ("lag_records", JSON(sink.lag.records)), ("lag_bytes", JSON(sink.lag.bytes)),
                ("oldest", JSON(sink.lag.oldest?.description)), ("dead_letters", JSON(sink.deadLetters)),
                ("store_asked", .bool(sink.inStore != nil)),
            ]
        }
        let stores = JSON.objects(stores) { store in
            [
                ("name", .string(store.name)), ("dead_letters", JSON(store.deadLetters)),
                ("lanes", JSON.objects(store.checkpoints, Self.members)),
            ]
        }
        return .object([
            ("owed", owed), ("sinks", sinks), ("stores", stores), ("streams", .array(streams.map(\.json))),
            ("notes", .array(notes.map(JSON.string))),
        ])
    }

    private static func members(of checkpoint: SinkCheckpoint) -> [(String, JSON)] {
        [
            ("lane", JSON(checkpoint.lane.index)), ("epoch", JSON(checkpoint.lane.epoch)),
            ("position", JSON(checkpoint.lane.position.rawValue)), ("owner", JSON(checkpoint.owner)),
            ("claimed_at", .string(checkpoint.claimedAt.description)),
            ("flushed_at", JSON(checkpoint.flushedAt?.description)),
        ]
    }

    var text: String {
        if sinks.isEmpty, stores.isEmpty, streams.isEmpty, owed.isEmpty, notes.isEmpty { return "no sinks" }
        var parts: [String] = []
        if !sinks.isEmpty {
            let rows = sinks.map { sink in
                [
                    sink.name, "\(sink.position.rawValue)", "\(sink.lag.records)", Table.bytes(sink.lag.bytes),
                    "\(sink.deadLetters)\(sink.inStore == nil ? "+" : "")", sink.lag.oldest?.description ?? "",
                ]
            }
            parts.append(
                Table.columns(
                    ["sink", "position", "lag", "bytes", "dead letters", "oldest missing record"],
                    right: [1, 2, 3, 4], rows))
            if sinks.contains(where: { $0.inStore == nil }) {
                parts.append("+ dead letters in a task store aren't counted: give --store or --sink to count them")
            }
        }
        for store in stores {
            let rows = store.checkpoints.map { checkpoint in
                [
                    "\(checkpoint.lane.index)", "\(checkpoint.lane.epoch)", "\(checkpoint.lane.position.rawValue)",
                    checkpoint.flushedAt?.description ?? "never", checkpoint.owner ?? "",
                ]
            }
            parts.append(
                "store \(store.name): \(store.deadLetters) dead letters\n"
                    + Table.columns(["lane", "epoch", "position", "flushed", "claimed by"], right: [0, 1, 2], rows))
        }
        parts += notes + streams.map(\.text)
        for owed in owed {
            let sink = LineText.escaped(owed.sink)
            parts.append(
                "owed to \(sink): records \(owed.sequences.lowerBound) to \(owed.sequences.upperBound), which it counts as "
                    + "applied and may not have got. Replay them into a task store (wal replay DIR --owed --into STORE), "
                    + "append and settle them in the program with a sink of its own, or give them up "
                    + "(wal sinks DIR --give-up-owed \(sink)).")
        }
        return parts.joined(separator: "\n\n")
    }
}
