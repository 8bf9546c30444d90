/// One consumer's walk through a log, in order, every checksum verified.
///
/// Gives each record that can be read, and each gap in the sequence numbers where records should be: as an entry
/// (``next(_:gap:)``, ``nextEntry()``) or, for those who want records alone, as an error (``next(_:)``, ``next()``).
///
/// Not thread-safe: it belongs to one task or thread at a time. While it exists, the segment that it is in, and those
/// behind, aren't removed by the log that made it.
public final class LogReader {
    private let source: any SegmentSource
    private let visibility: ReadVisibility
    private var place: Place
    private var current: ReadableSegment?
    private var offset = SegmentHeader.size
    /// The records of the current segment that are accounted for, by records or gaps.
    private var recordIndex: UInt32 = 0
    private var durablePosition: UInt64 = 0
    private var stretch = Stretch()
    private var readAhead = ReadAhead()
    private var batch = PendingBatch()
    private var gaps = GapTeller()
    /// The gap that comes next, for whoever asked.
    private var foundGap: LogGap?
    /// The frame at `offset` was found by the index, and none was read since.
    private var isAtIndexEntry = false
    /// How often a place was looked at in vain.
    private var tries = 0
    /// Memory that was left while a view of it was handed out.
    private var lent: [AnyObject] = []
    /// Whether a view is handed out: what it shows must stay, even if the reader is used meanwhile.
    @usableFromInline @exclusivity(unchecked) var isLending = false

    private static let triesMax = 8

    private enum Place {
        /// Records from the first one that is there.
        case start
        /// Records from this sequence number on.
        case sequence(UInt64)
        /// Records from the first one of this time or later on.
        case time(Int64)
    }

    /// Where single records of the current segment can be taken one after another without asking anything else: all of them
    /// are wanted, and may be shown.
    @safe
    private struct Stretch {
        /// Belongs to the current segment's mapping.
        var base: UnsafeRawPointer?
        /// Frames start before this offset; 0 for none.
        var end = 0
        /// Frames end here at the latest.
        var limit = 0
        var seed: UInt32 = 0
        var baseSequence: UInt64 = 0
    }

    /// How far the current segment was read in. More each time: who reads one record doesn't want megabytes.
    private struct ReadAhead {
        private var end = 0
        private var size = sizeMin

        private static let sizeMin = 64 << 10
        private static let sizeMax = 2 << 20

        /// Where what is there ends, at or behind `offset`.
        mutating func reach(_ offset: Int, in segment: ReadableSegment) throws(WALError) -> Int {
            guard !segment.isShared else { return .max }
            if offset >= end {
                let start = offset & ~(Self.sizeMin - 1)
                try segment.load(start..<start + size)
                end = start + size
                size = min(2 * size, Self.sizeMax)
            }
            return end
        }

        mutating func leaveSegment() { end = 0 }
    }

    /// What is left of a batch that has been verified.
    @safe
    private struct PendingBatch {
        /// Holds what was decompressed.
        var memory: BatchBody.Memory?
        var recordCount = 0
        /// The next record's size and payload.
        var size: UnsafeRawPointer?
        var payload: UnsafeRawPointer?
        var sequence: UInt64 = 0
        var time: Int64 = 0
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

    private var reached: UInt64 {
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
        if let found = takeFromStretch() { return found }
        return try search()
    }

    /// The next record; none where there is none, yet. Throws at a gap that may be a loss.
    @usableFromInline
    func take() throws(WALError) -> Found {
        if let found = takeFromStretch() { return found }
        while true {
            let found = try search()
            guard unsafe found.payload == nil, let gap = takeGap() else { return found }
            if gap.isLoss { throw .gap(gap) }
        }
    }

