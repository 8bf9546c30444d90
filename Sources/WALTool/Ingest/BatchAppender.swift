import WAL

/// Appends an ingest's batches on a thread of its own, in order, while the next lines are parsed. Compressing and copying a batch takes
/// almost as long as parsing it.
final class BatchAppender: Sendable {
    /// The records of some lines, and what else belongs to the lines.
    struct Part: Sendable {
        var batch = RecordBatch()
        /// Lines that are skipped. They go into their file first.
        var badLines: [BadLine] = []
        /// The position after the lines.
        var position = InputPosition()
        /// The counts of the run up to and including the lines.
        var counts = IngestCounts()
    }

    /// What the appender has done.
    struct Outcome {
        /// The counts of all parts in the log.
        var counts: IngestCounts
        var badLinesPath: String?
        var failure: (any Error)?
    }

    private struct State {
        var waiting: [Part] = []
        var isWorking = false
        var isFinished = false
        var outcome: Outcome
        /// Batches without records, whose memory serves again.
        var spares: [RecordBatch] = []
    }

    /// The number of parts that may wait. More would only take memory.
    private static let waitingMax = 2

    private let log: WriteAheadLog
    private let file: BadLinesFile
    private let source: String
    private let stop: StopSignal
    private let progress: IngestProgress
    private let state: Monitor<State>

    /// Starts the thread. `counts` are those before the first part.
    init(
        log: WriteAheadLog, badLines file: BadLinesFile, source: String, counts: IngestCounts, stop: StopSignal,
        progress: IngestProgress
    ) throws(WALError) {
        self.log = log
        self.file = file
        self.source = source
        self.stop = stop
        self.progress = progress
        state = Monitor(State(outcome: Outcome(counts: counts)))
        try NamedThread.start("wal-ingest") { self.run() }
    }

    /// Appends a part after those before. Waits while enough parts wait. Returns an empty batch for the next one.
    ///
    /// - Throws: what has stopped the appender.
    func append(_ part: Part) throws -> RecordBatch {
        let result = state.wait { state -> Result<RecordBatch, any Error>? in
            if let failure = state.outcome.failure { return .failure(failure) }
            guard state.waiting.count < Self.waitingMax else { return nil }
            state.waiting.append(part)
            return .success(state.spares.popLast() ?? RecordBatch())
        }
        state.notifyAll()
        return try result?.get() ?? RecordBatch()
    }

    /// Waits until all parts are in the log, or one has failed. Ends the thread.
    func finish() -> Outcome {
        state.withLock { $0.isFinished = true }
        state.notifyAll()
        state.wait { $0.waiting.isEmpty && !$0.isWorking ? () : nil }
        return state.withLock { $0.outcome }
    }

    private func run() {
        while var part = next() {
            let result = Result { try take(part) }
            part.batch.removeAll()
            state.withLock { state in
                state.isWorking = false
                switch result {
                case .success:
                    state.spares.append(part.batch)
                    state.outcome.counts = part.counts
                    if !part.badLines.isEmpty { state.outcome.badLinesPath = file.path }
                case .failure(let error):
                    state.outcome.failure = error
                    state.waiting = []
                }
            }
            state.notifyAll()
        }
    }

    private func next() -> Part? {
        let part = state.wait { state -> Part?? in
            if state.waiting.isEmpty { return state.isFinished || state.outcome.failure != nil ? .some(nil) : nil }
            state.isWorking = true
            return state.waiting.removeFirst()
        }
        state.notifyAll()
        return part ?? nil
    }

    private func take(_ part: Part) throws {
        if !part.badLines.isEmpty { try file.append(part.badLines) }
        // Without records the bookmark stays. The next run skips the same lines again; removeLines(after:) first removes
        // them from the file.
        if !part.batch.isEmpty { try append(part.batch, at: part.position) }
        progress.report(part.counts)
    }

    /// A stop was requested while the log was full. The next run reads the lines again.
    struct Stopped: Error {}

    /// Appends a batch. While the log is full, waits for the store to catch up.
    private func append(_ batch: RecordBatch, at position: InputPosition) throws {
        while true {
            do throws(WALError) {
                _ = try log.appendBlocking(batch, bookmark: position.bookmark(named: source))
                return
            } catch {
                guard error.code == .logFull else { throw error }
                if case .stopped = try stop.waitForInput(-1, timeout: 0) { throw Stopped() }
            }
        }
    }
}
