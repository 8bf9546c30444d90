/// What opening or verifying a log found, and what became of it.
public struct RecoveryReport: Hashable, Sendable {
    /// What kind of thing was found (FORMAT.md, "Recovery").
    public enum Classification: String, Hashable, Sendable, CaseIterable {
        /// The end of what was written before a power loss, which had never become durable. Not damage.
        case tornTail
        /// Places that producers had claimed when their process died. Never acknowledged. Not damage.
        case abandonedClaims
        /// Bytes that aren't what was written.
        case corruption
        /// A segment that isn't there.
        case missingSegment
        /// A segment of another log.
        case foreignSegment

        /// Whether something was there that is now lost or changed.
        public var isDamage: Bool { self != .tornTail && self != .abandonedClaims }
    }

    /// One place where a log isn't as it was written.
    public struct Finding: Hashable, Sendable {
        /// What kind of thing it is.
        public var classification: Classification
        /// The segment's number.
        public var segment: UInt64
        /// Where in the segment's file it begins.
        public var offset: Int
        /// How many bytes it is.
        public var byteCount: Int
        /// The sequence numbers that can't be read any more.
        public var sequences: ClosedRange<SequenceNumber>?
        /// Whether any of it had been acknowledged as durable, or as written within the same run of the kernel.
        public var isAcknowledged: Bool
        /// What the classification was decided on.
        public var evidence: String
        /// The file that the damaged bytes are kept in, after opening.
        public var keptAt: String?
    }

    /// The findings, in the order of the log.
    public var findings: [Finding] = []
    /// What was done to the files, in that order; in a report of ``Verification``, what opening would do.
    public var steps: [RecoveryStep] = []
    /// Bytes that were read and verified.
    public var bytesScanned: Int = 0
    /// Records that were read and verified.
    public var recordsScanned: UInt64 = 0
    /// The segments found.
    public var segmentCount: Int = 0
    /// Counts the recoveries that dropped anything.
    public var epoch: UInt64 = 0
    /// How far the latest time of a record lies ahead of the system's clock, which was or is wrong then; nil if it doesn't.
    ///
    /// Nothing is lost by that. Reading by time finds such records at their own times, and retention doesn't go by them.
    public var timeAhead: Duration?
    /// How long it took.
    public var duration: Duration = .zero

    /// Whether anything is lost or changed; a torn tail and abandoned claims are not.
    public var isDamaged: Bool { findings.contains { $0.classification.isDamage } }
}
