/// A reader that returns the records of a log in order, and verifies every checksum.
///
/// It returns each readable record, and each gap in the sequence numbers. A gap is an entry
/// (``nextEntry()``), or an error if you read only records (``next()``).
///
/// A reader isn't thread-safe: only one task or thread may use it at a time. While a reader of an open log exists, that
/// log doesn't remove the segment that the reader is in, nor newer segments.
public final class LogReader {
    let source: any SegmentSource
    let visibility: ReadVisibility
    var place: Place
    /// The position before the wanted record, if the caller knows it.
    private(set) var knownStart: LogPosition?
    var current: ReadableSegment?
    var offset = SegmentHeader.size
    /// The number of records of the current segment that were returned or reported as gaps.
    var recordIndex: UInt32 = 0
    /// The log position up to which frames are durable, from the source's last answer.
    var durablePosition: UInt64 = 0
    var run = RecordRun()
    var readAhead = ReadAhead()
    var batch = PendingBatch()
    var gaps = GapReporter()
    /// The next gap, for the caller that asked for it.
    var foundGap: LogGap?
    /// Whether the frame at `offset` was found through the index and no frame was read since.
    var isAtIndexEntry = false
    /// Whether the reader has found no frame at `offset`, not even an invalid one.
    var isAtEmptyPlace = false
    /// Whether the caller has moved the reader and read nothing since.
    var isSeeking = false
    /// The segments that a seeking reader has been in, with the places of frames that it found, and their sequence numbers.
    var opened: [FramePlaces] = []
    var openedSequences: [ClosedRange<UInt64>] = []
    /// The number of times that the reader has gone back for ``triedSequence``.
    var tries = 0
    /// The highest sequence number that the reader had not yet reached when it went back.
    var triedSequence: UInt64 = 0
    /// Buffers that the reader has left while the caller still holds a view into them.
    private var retainedBuffers: [AnyObject] = []
    /// Whether the caller holds a view. Its memory must stay, even if the reader is used meanwhile.
    @usableFromInline @exclusivity(unchecked) var isLending = false

    static let triesMax = 8

    /// A range of the current segment in which every single record is wanted and may be shown. The reader takes such
    /// records one after another, and only verifies each frame.
    @safe
    struct RecordRun {
        /// The address of the current segment's mapping.
        var base: UnsafeRawPointer?
        /// The offset before which every frame of the run starts; 0 if there is no run.
        var end = 0
        /// The offset up to which frames may reach.
        var limit = 0
        var seed: UInt32 = 0
        var baseSequence: UInt64 = 0
    }

    enum Place {
        /// Records from the first one that is still in the log.
        case start
        /// Records from this sequence number on.
        case sequence(UInt64)
        /// Records from the first one of this time or later.
        case time(Int64)

        static func from(_ sequence: SequenceNumber?) -> Place {
            sequence.map { .sequence(max(1, $0.rawValue)) } ?? .start
        }
    }

    /// A verified record.
    @usableFromInline @safe @frozen
    struct Found {
        @usableFromInline var sequence: UInt64
        @usableFromInline var time: Int64
        /// The payload; nil if there is no record. Valid until the reader is used again.
        @usableFromInline var payload: UnsafeRawPointer?
        @usableFromInline var size: Int

        static var none: Found { unsafe Found(sequence: 0, time: 0, payload: nil, size: 0) }
    }

    init(_ source: any SegmentSource, at place: Place, visibility: ReadVisibility) {
        self.source = source
        self.visibility = visibility
        self.place = place
    }

    /// Makes a reader of the records after a position at which a frame begins. It doesn't walk the segment up to there.
    convenience init(_ source: any SegmentSource, after position: LogPosition, visibility: ReadVisibility) {
        self.init(source, at: .sequence(position.sequence + 1), visibility: visibility)
        knownStart = position
    }

    deinit {
        source.unpin(ObjectIdentifier(self))
    }

    /// The lowest sequence number that the next record or gap can have.
    public var nextSequence: SequenceNumber {
        SequenceNumber(rawValue: batch.recordCount > 0 ? batch.sequence : gaps.next ?? reached)
    }

    var reached: UInt64 {
        let reached = current.map { $0.segment.header.baseSequence + UInt64(recordIndex) } ?? 0
        return switch place {
        case .start: max(1, reached)
        case .sequence(let wanted): max(wanted, reached)
        case .time: reached
        }
    }

    /// Calls `body` with the next record, in place, or `gap` with the gap before it. Returns nil if there is nothing
    /// yet.
    ///
    /// - Throws:
    ///   - ``WALError/Code/corrupted`` if the reader can't pass the damage that it found.
    ///   - ``WALError/Code/closed`` if the log was closed before it sealed the next segment.
    ///   - ``WALError/Code/inputOutput`` if a file can't be read.
    @inlinable
    public func next<Result>(
        _ body: (borrowing RecordView) -> Result, gap: (LogGap) -> Result
    ) throws(WALError) -> Result? {
        let found = try takeEntry()
        guard unsafe found.payload != nil else { return takeGap().map(gap) }
        return lend(found, body)
    }

    /// Calls `body` with the next record, in place, or `gap` with the gap before it. Returns nil if there is nothing
    /// yet.
    ///
    /// - Throws: The errors of ``nextEntry()``, and the error of a closure. The reader has passed
    ///   the record then: the next call continues after it.
    @inlinable
    public func next<Result, Failure: Error, GapFailure: Error>(
        _ body: (borrowing RecordView) throws(Failure) -> Result, gap: (LogGap) throws(GapFailure) -> Result
    ) throws -> Result? {
        let found = try takeEntry()
        guard unsafe found.payload != nil else { return try takeGap().map(gap) }
        return try lend(found, body)
    }

