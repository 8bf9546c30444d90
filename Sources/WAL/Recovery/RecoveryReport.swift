/// The result of opening or verifying a log: the findings, and the steps taken.
public struct RecoveryReport: Hashable, Sendable {
    /// The kind of a finding (FORMAT.md, "Recovery").
    public enum Classification: String, Hashable, Sendable, CaseIterable {
        /// The log's end after a power loss, which had never become durable. This isn't damage.
        case tornTail
        /// Places that producers had claimed when their process died. They were never acknowledged. This isn't damage.
        case abandonedClaims
        /// Bytes that differ from the bytes that the log wrote.
        case corruption
        /// A missing segment.
        case missingSegment
        /// A segment of another log.
        case foreignSegment

        /// Whether data is lost or changed.
        public var isDamage: Bool { self != .tornTail && self != .abandonedClaims }
    }

    /// A place where the files of a log differ from the bytes that were written.
    public struct Finding: Hashable, Sendable {
        /// The kind of the finding.
        public var classification: Classification
        /// The segment's number.
        public var segment: UInt64
        /// The offset in the segment's file at which the finding begins.
        public var offset: Int
        /// The number of affected bytes.
        public var byteCount: Int
        /// The sequence numbers that can't be read any more; nil if there are none.
        public var sequences: ClosedRange<SequenceNumber>?
        /// Whether any of the records had been acknowledged as durable, or as written within the same run of the
        /// kernel.
        public var isAcknowledged: Bool
        /// The evidence for the classification, as a clause.
        public var evidence: String
        /// The file in which opening keeps the damaged bytes.
        public var keptAt: String?
    }

    /// The findings, in the order of the log.
    public var findings: [Finding] = []
    /// The changes to the files, in the order in which opening made them. In a report of ``Verification``, the changes
    /// that opening would make.
    public var steps: [RecoveryStep] = []
    /// The number of bytes that were read and verified.
    public var bytesScanned: Int = 0
    /// The number of records that were read and verified.
    public var recordsScanned: UInt64 = 0
    /// The number of segments found.
    public var segmentCount: Int = 0
    /// A counter that increases whenever recovery discards data or sequence numbers are skipped.
    public var epoch: UInt64 = 0
    /// The time by which the latest record is ahead of the system's clock, or nil if it isn't. The clock was wrong
    /// then, or is wrong now.
    ///
    /// No records are lost because of this. Reading by time finds such records at their own times, and retention
    /// doesn't use these times.
    public var timeAhead: Duration?
    /// The duration of the opening or verification.
    public var duration: Duration = .zero

    /// Whether data is lost or changed. Torn tails and abandoned claims don't count.
    public var isDamaged: Bool { findings.contains { $0.classification.isDamage } }
}
