import WAL

/// Appends the batches of an ingest in order, on its own thread, while the ingest parses the next lines.
///
/// To compress and copy a batch takes almost as long as to parse it.
final class BatchAppender: Sendable {
    /// The records of some lines, and the other results of these lines.
    struct Part: Sendable {
        var batch = RecordBatch()
        /// The skipped lines. They are written to their file before the records are appended.
        var badLines: [BadLine] = []
        /// The position in the input after the lines.
        var position = InputPosition()
        /// The counts of the run up to and including the lines.
        var counts = IngestCounts()
    }

    /// The result of the appender's work.
    struct Outcome {
        /// The counts of the run up to and including the last part in the log.
        var counts: IngestCounts
        var badLinesPath: String?
        var failure: (any Error)?
    }

    private struct State {
        var waiting: [Part] = []
        var isWorking = false
        var isFinished = false
        var outcome: Outcome
        /// Batches without records, whose memory is used again.
        var spares: [RecordBatch] = []
    }

    /// The number of parts that may wait. A larger number would only use more memory.
    private static let waitingMax = 2

    private let log: WriteAheadLog
    private let file: BadLinesFile
    private let source: String
    private let stop: StopSignal
    private let progress: IngestProgress
    private let state: Monitor<State>

    /// Starts the thread. `counts` are the counts before the first part.
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

    /// Appends a part after the earlier parts. Blocks while too many parts wait. Returns an empty batch for the next
    /// part.
    ///
    /// - Throws: The error that stopped the appender.
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

    /// Ends the thread. Blocks until all parts are in the log, or until one has failed.
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
        // Without records the bookmark stays. So the next run skips the same lines again, and its call of
        // `removeLines(after:)` first removes them from the file.
        if !part.batch.isEmpty { try append(part.batch, at: part.position) }
        progress.report(part.counts)
    }

    /// Returns the error for an input whose bookmark has no room among the log's cursors and bookmarks.
    private func noRoom(_ error: WALError) -> ToolError {
        ToolError(
            .inputOutput,
            "The log keeps a bookmark for each input, and has no room for \(source): \(error.message) These are the "
                + "bookmarks of inputs that don't come again (wal inspect \(log.directory) lists them): "
                + "wal cursors \(log.directory) --remove source/NAME.")
    }

    /// The error after a request to stop while the log was full. The next run reads the lines again.
    struct Stopped: Error {}

    /// Appends a batch. While the log is full, blocks until the store catches up.
    private func append(_ batch: RecordBatch, at position: InputPosition) throws {
        while true {
            do throws(WALError) {
                _ = try log.appendBlocking(batch, bookmark: position.bookmark(named: source))
                return
            } catch {
                if error.code == .invalidArgument { throw noRoom(error) }
                guard error.code == .logFull else { throw error }
                if case .stopped = try stop.waitForInput(-1, timeout: 0) { throw Stopped() }
            }
        }
    }
}
