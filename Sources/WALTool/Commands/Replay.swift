import ArgumentParser
import WAL
import WALDelivery
import WALTasks

#if NATS
    import WALNATS
#endif

struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Applies the records of a log, or of its stream, to another store.",
        discussion: """
            The store keeps the replay's position in the transaction of the rows. If the process is killed, the next run
            continues from there. Each --from has its own position, separate from that of a service that delivers the log, so
            a replay doesn't disturb the service. Without --owed, the log isn't changed.

            With --owed, replays the records that refused deliveries owe the store, and settles them. Then the service can
            start again. No other process may have the log open meanwhile (exit code 74). A damaged log isn't changed
            (exit code 1).

            A store takes changes of tasks alone. If the log or the stream begins with other bytes, such as events of a
            journal, or if any owed record has them, nothing is written and the exit code is 65.

            SIGINT and SIGTERM end the replay after the batch that the store is taking, or after --drain-timeout, with exit
            code 0. The next run continues after that batch. A second signal ends the process at once, without loss.
            Standard error reports the signal, and outages of the store.

            Each gap in the sequence numbers is reported on standard error and skipped. If acknowledged records are missing,
            or may be, the exit code is 1, and the result of --json has them as `gaps`.

            With the address of a stream in --from, builds a store from what a sink of NATS JetStream has stored, up to the
            stream's last message. If the stream lacks records, the exit code is 1.

            Example: wal replay events.wal --into sqlite:copy.db
            Example: wal replay --from nats://n1,n2,n3/events --into sqlite:copy.db
            """)

    @Argument(help: "The log's directory; none with a stream.", completion: .directory) var directory: String?
    @Option(help: "The store to apply them to: \(StoreArgument.forms).") var into: StoreArgument
    @Option(help: "The first sequence number, or a stream: \(SinkArgument.forms).")
    var from = ReplaySource.sequence(1)
    @Option(help: "The last sequence number (default: the log's last).") var to: SequenceNumber?
    @Flag(help: "Replay the records owed to the store (see `wal sinks`), and settle them.") var owed = false
    @Option(help: "The number of records in a transaction of the store.") var batchSize = 2000
    @Option(help: "After a signal, the seconds that the store gets to finish its batch.") var drainTimeout = 30.0
    @Flag(help: "Print the result as JSON.") var json = false

    func validate() throws {
        if let to, let first = from.sequence, to < first { throw ValidationError("--to must not be below --from.") }
        if owed, to != nil || from.sequence != 1 {
            throw ValidationError("--owed replays its own ranges: leave out --from and --to.")
        }
        if owed, into == .memory {
            throw ValidationError(
                "memory: ends with this process, and settles nothing. Name the database that is owed.")
        }
        if from.sequence == nil, directory != nil {
            throw ValidationError("Give the directory of a log or the address of a stream, not both.")
        }
        if from.sequence != nil, directory == nil {
            throw ValidationError("Give the directory of a log, or the address of its stream in --from.")
        }
        guard batchSize >= 1 else { throw ValidationError("--batch-size must be at least 1.") }
        guard (0...1e6).contains(drainTimeout) else {
            throw ValidationError("--drain-timeout must be 0 to 1000000 seconds.")
        }
    }

    func run() async throws {
        switch from {
        case .stream(let stream): try await replayStream(stream)
        case .sequence where owed: try await replayOwed(directory ?? "")
        case .sequence(let from): try await replayLog(directory ?? "", from: from)
        }
    }

    private func replayLog(_ directory: String, from: SequenceNumber) async throws {
        let log = try ReadOnlyLog(at: directory)
        let first = try log.firstSequence
        // An earlier run may have applied the removed records.
        let needed = try await from >= first ? from : firstNeeded(of: log.id, from: from)
        guard needed >= first else {
            throw ToolError(
                .damage,
                "Record \(needed.rawValue) was removed; the log's first record is \(first.rawValue). "
                    + "Give --from \(first.rawValue) to leave out the removed ones.")
        }
        try TaskRecords.requireSome(in: log, from: needed)
        try await perform { [to, batchSize] store, stop, progress in
            try await Self.replay(
                log, from: from, to: to, mark: from.rawValue, into: store, batchSize: batchSize, stop, progress)
        }
    }

    /// Returns the number of a replay's first record that the store lacks. Doesn't create the store.
    private func firstNeeded(of log: LogID, from: SequenceNumber) async throws -> SequenceNumber {
        if into == .memory { return from }
        let store: any StoreInspector
        do {
            store = try await into.inspect()
        } catch let error as StoreError where [.noSuchDatabase, .noTables, .noTaskTables].contains(error.code) {
            return from
        }
        let lanes = try await store.checkpoints(log: log.ofReplay(mark: from.rawValue))
        try await store.close()
        return lanes.first.map { max(from, $0.lane.position.next) } ?? from
    }

    private func replayStream(_ stream: SinkArgument) async throws {
        #if NATS
            do {
                let source = try await StreamReplay(stream.configuration())
                try await Self.requireTasks(in: source)
                try await perform { [to, batchSize] store, stop, progress in
                    try await Self.replay(source, to: to, into: store, batchSize: batchSize, stop, progress)
                } closing: {
                    await source.close()
                }
            } catch let error as JetStreamError {
                throw ToolError(error)
            }
        #else
            throw SinkArgument.missing
        #endif
    }

    #if NATS
        /// Throws if none of a stream's first records is a change of tasks or a record of a flow.
        private static func requireTasks(in source: StreamReplay) async throws {
            var source = source
            let records: [SinkRecord]
            do {
                records = try await source.next(after: .zero) ?? []
            } catch {
                // The stream no longer has its beginning. A store that was filled before may have a later position.
                guard error.code == .gap else { throw error }
                return
            }
            let errors = records.map { TaskRecords.error(in: Array($0.payload)) }
            guard let first = records.first, let error = errors.first ?? nil, errors.allSatisfy({ $0 != nil }) else {
                return
            }
            throw TaskRecords.refusal("Record \(first.sequence) of the stream", error)
        }

        private static func replay(
            _ source: StreamReplay, to last: SequenceNumber?, into store: some TaskStore, batchSize: Int,
            _ stop: ReplayStop, _ progress: ReplayProgress
        ) async throws {
            var source = source
            // The position is the same as for a replay of the log itself from its first record.
            var replayer = try await Replayer(
                sink: TaskSink(store: store), log: source.log, mark: 1, progress: progress)
            while let records = try await source.next(after: replayer.position) {
                let wanted = records.prefix { record in last.map { record.sequence <= $0 } ?? true }
                for start in stride(from: 0, to: wanted.count, by: batchSize) {
                    try await replayer.apply(Array(wanted[start..<min(start + batchSize, wanted.count)]))
                    if stop.signalName != nil { return }
                }
                if wanted.count < records.count { return }
            }
        }
    #endif

    private func replayOwed(_ directory: String) async throws {
        // The writer's lock comes first, so that no service delivers while the owed records are only partly replayed.
        let reading = try ReadOnlyLog(at: directory)
        for owed in try reading.owedRecords { try TaskRecords.requireAll(owed.sequences, of: reading) }
        // A damaged log isn't changed. `repair` repairs it, and reports the loss.
        var configuration = WriteAheadLog.Configuration()
        configuration.damagePolicy = .strict
        let log = try await WriteAheadLog.open(at: directory, configuration: configuration)
        try await perform { [batchSize] store, stop, progress in
            Self.report(log.owedRecords, to: store.name)
            for owed in log.owedRecords where owed.sink == store.name && stop.signalName == nil {
                try await Self.requireDebt(owed, to: store, of: reading)
                try await Self.replay(
                    reading, from: owed.sequences.lowerBound, to: owed.sequences.upperBound, mark: owed.token,
                    into: store, batchSize: batchSize, stop, progress)
                // A replay that a signal ended early settles nothing, because its records are still owed.
                if stop.signalName == nil { try log.settle(owed) }
            }
        } closing: {
            try await log.close()
        }
    }

    /// Reports that nothing is owed to a store, and the other sinks, to which records stay owed.
    private static func report(_ owed: [OwedRecords], to store: String) {
        let sinks = Set(owed.map(\.sink))
        if !sinks.contains(store) { StandardError.write("No records are owed to \(store).\n") }
        let others = sinks.subtracting([store]).sorted().joined(separator: ", ")
        if !others.isEmpty { StandardError.write("Records stay owed to others (wal sinks DIR): \(others).\n") }
    }

    /// Throws if a store doesn't count owed records as applied. Then they are owed to another store, which would never
    /// get them once they are settled.
    private static func requireDebt(
        _ owed: OwedRecords, to store: some TaskStore, of log: ReadOnlyLog
    ) async throws {
        // A store may not know its positions.
        guard let lanes = try await store.positions(of: 0..<Int(Int32.max), log: log.id),
            !lanes.contains(where: { $0.position >= owed.sequences.lowerBound })
        else { return }
        throw ToolError(
            .usage,
            """
            This \(store.name) doesn't count record \(owed.sequences.lowerBound) of \(log.directory) as applied, so it isn't the \
            store to which it is owed. Nothing was settled. Name the database into which the log is delivered. If that \
            one was restored from an older copy, it gets the records without a replay: `wal sinks \(log.directory) \
            --give-up-owed \(owed.sink)`.
            """)
    }

    /// Opens the store, and runs `body`, which a signal ends early. Then closes the store, calls `close` for the source
    /// of the records, and prints the result.
    private func perform(
        _ body: @escaping @Sendable (any TaskStore, ReplayStop, ReplayProgress) async throws -> Void,
        closing close: () async throws -> Void = {}
    ) async throws {
        let store = try await into.open()
        let stop = try ReplayStop(storeName: store.name, limit: .seconds(drainTimeout))
        defer { stop.end() }
        let progress = ReplayProgress()
        try await stop.run { try await body(store, stop, progress) }
        // A store that hangs must not delay the end of the process.
        _ = await returns(within: .seconds(2)) { _ = try? await store.close() }
        try await close()
        let (outcome, gaps) = (progress.outcome, progress.gaps)
        let losses = JSON.array(gaps.losses.map(\.json))
        let result = outcome.json.with([("gaps", losses), ("stopped_by", JSON(stop.signalName))])
        try StandardOutput.print(json ? result.description : outcome.text)
        try gaps.finish()
    }

    private static func replay(
        _ log: ReadOnlyLog, from: SequenceNumber, to last: SequenceNumber?, mark: UInt64, into store: some TaskStore,
        batchSize: Int, _ stop: ReplayStop, _ progress: ReplayProgress
    ) async throws {
        var replayer = try await Replayer(
            sink: TaskSink(store: store), log: log.id, mark: mark, progress: progress)
        // A replica that has lost its end gets the same records again.
        if try log.replicatedLog == nil {
            let end = try log.lastSequence
            try replayer.requirePosition(
                upTo: end, of: log.directory,
                remedy: "Give --from \(end.next) for the records after these, or another store for all records.")
        }
        let reader = log.reader(from: max(from, replayer.position.next))
        var records: [SinkRecord] = []
        while true {
            var entry = try reader.nextEntry()
            if let next = entry, let last, next.first > last { entry = nil }
            switch entry {
            case .record(let record):
                records.append(
                    SinkRecord(sequence: record.sequence, time: record.time, payload: record.payload[...]))
            case .gap(let gap): progress.met(gap)
            case nil: break
            }
            if records.count == batchSize || (entry == nil && !records.isEmpty) {
                try await replayer.apply(records)
                records.removeAll(keepingCapacity: true)
            }
            if entry == nil || stop.signalName != nil { return }
        }
    }
}

extension LogEntry {
    /// The record's sequence number, or the first sequence number of the gap.
    fileprivate var first: SequenceNumber {
        switch self {
        case .record(let record): record.sequence
        case .gap(let gap): gap.first
        }
    }
}