    /// Verifies the next record and goes on behind it. Most are one frame behind another: they meet no optional, no reference
    /// count and no lock, which together cost several times what the checksum does.
    @inline(__always)
    private func takeFromStretch() -> Found? {
        guard offset < stretch.end, let base = unsafe stretch.base else { return nil }
        let frame = unsafe base + offset
        guard
            unsafe FrameValidity.isRecord(
                commitWord: CommitWord.load(frame), frame: frame, offset: offset, limit: stretch.limit,
                seed: stretch.seed, recordIndexMin: recordIndex)
        else { return nil }
        let header = unsafe FrameHeader(frame)
        // With a higher index there is a gap before it.
        guard header.recordIndex == recordIndex, recordIndex < UInt32(ClaimWord.recordsMax) else { return nil }
        offset += header.size
        recordIndex &+= 1
        return unsafe Found(
            sequence: stretch.baseSequence &+ UInt64(header.recordIndex), time: header.time,
            payload: frame + Frame.Offset.body, size: header.bodySize)
    }

    /// Returns none where there is nothing, yet, and where there is a gap, which is then in `foundGap`.
    private func search() throws(WALError) -> Found {
        while true {
            if let gap = gaps.take() {
                foundGap = gap
                return .none
            }
            if batch.recordCount > 0 {
                if let found = takeFromBatch() { return found }
                continue
            }
            if current == nil {
                try locate()
                if gaps.next != nil { continue }
            }
            guard let segment = current else { return .none }
            if visibility == .durable, !isDurable(segment) { return .none }
            try segment.loadFrame(at: offset)
            switch unsafe check(segment) {
            case .valid(let frame):
                guard
                    let body = unsafe FrameValidity.body(
                        frame, offset: offset, baseSequence: segment.segment.header.baseSequence)
                else {
                    guard try goOn(from: segment, isEmpty: false, .body) else { return .none }
                    continue
                }
                if let found = unsafe try take(frame.header, body, of: segment) { return found }
                if case .footer = unsafe body, gaps.next == nil {
                    guard try goOn(from: segment, isFooter: true) else { return .none }
                }
            case .empty, .atLimit:
                guard try goOn(from: segment, isEmpty: true) else { return .none }
            case .invalid(let reason):
                guard try goOn(from: segment, isEmpty: false, reason) else { return .none }
            }
        }
    }

    /// Takes a valid frame: goes on behind it, unless it is a footer or tells of a gap before it.
    private func take(
        _ header: FrameHeader, _ body: FrameValidity.Body, of segment: ReadableSegment
    ) throws(WALError) -> Found? {
        let sequence = segment.segment.header.baseSequence + UInt64(header.recordIndex)
        if header.recordIndex > recordIndex {
            // A frame of those that the index says nothing of may tell why.
            guard !isAtIndexEntry else {
                begin(segment)
                return nil
            }
            gaps.add(
                from: reached, to: sequence,
                otherwise: .unexplained(segment: segment.segment.number, offset: offset))
            recordIndex = header.recordIndex
            // All of the gap comes before the record.
            stretch = Stretch()
            return nil
        }
        isAtIndexEntry = false
        gaps.passed(header.kind, segment: segment.segment.number, offset: offset)
        if case .footer = unsafe body { return nil }
        let start = offset
        offset += header.size
        tries = 0
        switch unsafe body {
        case .record:
            recordIndex = header.recordIndex + 1
            guard isWanted(sequence, header.time) else { return nil }
            try beginStretch(segment)
            let payload = unsafe UnsafeRawPointer(segment.mapping.base + start + Frame.Offset.body)
            return unsafe Found(sequence: sequence, time: header.time, payload: payload, size: header.bodySize)
        case .batch(let content): unsafe begin(content, sequence: sequence, time: header.time)
        case .footer, .other: break
        }
        return nil
    }

    /// Suspends until ``next(_:gap:)`` may have something.
    ///
    /// Throws `closed` when the log was closed, and `cancelled` when the task was.
    public func waitForMore() async throws(WALError) {
        let position = current.map { $0.segment.position(at: offset) } ?? 0
        try await source.waitForMore(behind: position, from: nextSequence.rawValue, visibility: visibility)
    }

