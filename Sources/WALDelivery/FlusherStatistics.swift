public import WAL

/// What a flusher has done since it was made, and how far behind it is.
public struct FlusherStatistics: Sendable {
    /// Whether the sink is called as usual.
    public enum BreakerState: String, Sendable, CaseIterable {
        /// As usual.
        case closed
        /// Not at all: it failed several times in a row.
        case open
        /// By one worker, to see whether it is back.
        case probing
    }

    /// Records that the sink has taken, or found superfluous.
    public var recordsApplied: UInt64 = 0
    /// Transactions that succeeded.
    public var batchesApplied: UInt64 = 0
    /// Calls of the sink that failed, of whatever kind.
    public var errors: UInt64 = 0
    /// Of those, the ones after which the same is tried again.
    public var retries: UInt64 = 0
    /// Rows that the sink wrote, after coalescing.
    public var rowsWritten: UInt64 = 0
    /// Records that a later one of the same batch made superfluous.
    public var coalesced: UInt64 = 0
    /// Records that were set aside, by the flusher or by the sink itself.
    public var deadLetters: UInt64 = 0
    /// The failures by what they meant.
    public var failures: [SinkFailure.Kind: UInt64] = [:]
    /// From the first to the last of the records that retention had removed before this sink got them, in one of its lanes; see
    /// ``Flusher/Configuration/gapPolicy``.
    public var sequencesSkipped: ClosedRange<SequenceNumber>?
    /// Sequence numbers without a record in the log, which were passed over: records that had been acknowledged, or may have been, and
    /// are damaged or missing.
    public var sequencesLost: UInt64 = 0
    /// The numbers of records that the sink has and the log, an older copy of itself, hasn't.
    public var sequencesMissing: ClosedRange<SequenceNumber>?
    /// When a batch was last applied.
    public var lastFlush: Timestamp?
    /// The time that successful transactions took, summed over all workers.
    public var flushDuration: Duration = .zero
    /// How long successful transactions took.
    public var flushLatency = LatencySummary()
    /// Whether the sink is called as usual.
    public var breaker = BreakerState.closed
    /// Every record up to here was applied.
    public var appliedSequence: SequenceNumber = .zero
    /// What was appended and not applied.
    public var lag = FlusherLag()

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
