/// The state of a flusher and its sink at one moment.
public struct SinkStatus: Hashable, Sendable, Decodable {
    /// The state of a flusher.
    public enum State: String, Hashable, Sendable, Decodable, CaseIterable {
        /// The sink is called as usual.
        case running
        /// The sink isn't called, because it failed several times in a row.
        case unavailable
        /// One worker calls the sink to find out whether it is available again.
        case probing
        /// Another flusher has claimed the sink, and this one has ended.
        case fenced
        /// The sink lagged too far, and its flusher has ended.
        case detached
        /// The flusher has ended, in an orderly way or with ``SinkStatus/error``.
        case stopped
    }

    /// The sink's name.
    public var name: String
    /// The state of the flusher.
    public var state: State
    /// The error of the last failure while the sink is unavailable, or the error that ended the flusher. Nil after an
    /// answer of the sink.
    public var error: String?
    /// The last sequence number up to which every record is applied.
    public var appliedSequence: SequenceNumber
    /// The number of records that the sink has applied, including coalesced ones.
    public var appliedRecords: UInt64
    /// The number of the sink's successful transactions.
    public var appliedBatches: UInt64
    /// The number of rows that the sink has written, after coalescing.
    public var writtenRows: UInt64
    /// The number of records that a later record of the same batch made unnecessary.
    public var coalescedRecords: UInt64
    /// The number of records missing from the log that were acknowledged, or may have been.
    public var lostRecords: UInt64
    /// The number of times that a claim, or a check of the idle sink, found an earlier claim or a position lost.
    public var lostClaims: UInt64
    /// The failed calls of the sink, by kind.
    public var failures: [Failures]
    /// The number of failed calls of the sink that are tried again.
    public var retries: UInt64
    /// The records that were set aside since the flusher was made.
    public var deadLetters: UInt64
    /// The number of these records that the sink keeps itself. The others are kept next to the log. Nil in the status
    /// of an older version.
    public var deadLettersInSink: UInt64?
    /// The part of the log that the sink hasn't applied.
    public var lag: LogLag
    /// The time of the last successful transaction.
    public var lastSuccess: Timestamp?
    /// The durations of successful transactions.
    public var batches: DurationHistogram

    /// The failed calls of one kind.
    public struct Failures: Hashable, Sendable, Decodable {
        /// The kind of the failures.
        public var kind: String
        /// The number of calls.
        public var count: UInt64

        package init(kind: String, count: UInt64) {
            self.kind = kind
            self.count = count
        }
    }

    package init(
        name: String, state: State, error: String?, appliedSequence: SequenceNumber, appliedRecords: UInt64,
        appliedBatches: UInt64, writtenRows: UInt64, coalescedRecords: UInt64, lostRecords: UInt64,
        lostClaims: UInt64, failures: [Failures], retries: UInt64, deadLetters: UInt64,
        deadLettersInSink: UInt64?, lag: LogLag,
        lastSuccess: Timestamp?,
        batches: DurationHistogram
    ) {
        self.name = name
        self.state = state
        self.error = error
        self.appliedSequence = appliedSequence
        self.appliedRecords = appliedRecords
        self.appliedBatches = appliedBatches
        self.writtenRows = writtenRows
        self.coalescedRecords = coalescedRecords
        self.lostRecords = lostRecords
        self.lostClaims = lostClaims
        self.failures = failures
        self.retries = retries
        self.deadLetters = deadLetters
        self.deadLettersInSink = deadLettersInSink
        self.lag = lag
        self.lastSuccess = lastSuccess
        self.batches = batches
    }
}