    private func locate() throws(WALError) {
        let located =
            switch place {
            case .start: try source.segment(containing: nil)
            case .sequence(let sequence): try source.segment(containing: sequence)
            case .time(let time): try source.segment(since: time)
            }
        guard let located else { return }
        let found = located.segment
        enter(found)
        // Before it was kept, retention may have removed it. What is found from here on stays.
        guard !source.isRemoved(found) else {
            show(nil)
            return try locate()
        }
        gaps.known = located.gaps
        let base = found.segment.header.baseSequence
        switch place {
        case .start: place = .sequence(min(base, located.gaps.first?.first.rawValue ?? base))
        case .sequence(let sequence): (offset, recordIndex) = try found.start(for: sequence)
        case .time(let time): (offset, recordIndex) = try found.start(since: time)
        }
        isAtIndexEntry = offset > SegmentHeader.size
        if case .sequence(let wanted) = place, wanted < base {
            gaps.add(from: wanted, to: base, otherwise: .removed(before: found.segment.header))
        }
    }

    /// What is mapped may not be what is on the disk any more.
    private func locateAgain() {
        // Nothing of the wanted time was found yet, where it is still looked for: then from the beginning.
        if case .sequence = place { place = .sequence(nextSequence.rawValue) }
        show(nil)
    }

    /// Goes on from a place without a frame, or from a footer. Returns false where there is nothing more, yet.
    private func goOn(
        from segment: ReadableSegment, isEmpty: Bool = false, isFooter: Bool = false,
        _ reason: FrameValidity.Reason = .length
    ) throws(WALError) -> Bool {
        let place = ReadingPlace(offset: offset, isEmpty: isEmpty, isFooter: isFooter)
        let continuation = try source.continuation(of: segment, at: place)
        if !continuation.gaps.isEmpty { gaps.known = continuation.gaps }
        tries += 1
        if tries > Self.triesMax { throw corrupted(segment, reason) }
        switch continuation.step {
        case .end:
            tries = 0
            guard let gap = gaps.atEnd(from: reached) else { return false }
            if case .sequence = self.place { self.place = .sequence(gap.next.rawValue) }
            foundGap = gap
            return false
        case .damaged: throw corrupted(segment, reason)
        case .again: locateAgain()
        case .beginning: begin(segment)
        case .frame(let next):
            offset = next
            isAtIndexEntry = false
            stretch = Stretch()
        case .segment(let next): try enter(next, after: segment)
        }
        return true
    }

    /// Walks a segment from its first frame.
    private func begin(_ segment: ReadableSegment) {
        if case .sequence = place { place = .sequence(reached) }
        enter(segment)
    }

    private func enter(_ next: ReadableSegment, after segment: ReadableSegment) throws(WALError) {
        let header = next.segment.header
        let expected = reached
        if case .sequence = place { place = .sequence(expected) }
        enter(next)
        tries = 0
        guard header.baseSequence > expected else { return }
        let end = header.follows(segment.segment.header) ? header.predecessor.finalSequence + 1 : expected
        if end > expected {
            gaps.add(
                from: expected, to: min(end, header.baseSequence),
                otherwise: .unexplained(segment: segment.segment.number, offset: offset))
        }
        gaps.add(
            from: max(end, expected), to: header.baseSequence,
            otherwise: .skipped(before: header, isAcknowledged: try wasSkipped(before: next)))
    }

    /// Whether any of the numbers that a segment's beginning passes over had been acknowledged; nil where nothing tells.
    private func wasSkipped(before segment: ReadableSegment) throws(WALError) -> Bool? {
        try segment.loadFrame(at: SegmentHeader.size)
        let outcome = unsafe FrameValidity.check(
            segment.mapping.bytes, offset: SegmentHeader.size, seed: segment.segment.seed, recordIndexMin: 0)
        guard case .valid(let frame) = unsafe outcome, unsafe frame.header.kind == .recovery,
            let (findings, count) = unsafe RecoveryBody.decode(frame.body), count == findings.count,
            !findings.contains(where: \.isAcknowledged)
        else { return nil }
        return false
    }

    private func enter(_ segment: ReadableSegment) {
        source.pin(ObjectIdentifier(self), at: segment.segment.number)
        show(segment)
        offset = SegmentHeader.size
        recordIndex = 0
        isAtIndexEntry = false
    }

