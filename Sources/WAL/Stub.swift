// Interface for work in parallel; the engine replaces it.
public import Logging
public import Metrics

public final class WriteAheadLog: Sendable {
    public let id = LogID(low: 0, high: 0)
    public let directory: String = ""
    /// What opening found.
    public let recovery = RecoveryReport()

    public init(
        at directory: String, configuration: Configuration = Configuration(), logger: Logger? = nil,
        metrics: (any MetricsFactory)? = nil
    ) throws(WALError) { fatalError() }

    public func append(_ payload: RawSpan) throws(WALError) -> SequenceNumber { fatalError() }
    public func append(_ payload: [UInt8]) throws(WALError) -> SequenceNumber { fatalError() }
    /// fills in place; must write all `count` bytes
    public func append(count: Int, initializingWith initialize: (inout OutputRawSpan) -> Void) throws(WALError)
        -> SequenceNumber
    { fatalError() }
    /// Atomic; returns the sequence of the *last* record. `bookmark` is stored atomically with the records.
    public func append(_ batch: RecordBatch, bookmark: Bookmark? = nil) throws(WALError) -> SequenceNumber { fatalError() }
    /// `append` followed by `waitUntilDurable`, for tasks
    public func appendDurably(_ payload: [UInt8]) async throws(WALError) -> SequenceNumber { fatalError() }
    public func waitUntilDurable(_ sequence: SequenceNumber) async throws(WALError) { fatalError() }
    @available(*, noasync) public func blockUntilDurable(_ sequence: SequenceNumber) throws(WALError) { fatalError() }
    /// Makes everything appended so far durable; returns the last durable sequence.
    @discardableResult public func sync() async throws(WALError) -> SequenceNumber { fatalError() }

    /// First retained; last appended (claimed); last durable.
    public var firstSequence: SequenceNumber { fatalError() }
    public var lastSequence: SequenceNumber { fatalError() }
    public var durableSequence: SequenceNumber { fatalError() }

    /// Consumers' cursors: last sequence processed. They pin segments.
    public var cursors: [String: SequenceNumber] { fatalError() }
    public func setCursor(_ name: String, to sequence: SequenceNumber) throws(WALError) { fatalError() }
    public func removeCursor(_ name: String) throws(WALError) { fatalError() }
    /// Producers' bookmarks; pin nothing.
    public var bookmarks: [String: Bookmark] { fatalError() }

    /// A reader at the first record with a sequence >= `sequence` (or at the first retained one, if that is later).
    public func reader(from sequence: SequenceNumber = 1, visibility: ReadVisibility = .written) -> LogReader { fatalError() }
    public func reader(since time: Timestamp, visibility: ReadVisibility = .written) -> LogReader { fatalError() }
    /// Copies records as they come, for ever; waits at the end.
    public func records(from sequence: SequenceNumber = 1, visibility: ReadVisibility = .written) -> LogRecords { fatalError() }

    public var segments: [SegmentInfo] { fatalError() }
    public var statistics: Statistics { fatalError() }
    /// Removes segments by the retention rule now, instead of within the next second.
    public func applyRetention() throws(WALError) { fatalError() }
    /// Ends the active segment.
    public func roll() throws(WALError) { fatalError() }
    /// Syncs, seals, unlocks. Blocking (some ms); later calls throw `closed`.
    public func close() throws(WALError) { fatalError() }

    public struct Statistics: Sendable {
        public var recordsAppended: UInt64 = 0
        public var bytesAppended: UInt64 = 0
        public var syncCount: UInt64 = 0
        public var diskBytes: UInt64 = 0
    }
}

public enum ReadVisibility: Hashable, Sendable { case written, durable }

/// One consumer's walk through a log. Not thread-safe (not Sendable).
public final class LogReader {
    /// The next record, or nil when there is none yet. Throws `corrupted` at damage (verifies checksums).
    public func next<Result>(_ body: (borrowing RecordView) -> Result) throws(WALError) -> Result? { fatalError() }
    public func next() throws(WALError) -> LogRecord? { fatalError() }
    /// Returns as soon as `next` may have something; throws `closed` / `cancelled`.
    public func waitForMore() async throws(WALError) { fatalError() }
    /// The sequence that the next record has at least.
    public var nextSequence: SequenceNumber { fatalError() }
}

public struct LogRecords: AsyncSequence, Sendable {
    public typealias Element = LogRecord
    public typealias Failure = WALError
    public struct Iterator: AsyncIteratorProtocol {
        public mutating func next() async throws(WALError) -> LogRecord? { fatalError() }
    }
    public func makeAsyncIterator() -> Iterator { fatalError() }
}

/// Reads a log beside its writer, from this or another process; takes no lock, changes nothing.
public final class ReadOnlyLog: Sendable {
    public let id = LogID(low: 0, high: 0)
    public init(at directory: String) throws(WALError) { fatalError() }
    public var firstSequence: SequenceNumber { fatalError() }
    public var cursors: [String: SequenceNumber] { fatalError() }
    public var bookmarks: [String: Bookmark] { fatalError() }
    public var segments: [SegmentInfo] { fatalError() }
    public func reader(from sequence: SequenceNumber = 1) -> LogReader { fatalError() }
    public func reader(since time: Timestamp) -> LogReader { fatalError() }
    public func records(from sequence: SequenceNumber = 1) -> LogRecords { fatalError() }
}

public struct SegmentInfo: Sendable {
    public enum State: String, Sendable { case prepared, active, sealed, unsealed, damaged }
    public var number: UInt64 = 0
    public var path: String = ""
    public var state: State = .active
    public var firstSequence: SequenceNumber = 0
    public var lastSequence: SequenceNumber = 0
    public var firstTime: Timestamp?
    public var lastTime: Timestamp?
    public var recordCount: Int = 0
    /// Bytes of the file; bytes of it in frames.
    public var fileSize: Int = 0
    public var usedSize: Int = 0
    public var payloadSize: Int = 0
    public var epoch: UInt64 = 0
}

/// What opening found, dropped and lost.
public struct RecoveryReport: Sendable {
    public enum Classification: String, Sendable, CaseIterable {
        case tornTail, abandonedClaims, corruption, missingSegment, foreignSegment
    }
    public struct Finding: Sendable {
        public var classification: Classification
        public var segment: UInt64
        public var offset: Int
        public var byteCount: Int
        /// Sequences that are gone; nil if none.
        public var sequences: ClosedRange<SequenceNumber>?
        /// Whether they were acknowledged as durable, on the evidence.
        public var acknowledged: Bool
        public var evidence: String
        /// Where the damaged copy is.
        public var quarantined: String?
    }
    public var findings: [Finding] = []
    public var recordCount: Int = 0
    public var epoch: UInt64 = 0
    public var duration: Duration = .zero
}

/// Read-only, pread-based check of every byte; never changes anything.
public enum Verification {
    public static func verify(directory: String) throws(WALError) -> RecoveryReport { fatalError() }
}
