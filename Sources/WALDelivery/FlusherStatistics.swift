public import WAL

/// The counts of a flusher since it was made, and its lag.
public struct FlusherStatistics: Sendable {
    /// Whether the sink is called as usual.
    public enum BreakerState: String, Sendable, CaseIterable {
        /// The sink is called as usual.
        case closed
        /// The sink isn't called, because it failed several times in a row.
        case open
        /// One worker calls the sink to find out whether it is available again.
        case probing
    }

    /// Records that the sink has applied, including those that it found unnecessary.
    public var recordsApplied: UInt64 = 0
    /// Transactions that succeeded.
    public var batchesApplied: UInt64 = 0
    /// Calls of the sink that failed, of every kind.
    public var errors: UInt64 = 0
    /// Failed calls that are tried again.
    public var retries: UInt64 = 0
    /// Rows that the sink wrote, after coalescing.
    public var rowsWritten: UInt64 = 0
    /// Records that a later record of the same batch made unnecessary.
    public var coalesced: UInt64 = 0
    /// Records that were set aside, by the flusher or by the sink itself.
    public var deadLetters: UInt64 = 0
    /// Those of ``deadLetters`` that the sink keeps itself. The others are beside the log, until they are redriven or discarded.
    public var deadLettersInSink: UInt64 = 0
    /// The failed calls by kind.
    public var failures: [SinkFailure.Kind: UInt64] = [:]
    /// The range that retention removed before at least one lane of this sink had received its records. See
    /// ``Flusher/Configuration/gapPolicy``.
    public var sequencesSkipped: ClosedRange<SequenceNumber>?
    /// Skipped sequence numbers whose records are damaged or missing in the log, and were acknowledged or may have
    /// been.
    public var sequencesLost: UInt64 = 0
    /// The range of records that the sink has and the log doesn't hold, because the log is an older copy of itself.
    public var sequencesMissing: ClosedRange<SequenceNumber>?
    /// The number of times that a claim, or a check of the idle sink, found an earlier claim or a position lost.
    ///
    /// Then the sink is an older copy, such as an old primary that is back.
    public var claimsLost: UInt64 = 0
    /// The time when a batch was last applied.
    public var lastFlush: Timestamp?
    /// The duration of successful transactions, summed over all workers.
    public var flushDuration: Duration = .zero
    /// The distribution of the durations of successful transactions.
    public var flushLatency = LatencySummary()
    /// Whether the sink is called as usual.
    public var breaker = BreakerState.closed
    /// The last sequence number up to which every record is applied.
    public var appliedSequence: SequenceNumber = .zero
    /// The records that were appended and not applied.
    public var lag = LogLag()

    init() {}

    mutating func skip(_ missing: ClosedRange<SequenceNumber>) {
        let known = sequencesSkipped ?? missing
        sequencesSkipped = min(known.lowerBound, missing.lowerBound)...max(known.upperBound, missing.upperBound)
    }

    mutating func count(_ failure: SinkFailure) {
        errors += 1
        failures[failure.kind, default: 0] += 1
        if failure.isRetried { retries += 1 }
    }
}
