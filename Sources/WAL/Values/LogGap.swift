/// Sequence numbers that a reader has no record of, and why.
public struct LogGap: Hashable, Sendable, Error {
    /// Why there is no record.
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// Producers claimed the numbers and died before they committed. Nobody was given them.
        case void
        /// The records were damaged, and a recovery put a mark in their place.
        case lost
        /// The bytes are damaged, and no recovery has dealt with them yet.
        case unreadable
        /// A segment isn't there.
        case missing
        /// Retention, or somebody, removed the oldest segments.
        case removed
        /// An opening or a flusher passed over the numbers: they may have been given before, to records that this log doesn't have.
        case skipped
    }

    /// The first number without a record.
    public var first: SequenceNumber
    /// The last number without a record; nil where nothing tells how many there are, at a damaged end.
    public var last: SequenceNumber?
    /// Why there is no record.
    public var reason: Reason
    /// Whether any of the records had been acknowledged; nil where nothing tells.
    public var isAcknowledged: Bool?
    /// The segment in which the gap was found.
    public var segment: UInt64
    /// Where in the segment's file it was found; 0 for the file as a whole.
    public var offset: Int
    /// On what the reason was decided, as a clause.
    public var evidence: String

    /// Makes a gap.
    public init(
        first: SequenceNumber, last: SequenceNumber?, reason: Reason, isAcknowledged: Bool?, segment: UInt64,
        offset: Int, evidence: String
    ) {
        self.first = first
        self.last = last
        self.reason = reason
        self.isAcknowledged = isAcknowledged
        self.segment = segment
        self.offset = offset
        self.evidence = evidence
    }

    /// Whether records that were acknowledged are missing, or may be.
    public var isLoss: Bool { isAcknowledged != false }

    /// The first number behind the gap, to go on from.
    public var next: SequenceNumber { last?.next ?? first }
}

extension LogGap: CustomStringConvertible {
    /// One line: which numbers, why, where, and on what evidence.
    public var description: String {
        let numbers =
            switch last {
            case nil: "records from \(first) on may be missing"
            case first: "record \(first) is missing"
            case let last?: "records \(first) to \(last) are missing"
            }
        let acknowledged =
            switch isAcknowledged {
            case true: "acknowledged"
            case false: "never acknowledged"
            default: "perhaps acknowledged"
            }
        return "\(numbers) (\(reason.rawValue), \(acknowledged)); segment \(segment), offset \(offset): \(evidence)"
    }
}

extension WALError {
    /// The gap at which a reader of records stopped. The reader goes on behind it with the next call.
    public var gap: LogGap? { cause as? LogGap }

    static func gap(_ gap: LogGap) -> WALError {
        WALError(
            gap.reason == .removed ? .removed : .corrupted,
            "The log has a gap. Read on from \(gap.next), or read entries instead of records to get gaps as values",
            cause: gap)
    }
}

/// What a log has at a place: a record, or a gap where records should be.
public enum LogEntry: Hashable, Sendable {
    /// A record with a copy of its payload.
    case record(LogRecord)
    /// Numbers without a record.
    case gap(LogGap)
}
