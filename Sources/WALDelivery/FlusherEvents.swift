internal import Logging
internal import WAL

/// All log messages of a flusher, and the keys of their metadata.
struct FlusherEvents: Sendable {
    private enum Key {
        static let sink = "wal.sink"
        static let directory = "wal.directory"
        static let worker = "wal.worker"
        static let sequence = "wal.sequence"
        static let lane = "wal.lane"
        static let epoch = "wal.epoch"
        static let knownEpoch = "wal.epoch.known"
        static let count = "wal.count"
        static let error = "wal.error"
        static let code = "wal.code"
        static let reason = "wal.reason"
        static let next = "wal.next"
        static let first = "wal.first"
        static let last = "wal.last"
        static let duration = "wal.duration"
        static let lagRecords = "wal.lag.records"
        static let lagBytes = "wal.lag.bytes"
        static let lagSeconds = "wal.lag.seconds"
    }

    private let logger: Logger?
    private let directory: String

    init(_ logger: Logger?, sink: String, directory: String) {
        self.directory = directory
        var logger = logger
        logger?[metadataKey: Key.sink] = "\(sink)"
        logger?[metadataKey: Key.directory] = "\(directory)"
        self.logger = logger
    }

    private static func metadata(_ lag: LogLag) -> Logger.Metadata {
        [
            Key.lagRecords: "\(lag.records)", Key.lagBytes: "\(lag.bytes)",
            Key.lagSeconds: "\(lag.age / .seconds(1))",
        ]
    }

    func started(at sequence: SequenceNumber, _ lag: LogLag) {
        logger?.info(
            "the flusher has started",
            metadata: Self.metadata(lag).merging([Key.sequence: "\(sequence)"]) { $1 })
    }

    func logRestored(missing: ClosedRange<SequenceNumber>) {
        logger?.error(
            "the log is an older copy: the sink has applied records that it doesn't hold; their numbers aren't reused",
            metadata: [Key.first: "\(missing.lowerBound)", Key.last: "\(missing.upperBound)"])
    }

    func gapSkipped(_ missing: ClosedRange<SequenceNumber>) {
        logger?.error(
            "retention has removed records that the sink is missing; they are skipped",
            metadata: [Key.first: "\(missing.lowerBound)", Key.last: "\(missing.upperBound)"])
    }

    func gap(_ gap: LogGap) {
        var metadata: Logger.Metadata = [Key.first: "\(gap.first)", Key.reason: "\(gap)"]
        if let last = gap.last { metadata[Key.last] = "\(last)" }
        if gap.isLoss {
            logger?.error("records are missing from the log; delivery continues after them", metadata: metadata)
        } else {
            logger?.debug("sequence numbers without a record are skipped", metadata: metadata)
        }
    }

    func claimLost(_ known: SinkLane, _ claimed: SinkLane) {
        logger?.error(
            "the sink has lost what it had confirmed; it is an older copy, or an old primary is back",
            metadata: [
                Key.lane: "\(claimed.index)", Key.epoch: "\(claimed.epoch)", Key.knownEpoch: "\(known.epoch)",
                Key.sequence: "\(claimed.position)",
            ])
    }

    func willRetry(_ error: any Error, worker: Int) {
        logger?.debug(
            "the sink failed; it is tried again", metadata: [Key.worker: "\(worker)", Key.error: "\(error)"])
    }

    /// Logs only at each doubling of `times`, because the state may last.
    func tooMuch(_ sequence: SequenceNumber, _ error: any Error, times: Int) {
        guard times.nonzeroBitCount == 1 else { return }
        logger?.error(
            "one record alone exceeds the sink's limits of time or memory and delays its lanes; raise the limits",
            metadata: [Key.sequence: "\(sequence)", Key.count: "\(times)", Key.error: "\(error)"])
    }

    func outcomeUnknown(_ error: any Error, worker: Int) {
        logger?.notice(
            "it is unknown whether a batch was applied; the sink is asked",
            metadata: [Key.worker: "\(worker)", Key.error: "\(error)"])
    }

    func positionsChanged(worker: Int, to sequence: SequenceNumber) {
        logger?.warning(
            "the sink's positions have changed; the log is read again from there",
            metadata: [Key.worker: "\(worker)", Key.sequence: "\(sequence)"])
    }

    func positionsUnknown(_ error: any Error, worker: Int) {
        logger?.debug(
            "the idle sink couldn't be asked for its positions; it is asked again",
            metadata: [Key.worker: "\(worker)", Key.error: "\(error)"])
    }

    func breakerOpened(_ error: any Error, failures: Int, _ lag: LogLag) {
        logger?.error(
            "the sink failed repeatedly and is tried at intervals; the log keeps the records",
            metadata: Self.metadata(lag).merging([Key.count: "\(failures)", Key.error: "\(error)"]) { $1 })
    }

    func stillAway(_ error: any Error, for duration: Duration, _ lag: LogLag) {
        logger?.error(
            "the sink is still unavailable; the log keeps the records",
            metadata: Self.metadata(lag).merging([Key.duration: "\(duration)", Key.error: "\(error)"]) { $1 })
    }

    func breakerClosed(after duration: Duration, _ lag: LogLag) {
        logger?.notice(
            "the sink is available again", metadata: Self.metadata(lag).merging([Key.duration: "\(duration)"]) { $1 })
    }

    func stillSetAside(_ count: UInt64, for duration: Duration) {
        logger?.warning(
            "records are set aside that the sink rejected",
            metadata: [Key.count: "\(count)", Key.duration: "\(duration)"])
    }

    /// `isInSink` states whether the sink keeps the record itself.
    func deadLetter(_ letter: DeadLetter, isInSink: Bool) {
        logger?.error(
            "the sink rejected a record; it was set aside",
            metadata: [
                Key.sequence: "\(letter.sequence)", Key.code: "\(letter.code)", Key.reason: "\(letter.reason)",
                Key.next: "wal dead-letters \(isInSink ? "STORE" : directory)",
            ])
    }

    func deadLetterFailed(_ error: WALError) {
        logger?.error(
            "a record that the sink rejected could not be set aside; its lanes wait",
            metadata: [Key.error: "\(error)"])
    }

    func lettersRemoved(_ count: Int) {
        logger?.notice(
            "records that were set aside are delivered again; their dead letters are removed",
            metadata: [Key.count: "\(count)"])
    }

    func lettersNotRemoved(_ error: WALError) {
        logger?.warning(
            "dead letters could not be compared with the sink's positions; redriving one may repeat its record",
            metadata: [Key.error: "\(error)"])
    }

    func syncFailed(_ error: WALError) {
        logger?.error(
            "the log could not be synced; only durable records are delivered", metadata: [Key.error: "\(error)"])
    }

    func cursorFailed(_ error: WALError) {
        logger?.warning(
            "the sink's cursor could not be written to the log; retention waits", metadata: [Key.error: "\(error)"])
    }

    func shutDown(remaining: UInt64) {
        if remaining == 0 {
            logger?.info("every record was delivered before the shutdown")
        } else {
            logger?.warning(
                "the shutdown left records undelivered; the next start delivers them",
                metadata: [Key.count: "\(remaining)"])
        }
    }

    func sinkHangs() {
        logger?.warning("the sink didn't answer in time; the flusher stops without waiting for its calls")
    }

    func stopped(_ error: WALError) {
        logger?.error("the flusher has stopped", metadata: [Key.error: "\(error)"])
    }
}
