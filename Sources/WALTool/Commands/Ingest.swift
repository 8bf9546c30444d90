import ArgumentParser
import Dispatch
import WAL
import WALDelivery
import WALTasks

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

struct Ingest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Takes task events into a log, and through it into a store.",
        discussion: """
            Reads newline-delimited JSON, one of these a line:
              {"type":"task_update","task":{"id":"t1","dag_id":"d","node_id":"n","status":"running","created_at":"…",…}}
              {"type":"activity_log","activity":{"id":"a1","task_id":"t1","dag_id":"d","node_id":"n","action":"…",…}}
              {"type":"status_update","task_id":"t1","status":"failed","error":"…"}
              {"type":"task_delete","task_id":"t1"}

            The log remembers how far the input was read, in the same append as the records. Killed at any moment and run
            again with the same input, it goes on where the log ends: no line is lost, none is taken in twice. The input may
            have grown: a last line without an end that isn't whole yet is left for the next run. Where that can't come, as
            from a pipe, it is bad input (exit code 65). A byte order mark is passed over.

            What `wal dump --json` writes can be taken in, but for its gaps: a gap is a bad line, which says so.

            SIGINT and SIGTERM end the reading; what was read goes into the store within --drain-timeout, what remains is
            delivered by the next run, and the exit code is 0. A second signal ends the process at once, which the next run
            makes good. While the store is away, standard error says so.

            The store may be away: lines go into the log, and reach the store when it is there.

            Where another flusher takes over the lanes of this log in the store, this one stops with exit code 75.

            Example: gunzip -c events.ndjson.gz | wal ingest --log events.wal --store sqlite:events.db -
            """)

    @Option(help: "The log's directory; it is created if need be.") var log: String
    @Option(help: "Where the tasks go: \(StoreArgument.forms).") var store: StoreArgument
    @Option(help: "When records become durable: always, interval:5ms, bytes:1MiB or manual.")
    var sync = SyncPolicyArgument.standard
    @Option(
        help: "How many records a transaction of the store takes (default: as many as 50 to 100 ms are enough for).")
    var batchSize: Int?
    @Option(help: "How many batches are applied at the same time, if the store can.") var workers = 2
    @OptionGroup var limits: LimitOptions
    @Option(help: "What to do about a bad line: stop with exit code 65, or skip it and keep it beside the log.")
    var onBadLine = LineIngester.BadLinePolicy.stop
    @Option(help: "Names the input in the log; otherwise a digest of its first line does.") var source: String?
    @Option(help: "How many seconds after a signal the store may take for what was read.") var drainTimeout = 30.0
    @Flag(help: "Print the summary as JSON.") var json = false
    @Argument(help: "The file to read; - is standard input.") var file = "-"

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
        // What can't be taken in is refused before anything is made for it; a pipe would have to be waited for.
        if input.isFile { try LineIngester.refuseOtherForms(of: reader, input.name) }

        var configuration = WriteAheadLog.Configuration()
        configuration.syncPolicy = sync.policy
        limits.apply(to: &configuration)
        let opened = try await store.open(workers: workers)
        let log = try await WriteAheadLog.open(at: log, configuration: configuration, logger: StandardErrorLog.logger)
        Self.warnIfAway(opened)
        for finding in log.recovery.findings { StandardError.write("Recovered: \(finding.text)\n") }
        let summary = try await ingest(reader, from: input, into: log, opened, stop)
        try await log.close()
        // A store that hangs doesn't hold up the process, which ends anyway.
        _ = await returns(within: .seconds(2)) { _ = try? await opened.close() }

        StandardError.write(summary.badLinesText)
        try StandardOutput.print(json ? summary.json.description : summary.text)
    }

    private func ingest(
        _ reader: sending LineReader, from input: InputFile, into log: WriteAheadLog, _ store: some TaskStore,
        _ stop: StopSignal
    ) async throws -> IngestSummary {
        let clock = ContinuousClock()
        let start = clock.now
        let settings = LineIngester.Settings(
            inputName: input.name, canGrow: input.isFile, badLines: onBadLine, source: source)
        let progress = IngestProgress()
        let flusher = makeFlusher(log, TaskSink(store: store))
        let flushing = Task {
            defer { stop.request() }
            try await flusher.run()
        }
        // A copy of a log that has gone on elsewhere must take nothing in before the store has said so. One that is away doesn't.
        do { try await flusher.waitUntilAsked() } catch { try await flushing.value }
        let showing = Task { await progress.show { flusher.appliedSequence.rawValue } }
        var outcome = await Self.onOwnThread {
            LineIngester(log: log, reader: reader, stop: stop, settings: settings, progress: progress).outcome()
        }
        let readSeconds = start.duration(to: clock.now) / .seconds(1)
        let lag = log.lastSequence.rawValue - flusher.appliedSequence.rawValue
        let drain = BoundedDrain(log: log, storeName: store.name, stop: stop, limit: .seconds(drainTimeout))
        do { _ = try await drain.run(flusher) } catch { outcome.failure = outcome.failure ?? error }
        showing.cancel()
        flushing.cancel()
        // The flusher's own reason for ending is better than what followed from it.
        if case .failure(let error) = await flushing.result, !(error is CancellationError) { throw error }
        await showing.value
        if let failure = outcome.failure { throw failure }
        let statistics = flusher.statistics
        let remaining = log.lastSequence.rawValue - min(statistics.appliedSequence, log.lastSequence).rawValue
        if remaining > 0 {
            StandardError.write(
                "\(remaining) records weren't delivered to \(store.name); the next run delivers them.\n")
        }
        return IngestSummary(
            counts: outcome.counts, coalesced: statistics.coalesced, rowsWritten: statistics.rowsWritten,
            deadLetters: statistics.deadLetters, lag: lag, remaining: remaining, readSeconds: readSeconds,
            totalSeconds: start.duration(to: clock.now) / .seconds(1), stoppedBy: stop.signalName,
            badLines: outcome.shown, badLinesPath: outcome.badLinesPath, inputName: settings.inputName,
            unfinishedBytes: outcome.unfinishedBytes)
    }

    private static func warnIfAway(_ store: some TaskStore) {
        Task {
            do {
                try await store.ping()
            } catch {
                // What can't be cured by waiting ends the flusher, which says so.
                guard case .transient = store.classify(error) else { return }
                StandardError.write(
                    "\(store.name) can't be reached yet; what is read stays in the log until it can: \(error)\n")
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

    /// Reading blocks, so it doesn't run on the concurrency runtime's threads.
    private static func onOwnThread<Result: Sendable>(_ body: sending @escaping () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            let work = DispatchWorkItem { continuation.resume(returning: body()) }
            DispatchQueue(label: "wal.ingest").async(execute: work)
        }
    }
}

extension LineIngester.BadLinePolicy: ExpressibleByArgument {}