    /// Returns the next record with a copy of its payload, or the gap before it. Returns nil if there is nothing yet.
    ///
    /// - Throws:
    ///   - ``WALError/Code/corrupted`` if the reader can't pass the damage that it found.
    ///   - ``WALError/Code/closed`` if the log was closed before it sealed the next segment.
    ///   - ``WALError/Code/inputOutput`` if a file can't be read.
    public func nextEntry() throws(WALError) -> LogEntry? {
        try next({ .record(LogRecord($0)) }, gap: { .gap($0) })
    }

    /// Calls `body` with the next record, in place. Returns nil if there is no record yet.
    ///
    /// Skips sequence numbers that no caller ever received.
    ///
    /// - Throws:
    ///   - ``WALError/Code/corrupted`` or ``WALError/Code/removed`` at a gap in which acknowledged records are or may be
    ///     missing. The error's ``WALError/gap`` describes it, and the next call continues after it.
    ///   - ``WALError/Code/closed`` if the log was closed before it sealed the next segment.
    ///   - ``WALError/Code/inputOutput`` if a file can't be read.
    @inlinable
    public func next<Result>(_ body: (borrowing RecordView) -> Result) throws(WALError) -> Result? {
        let found = try take()
        return unsafe found.payload == nil ? nil : lend(found, body)
    }

    /// Calls `body` with the next record, in place. Returns nil if there is no record yet.
    ///
    /// - Throws: The errors of ``next()``, and the error of the closure. The reader has passed the record then: the
    ///   next call continues after it.
    @inlinable
    public func next<Result, Failure: Error>(
        _ body: (borrowing RecordView) throws(Failure) -> Result
    ) throws -> Result? {
        let found = try take()
        return unsafe found.payload == nil ? nil : try lend(found, body)
    }

    /// Returns the next record with a copy of its payload. Returns nil if there is no record yet.
    ///
    /// - Throws: The errors of ``next(_:)-((RecordView)->Result)``.
    public func next() throws(WALError) -> LogRecord? {
        try next { view in LogRecord(view) }
    }

    @inlinable
    func lend<Result, Failure: Error>(
        _ found: Found, _ body: (borrowing RecordView) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let wasLending = unsafe isLending
        unsafe isLending = true
        defer { unsafe isLending = wasLending }
        let bytes = unsafe UnsafeRawBufferPointer(start: found.payload, count: found.size)
        return try unsafe body(
            RecordView(
                sequence: SequenceNumber(rawValue: found.sequence), time: Timestamp(rawValue: found.time),
                payload: RawSpan(_unsafeBytes: bytes)))
    }

    /// Returns the gap that ``takeEntry()`` found instead of a record.
    @usableFromInline
    func takeGap() -> LogGap? {
        defer { foundGap = nil }
        return foundGap
    }

    /// Returns the next record, or `none` if there is a gap before it or no record yet.
    @usableFromInline
    func takeEntry() throws(WALError) -> Found {
        if let found = takeFast() { return found }
        return try takeSlow()
    }

    /// Returns the next record, or `none` if there is no record yet. Throws at a gap that may be a loss.
    @usableFromInline
    func take() throws(WALError) -> Found {
        if let found = takeFast() { return found }
        while true {
            let found = try takeSlow()
            guard unsafe found.payload == nil, let gap = takeGap() else { return found }
            if gap.isLoss { throw .gap(gap) }
        }
    }

    /// Verifies the next record and moves past it.
    ///
    /// Most records follow each other frame by frame. This path avoids optionals, reference counts and locks, which
    /// together cost several times as much as the checksum.
    @inline(__always)
    private func takeFast() -> Found? {
        guard offset < run.end, let base = unsafe run.base else { return nil }
        let frame = unsafe base + offset
        guard
            unsafe FrameValidity.isRecord(
                commitWord: CommitWord.load(frame), frame: frame, offset: offset, limit: run.limit,
                seed: run.seed, recordIndexMin: recordIndex)
        else { return nil }
        let header = unsafe FrameHeader(frame)
        // A higher index means that there is a gap before the record.
        guard header.recordIndex == recordIndex, recordIndex < UInt32(SegmentHeader.recordCountMax) else { return nil }
        offset += header.size
        recordIndex &+= 1
        return unsafe Found(
            sequence: run.baseSequence &+ UInt64(header.recordIndex), time: header.time,
            payload: frame + Frame.Offset.body, size: header.bodySize)
    }

    /// Suspends until ``nextEntry()`` may have a result.
    ///
    /// - Throws:
    ///   - ``WALError/Code/closed`` if the log was closed.
    ///   - ``WALError/Code/cancelled`` if the task was canceled.
    ///   - ``WALError/Code/directoryGone`` if the log's directory is no longer in its place.
    public func waitForMore() async throws(WALError) {
        let position = current.map { $0.segment.position(at: offset) } ?? 0
        let (segment, end) = (isAtEmptyPlace ? current : nil, offset)
        try await source.waitForMore(
            behind: position, durable: durablePosition, from: nextSequence.rawValue, visibility: visibility
        ) { segment?.hasFrame(at: end) ?? false }
    }

    func switchTo(_ segment: ReadableSegment?) {
        run = RecordRun()
        readAhead.leaveSegment()
        retain(current?.memory)
        current = segment
    }

    /// Keeps memory that a view may point into. Call this before releasing the memory.
    func retain(_ memory: AnyObject?) {
        if unsafe !isLending { retainedBuffers.removeAll() } else if let memory { retainedBuffers.append(memory) }
    }
}
