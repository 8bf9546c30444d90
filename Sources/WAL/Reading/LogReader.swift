/// One consumer's walk through a log, in order, every checksum verified.
///
/// Gives each record that can be read, and each gap in the sequence numbers where records should be: as an entry
/// (``next(_:gap:)``, ``nextEntry()``) or, for those who want records alone, as an error (``next(_:)``, ``next()``).
///
/// Not thread-safe: it belongs to one task or thread at a time. While it exists, the segment that it is in, and those
/// behind, aren't removed by the log that made it.
public final class LogReader {
    let source: any SegmentSource
    let visibility: ReadVisibility
    var place: Place
    var current: ReadableSegment?
    var offset = SegmentHeader.size
    /// The records of the current segment that are accounted for, by records or gaps.
    var recordIndex: UInt32 = 0
    /// Frames before this log position are durable: what the source said last.
    var durablePosition: UInt64 = 0
    var run = RecordRun()
    var readAhead = ReadAhead()
    var batch = PendingBatch()
    var gaps = GapReporter()
    /// The gap that comes next, for whoever asked.
    var foundGap: LogGap?
    /// The frame at `offset` was found by the index, and none was read since.
    var isAtIndexEntry = false
    /// How often a place was looked at in vain.
    var tries = 0
    /// Memory that was left while a view of it was handed out.
    private var retainedBuffers: [AnyObject] = []
    /// Whether a view is handed out: what it shows must stay, even if the reader is used meanwhile.
    @usableFromInline @exclusivity(unchecked) var isLending = false

    static let triesMax = 8

    /// Where single records of the current segment can be taken one after another without asking anything else: all of them
    /// are wanted, and may be shown.
    @safe
    struct RecordRun {
        /// Belongs to the current segment's mapping.
        var base: UnsafeRawPointer?
        /// Frames start before this offset; 0 for none.
        var end = 0
        /// Frames end here at the latest.
        var limit = 0
        var seed: UInt32 = 0
        var baseSequence: UInt64 = 0
    }

    enum Place {
        /// Records from the first one that is there.
        case start
        /// Records from this sequence number on.
        case sequence(UInt64)
        /// Records from the first one of this time or later on.
        case time(Int64)
    }

    /// A verified record.
    @usableFromInline @safe @frozen
    struct Found {
        @usableFromInline var sequence: UInt64
        @usableFromInline var time: Int64
        /// Nil for none. Valid until the reader is used again.
        @usableFromInline var payload: UnsafeRawPointer?
        @usableFromInline var size: Int

        @usableFromInline
        init(sequence: UInt64, time: Int64, payload: UnsafeRawPointer?, size: Int) {
            self.sequence = sequence
            self.time = time
            unsafe self.payload = unsafe payload
            self.size = size
        }

        static var none: Found { unsafe Found(sequence: 0, time: 0, payload: nil, size: 0) }
    }

    init(_ source: any SegmentSource, from sequence: UInt64?, visibility: ReadVisibility) {
        self.source = source
        self.visibility = visibility
        place = sequence.map { .sequence(max(1, $0)) } ?? .start
    }

    init(_ source: any SegmentSource, since time: Int64, visibility: ReadVisibility) {
        self.source = source
        self.visibility = visibility
        place = .time(time)
    }

    deinit {
        source.unpin(ObjectIdentifier(self))
    }

    /// The first sequence number that no record and no gap has accounted for.
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

    /// Hands the next record to `body`, in place, or the gap before it to `gap`. Returns nil when there is nothing, yet.
    @inlinable
    public func next<Result>(
        _ body: (borrowing RecordView) -> Result, gap: (LogGap) -> Result
    ) throws(WALError) -> Result? {
        let found = try takeEntry()
        guard unsafe found.payload != nil else { return takeGap().map(gap) }
        return lend(found, body)
    }

    /// The next record with a copy of its payload, or the gap before it. Returns nil when there is nothing, yet.
    public func nextEntry() throws(WALError) -> LogEntry? {
        try next({ .record(LogRecord($0)) }, gap: { .gap($0) })
    }

    /// Hands the next record to `body`, in place. Returns nil when there is none, yet.
    ///
    /// Throws `corrupted` or `removed` at a gap in which records that were acknowledged are missing, or may be: the error's
    /// ``WALError/gap`` tells which, and the next call goes on behind it. Numbers that nobody was given are passed over.
    @inlinable
    public func next<Result>(_ body: (borrowing RecordView) -> Result) throws(WALError) -> Result? {
        let found = try take()
        return unsafe found.payload == nil ? nil : lend(found, body)
    }

    /// The next record with a copy of its payload. Returns nil when there is none, yet. Throws as ``next(_:)``.
    public func next() throws(WALError) -> LogRecord? {
        try next { view in LogRecord(view) }
    }

    @inlinable
    func lend<Result>(_ found: Found, _ body: (borrowing RecordView) -> Result) -> Result {
        let wasLending = unsafe isLending
        unsafe isLending = true
        defer { unsafe isLending = wasLending }
        let bytes = unsafe UnsafeRawBufferPointer(start: found.payload, count: found.size)
        return unsafe body(
            RecordView(
                sequence: SequenceNumber(rawValue: found.sequence), time: Timestamp(rawValue: found.time),
                payload: RawSpan(_unsafeBytes: bytes)))
    }

    /// The gap that ``takeEntry()`` has found instead of a record.
    @usableFromInline
    func takeGap() -> LogGap? {
        defer { foundGap = nil }
        return foundGap
    }

    /// The next record; none where there is a gap before it, or nothing, yet.
    @usableFromInline
    func takeEntry() throws(WALError) -> Found {
        if let found = takeFast() { return found }
        return try takeSlow()
    }

    /// The next record; none where there is none, yet. Throws at a gap that may be a loss.
    @usableFromInline
    func take() throws(WALError) -> Found {
        if let found = takeFast() { return found }
        while true {
            let found = try takeSlow()
            guard unsafe found.payload == nil, let gap = takeGap() else { return found }
            if gap.isLoss { throw .gap(gap) }
        }
    }

    /// Verifies the next record and goes on behind it. Most are one frame behind another: they meet no optional, no reference
    /// count and no lock, which together cost several times what the checksum does.
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
        // With a higher index there is a gap before it.
        guard header.recordIndex == recordIndex, recordIndex < UInt32(SegmentHeader.recordCountMax) else { return nil }
        offset += header.size
        recordIndex &+= 1
        return unsafe Found(
            sequence: run.baseSequence &+ UInt64(header.recordIndex), time: header.time,
            payload: frame + Frame.Offset.body, size: header.bodySize)
    }

    /// Suspends until ``next(_:gap:)`` may have something.
    ///
    /// Throws `closed` when the log was closed, and `cancelled` when the task was.
    public func waitForMore() async throws(WALError) {
        let position = current.map { $0.segment.position(at: offset) } ?? 0
        try await source.waitForMore(behind: position, from: nextSequence.rawValue, visibility: visibility)
    }

    func switchTo(_ segment: ReadableSegment?) {
        run = RecordRun()
        readAhead.leaveSegment()
        retain(current?.memory)
        current = segment
    }

    /// Called before memory of records is let go.
    func retain(_ memory: AnyObject?) {
        if unsafe !isLending { retainedBuffers.removeAll() } else if let memory { retainedBuffers.append(memory) }
    }
}