    private func show(_ segment: ReadableSegment?) {
        stretch = Stretch()
        readAhead.leaveSegment()
        keep(current?.mapping)
        current = segment
    }

    /// Called before memory of records is let go.
    private func keep(_ memory: AnyObject?) {
        if unsafe !isLending { lent.removeAll() } else if let memory { lent.append(memory) }
    }

    /// Called behind a wanted record: all that follow are.
    private func beginStretch(_ segment: ReadableSegment) throws(WALError) {
        let header = segment.segment.header
        let reach = try readAhead.reach(offset, in: segment)
        var limit = min(segment.mapping.size, Int(clamping: header.capacity)) & ~(Frame.alignment - 1)
        // What comes behind wasn't decompressed yet.
        if segment.isCompressed { limit = min(limit, reach) }
        var end = min(limit - Frame.headerSize + 1, reach)
        if visibility == .durable {
            end = min(end, Int(clamping: durablePosition) - Int(clamping: min(durablePosition, header.basePosition)))
        }
        stretch = unsafe Stretch(
            base: UnsafeRawPointer(segment.mapping.base), end: end, limit: limit, seed: segment.segment.seed,
            baseSequence: header.baseSequence)
    }

    private func isDurable(_ segment: ReadableSegment) -> Bool {
        let position = segment.segment.position(at: offset)
        if position >= durablePosition { durablePosition = source.durablePosition }
        return position < durablePosition || segment.footer.map { offset >= $0.offset } ?? false
    }

    @inline(__always)
    private func check(_ segment: ReadableSegment) -> FrameValidity.Outcome {
        let limit = min(segment.mapping.size, Int(clamping: segment.segment.header.capacity))
        guard offset + Frame.headerSize <= limit else { return unsafe .atLimit }
        let base = unsafe UnsafeRawPointer(segment.mapping.base)
        return unsafe FrameValidity.check(
            commitWord: CommitWord.load(base + offset), base: base, offset: offset, limit: limit,
            seed: segment.segment.seed, recordIndexMin: recordIndex)
    }

    /// Whether a record is behind the place that was asked for. Once one is, all are.
    @inline(__always)
    private func isWanted(_ sequence: UInt64, _ time: Int64) -> Bool {
        switch place {
        case .start: return true
        case .sequence(let wanted): return sequence >= wanted
        case .time(let wanted):
            guard time >= wanted else { return false }
            place = .sequence(sequence)
            return true
        }
    }

    private func begin(_ content: BatchBody.Content, sequence: UInt64, time: Int64) {
        stretch.end = 0
        keep(batch.memory)
        batch = unsafe PendingBatch(
            memory: content.memory, recordCount: content.recordCount, size: content.bytes.baseAddress,
            payload: content.bytes.baseAddress.map { unsafe $0 + content.payloadOffset }, sequence: sequence, time: time
        )
        recordIndex = UInt32(clamping: Int(recordIndex) + batch.recordCount)
    }

    /// Nil where the record isn't wanted.
    private func takeFromBatch() -> Found? {
        guard let sizeField = unsafe batch.size, let payload = unsafe batch.payload else {
            batch.recordCount = 0
            return nil
        }
        let found = unsafe Found(
            sequence: batch.sequence, time: batch.time, payload: payload, size: Int(sizeField.load(UInt32.self, at: 0)))
        batch.recordCount -= 1
        batch.sequence += 1
        unsafe batch.size = unsafe sizeField + 4
        unsafe batch.payload = unsafe payload + found.size
        return isWanted(found.sequence, found.time) ? found : nil
    }

    private func corrupted(_ segment: ReadableSegment, _ reason: FrameValidity.Reason) -> WALError {
        WALError(
            .corrupted,
            """
            \(segment.segment.path) is damaged at offset \(offset) (\(reason.rawValue)), at the record with sequence number \
            \(nextSequence). Open the log with the recovery scope `everything`, or run `wal repair`, to keep the damaged \
            bytes aside and go on behind them.
            """)
    }
}
