/// A range of sequence numbers for which a reader has no records, and the reason.
public struct LogGap: Hashable, Sendable, Error {
    /// The reason why records are missing.
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// Producers claimed the numbers and died before they committed. No caller received these numbers.
        case void
        /// The records were damaged, and recovery put a mark in their place.
        case lost
        /// The bytes are damaged, and no recovery has repaired them yet.
        case unreadable
        /// A segment file is missing.
        case missing
        /// Retention, or an operator, removed the oldest segments.
        case removed
        /// An opening or a flusher skipped the numbers, because records that this log doesn't have may have used them.
        case skipped
    }

    /// The first number without a record.
    public var first: SequenceNumber
    /// The last number without a record. Nil at a damaged end if the number of missing records is unknown.
    public var last: SequenceNumber?
    /// The reason why records are missing.
    public var reason: Reason
    /// Whether any of the records had been acknowledged, or nil if that is unknown.
    public var isAcknowledged: Bool?
    /// The number of the segment in which the gap was found.
    public var segment: UInt64
    /// The offset in the segment's file at which the gap was found, or 0 for the whole file.
    public var offset: Int
    /// The evidence for the reason, as a clause.
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

    /// Whether acknowledged records are missing or may be missing.
    public var isLoss: Bool { isAcknowledged != false }

    /// The first number after the gap, from which to continue. If the last missing number is unknown, this is `first`.
    public var next: SequenceNumber { last?.next ?? first }
}

extension LogGap: CustomStringConvertible {
    /// The numbers, the reason, the place and the evidence, on one line.
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
    /// The gap at which a reader of records stopped. The next call to the reader continues after it.
    public var gap: LogGap? { cause as? LogGap }

    static func gap(_ gap: LogGap) -> WALError {
        WALError(
            gap.reason == .removed ? .removed : .corrupted,
            "The log has a gap. Continue reading from \(gap.next), or read entries to get gaps as values.",
            cause: gap)
    }
}

/// A record, or a gap in place of records.
public enum LogEntry: Hashable, Sendable {
    /// A record with a copy of its payload.
    case record(LogRecord)
    /// A gap in place of records.
    case gap(LogGap)
}
