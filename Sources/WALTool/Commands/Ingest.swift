import ArgumentParser
import Dispatch
import WAL
import WALDelivery
import WALTasks

struct Ingest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ingests task events into a log, and delivers them into a store.",
        discussion: """
            Reads newline-delimited JSON. Each line is one of these, or removes a DAG or old rows:
              {"type":"task_update","task":{"id":"t1","dag_id":"d","node_id":"n","status":"running","created_at":"…",…}}
              {"type":"activity_log","activity":{"id":"a1","task_id":"t1","dag_id":"d","node_id":"n","action":"…",…}}
              {"type":"status_update","task_id":"t1","status":"failed","error":"…"}
              {"type":"task_delete","task_id":"t1"}

            Each append stores the position in the input together with the records. If the process is killed, run it again
            with the same input: it continues after the last line in the log, and ingests every line exactly once. The input
            may have grown. An incomplete last line of a file is left for the next run; from a pipe it is bad input (exit
            code 65). A byte order mark is skipped.

            The log keeps a bookmark for each input, and has room for about 140 of them. `wal cursors --remove source/NAME`
            removes that of an input that doesn't come again.

            The output of `wal dump --json` is valid input, except for its gaps: a gap is a bad line with its own message.

            While the store is unavailable, lines go into the log, and standard error reports the outage. They reach the
            store once it is available.

            With --sink, the same log also goes into a replicated stream, every record exactly once. Both get the lines
            independently of each other.

            SIGINT and SIGTERM stop reading. The store then gets up to --drain-timeout to take the lines read; the next run
            delivers the rest. The exit code is 0. A second signal ends the process at once, without loss: the next run
            continues from the log.

            A bad line without --on-bad-line skip is exit code 65. If another flusher claims this log's lanes in the store or
            the sink, this one stops with exit code 75.

            Example: gunzip -c events.ndjson.gz | wal ingest --log events.wal --store sqlite:events.db -
            """)

    @Option(help: "The log's directory; created if it doesn't exist.", completion: .directory) var log: String
    @Option(help: "The store for the tasks: \(StoreArgument.forms).") var store: StoreArgument
    @Option(help: "A stream that gets the log, too: \(SinkArgument.forms).") var sink: SinkArgument?
    @Option(help: "When records become durable: always, interval:5ms, bytes:1MiB or manual.")
    var sync = SyncPolicyArgument.standard
    @Option(
        help: "The number of records in a transaction of the store (default: adapts to 50 to 100 ms).")
    var batchSize: Int?
    @Option(help: "The number of batches applied at the same time, if the store supports it.") var workers = 2
    @OptionGroup var limits: LimitOptions
    @Option(help: "For a bad line: stop with exit code 65, or skip it and keep it in a file next to the log.")
    var onBadLine = LineIngester.BadLinePolicy.stop
    @Option(help: "The input's name in the log (default: a digest of its first line).") var source: String?
    @Option(help: "After a signal, the seconds that the store gets to take the lines read.") var drainTimeout = 30.0
    @Flag(help: "Print the summary as JSON.") var json = false
    @Argument(help: "The file to read; - is standard input.", completion: .file()) var file = "-"

    func validate() throws {
        guard batchSize ?? 1 >= 1 else { throw ValidationError("--batch-size must be at least 1.") }
        guard workers >= 1 else { throw ValidationError("--workers must be at least 1.") }
        guard (0...1e6).contains(drainTimeout) else {
            throw ValidationError("--drain-timeout must be 0 to 1000000 seconds.")
        }
        if let source, source.isEmpty || source.utf8.count > 200 {
            throw ValidationError("--source must have 1 to 200 bytes.")
        }
    }

    func run() async throws {
        let input = try InputFile(argument: file)
        let stop = try StopSignal()
        stop.catchSignals()
        defer { stop.releaseSignals() }
        let reader = LineReader(descriptor: input.descriptor, stop: stop, skipsByteOrderMark: true)
        // An unusable file is rejected before the log and the store are created. A pipe isn't checked here, because the
        // check would wait for input.
        if input.isFile { try LineIngester.refuseOtherForms(of: reader, input.name) }

        var configuration = WriteAheadLog.Configuration()
        configuration.syncPolicy = sync.policy
        limits.apply(to: &configuration)
        // The store would also get the records that the log already has.
        if let known = try? ReadOnlyLog(at: self.log) { try TaskRecords.requireSome(in: known, from: 1) }
        let additional = try sink.map { AdditionalSink(try $0.open()) }
        let opened = try await store.open(workers: workers)
        let log = try await WriteAheadLog.open(at: log, configuration: configuration, logger: StandardErrorLog.logger)
        Self.warnIfAway(opened)
        for finding in log.recovery.findings { StandardError.write("Recovered: \(finding.text)\n") }
        let summary = try await ingest(reader, from: input, into: log, opened, additional, stop)
        try await log.close()
        // A store that hangs must not delay the end of the process.
        _ = await returns(within: .seconds(2)) { _ = try? await opened.close() }

        StandardError.write(summary.badLinesText)
        try StandardOutput.print(json ? summary.json.description : summary.text)
    }

    private func ingest(
        _ reader: sending LineReader, from input: InputFile, into log: WriteAheadLog, _ store: some TaskStore,
        _ additional: AdditionalSink?, _ stop: StopSignal
    ) async throws -> IngestSummary {
        let clock = ContinuousClock()
        let start = clock.now
        let settings = LineIngester.Settings(
            inputName: input.name, canGrow: input.isFile, badLines: onBadLine, source: source)
        let progress = IngestProgress()
        let flusher = makeFlusher(log, TaskSink(store: store))
        let further = additional.map {
            $0.flusher(of: log, drainTimeout: .seconds(drainTimeout), logger: StandardErrorLog.logger)
        }
        let flushers: [any AnyFlusher] = [flusher] + (further.map { [$0] } ?? [])
        let flushing = flushers.map { flusher in
            Task {
                defer { stop.request() }
                try await flusher.run()
            }
        }
        // The store may refuse this log, if the log is a copy and the original has newer records. Nothing is appended
        // before the store's answer is known. An unavailable store doesn't delay this.
        for (flusher, running) in zip(flushers, flushing) {
            do { try await flusher.waitUntilAsked() } catch {
                for other in flushing { other.cancel() }
                try await running.value
            }
        }
        let showing = Task { await progress.show { flusher.appliedSequence.rawValue } }
        var outcome = await Self.onOwnThread {
            LineIngester(log: log, reader: reader, stop: stop, settings: settings, progress: progress).outcome()
        }
        let readSeconds = start.duration(to: clock.now) / .seconds(1)
        let lag = log.lastSequence.rawValue - flusher.appliedSequence.rawValue
        let names = [store.name] + (additional.map { [$0.sink.name] } ?? [])
        do {
            try await withThrowingTaskGroup { [limit = Duration.seconds(drainTimeout)] group in
                for (flusher, name) in zip(flushers, names) {
                    group.addTask {
                        try await BoundedDrain(log: log, name: name, stop: stop, limit: limit).run(flusher)
                    }
                }
                try await group.waitForAll()
            }
        } catch {
            outcome.failure = outcome.failure ?? error
        }
        showing.cancel()
        for running in flushing { running.cancel() }
        // The flusher's own error explains more than the errors that follow from it.
        for running in flushing {
            if case .failure(let error) = await running.result, !(error is CancellationError) { throw error }
        }
        await showing.value
        if let failure = outcome.failure { throw failure }
        let remaining = zip(flushers, names).map { flusher, name in
            let count = log.lastSequence.rawValue - min(flusher.appliedSequence, log.lastSequence).rawValue
            if count > 0 {
                StandardError.write("\(count) records weren't delivered to \(name). The next run delivers them.\n")
            }
            return count
        }
        return IngestSummary(
            outcome: outcome, statistics: flusher.statistics, lag: lag, remaining: remaining[0],
            remainingInSink: remaining.dropFirst().first, readSeconds: readSeconds,
            totalSeconds: start.duration(to: clock.now) / .seconds(1), stoppedBy: stop.signalName,
            inputName: settings.inputName)
    }

    private static func warnIfAway(_ store: some TaskStore) {
        Task {
            do {
                try await store.ping()
            } catch {
                // Any other error ends the flusher, which reports it.
                guard case .transient = store.classify(error) else { return }
                StandardError.write(
                    "\(store.name) is unavailable: \(error). The log keeps the records until the store is available.\n")
            }
        }
    }

    private func makeFlusher<Store>(_ log: WriteAheadLog, _ sink: TaskSink<Store>) -> Flusher<TaskSink<Store>> {
        var configuration = Flusher<TaskSink<Store>>.Configuration()
        configuration.workerCount = workers
        if let batchSize {
            configuration.batchSize = batchSize
            configuration.maxBatchSize = batchSize
        }
        return Flusher(
            log: log, sink: sink, configuration: configuration, logger: StandardErrorLog.logger,
            key: TaskCodec.key(of:))
    }

    /// Runs `body` on its own thread. It reads and blocks, so it must not run on a thread of the cooperative pool.
    private static func onOwnThread<Result: Sendable>(_ body: sending @escaping () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            let work = DispatchWorkItem { continuation.resume(returning: body()) }
            DispatchQueue(label: "wal.ingest").async(execute: work)
        }
    }
}

extension LineIngester.BadLinePolicy: ExpressibleByArgument {}
