import ArgumentParser
import WAL
import WALDelivery
import WALTasks

struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Feeds a log's records into another store.",
        discussion: """
            The store remembers how far the replay came, in the transaction of the rows: killed and run again, it goes on there.
            It keeps a position of its own for each --from, apart from that of a service that works on the log, and doesn't
            disturb one. Reads the log only.

            With --owed, replays what refused deliveries owe the store, and settles it, after which the service can be started
            again. The log must not be open for that.

            SIGINT and SIGTERM end it after the batch that the store is taking, or after --drain-timeout, with exit code 0. The
            next run continues after that batch. A second signal ends the process at once, and the next run makes that good.
            Standard error says which signal came, and when the store is away.

            Each gap in the sequence numbers is told on standard error and passed over. Where records that were acknowledged are
            missing, or may be, the exit code is 1, and the result of --json has them as `gaps`.

            Example: wal replay events.wal --into sqlite:copy.db
            """)

    @Argument(help: "The log's directory.") var directory: String
    @Option(help: "Where the tasks go: \(StoreArgument.forms).") var into: StoreArgument
    @Option(help: "The first sequence number.") var from: SequenceNumber = 1
    @Option(help: "The last sequence number; the log's last if there is none.") var to: SequenceNumber?
    @Flag(help: "Replay what refused deliveries owe the store (see `wal sinks`), and settle it.") var owed = false
    @Option(help: "How many records a transaction of the store takes.") var batchSize = 2000
    @Option(help: "How many seconds after a signal the store may take for the batch under way.") var drainTimeout = 30.0
    @Flag(help: "Print the result as JSON.") var json = false

    func validate() throws {
        if let to, to < from { throw ValidationError("--to must not be below --from.") }
        if owed, to != nil || from != 1 {
            throw ValidationError("--owed replays its own ranges: leave out --from and --to.")
        }
        guard batchSize >= 1 else { throw ValidationError("--batch-size must be at least 1.") }
        guard (0...1e6).contains(drainTimeout) else {
            throw ValidationError("--drain-timeout must be 0 to 1000000 seconds.")
        }
    }

    func run() async throws {
        if owed { return try await replayOwed() }
        let log = try ReadOnlyLog(at: directory)
        let first = try log.firstSequence
        guard from >= first else {
            throw ToolError(
                .damage,
                "Record \(from.rawValue) was removed; the first that is there is \(first.rawValue). "
                    + "Give --from \(first.rawValue) to do without the others.")
        }
        let store = try await into.open()
        let stop = try ReplayStop(storeName: store.name, limit: .seconds(drainTimeout))
        defer { stop.end() }
        let progress = ReplayProgress()
        try await stop.run { [from, to, batchSize] in
            try await Self.replay(
                log, from: from, to: to, mark: from.rawValue, into: store, batchSize: batchSize, stop, progress)
        }
        await Self.close(store)
        try finish(progress, stop)
    }

    private func replayOwed() async throws {
        // The writer's lock comes first: who delivers meanwhile must know nothing of a debt that is half settled.
        let reading = try ReadOnlyLog(at: directory)
        let log = try await WriteAheadLog.open(at: directory)
        let store = try await into.open()
        let stop = try ReplayStop(storeName: store.name, limit: .seconds(drainTimeout))
        defer { stop.end() }
        let progress = ReplayProgress()
        try await stop.run { [batchSize] in
            for owed in log.owedRecords where owed.sink == store.name && stop.signalName == nil {
                try await Self.replay(
                    reading, from: owed.sequences.lowerBound, to: owed.sequences.upperBound, mark: owed.token,
                    into: store, batchSize: batchSize, stop, progress)
                // What a signal has cut short is owed still.
                if stop.signalName == nil { try log.settle(owed) }
            }
        }
        await Self.close(store)
        try await log.close()
        try finish(progress, stop)
    }

    /// A store that hangs doesn't hold up the process, which ends anyway.
    private static func close(_ store: any TaskStore) async {
        _ = await returns(within: .seconds(2)) { _ = try? await store.close() }
    }

    private func finish(_ progress: ReplayProgress, _ stop: ReplayStop) throws {
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
    /// The number of the record, or the first one of the gap.
    fileprivate var first: SequenceNumber {
        switch self {
        case .record(let record): record.sequence
        case .gap(let gap): gap.first
        }
    }
}
