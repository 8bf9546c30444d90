/// One consumer's walk through a log, in order, every checksum verified.
///
/// Not thread-safe: it belongs to one task or thread at a time. While it exists, the segment that it is in, and those
/// behind, aren't removed by the log that made it.
public final class LogReader {
    private let source: any SegmentSource
    private let visibility: ReadVisibility
    private var place: Place
    private var current: ReadableSegment?
    private var offset = SegmentHeader.size
    private var recordIndex: UInt32 = 0
    private var durablePosition: UInt64 = 0
    private var stretch = Stretch()
    private var readAhead = ReadAhead()
    private var batch = PendingBatch()
    /// Memory that was left while a view of it was handed out.
    private var lent: [AnyObject] = []
    /// Whether a view is handed out: what it shows must stay, even if the reader is used meanwhile.
    @usableFromInline @exclusivity(unchecked) var isLending = false

    private enum Place {
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

    init(_ source: any SegmentSource, from sequence: UInt64, visibility: ReadVisibility) {
        self.source = source
        self.visibility = visibility
        place = .sequence(sequence)
    }

    init(_ source: any SegmentSource, since time: Int64, visibility: ReadVisibility) {
        self.source = source
        self.visibility = visibility
        place = .time(time)
    }

    deinit {
        source.unpin(ObjectIdentifier(self))
    }

    /// The sequence number that the next record has at least.
    public var nextSequence: SequenceNumber {
        if batch.recordCount > 0 { return SequenceNumber(rawValue: batch.sequence) }
        let reached = current.map { $0.segment.header.baseSequence + UInt64(recordIndex) } ?? 0
        if case .sequence(let wanted) = place { return SequenceNumber(rawValue: max(wanted, reached)) }
        return SequenceNumber(rawValue: reached)
    }

    /// Hands the next record to `body`, in place. Returns nil when there is none, yet.
    ///
    /// Throws `corrupted` where the bytes are not what was written: opening the log with ``WriteAheadLog/RecoveryScope/everything``
    /// keeps them aside and goes on behind.
    @inlinable
    public func next<Result>(_ body: (borrowing RecordView) -> Result) throws(WALError) -> Result? {
        let found = try take()
        guard let payload = unsafe found.payload else { return nil }
        let wasLending = unsafe isLending
        unsafe isLending = true
        defer { unsafe isLending = wasLending }
        let bytes = unsafe UnsafeRawBufferPointer(start: payload, count: found.size)
        return unsafe body(
            RecordView(
                sequence: SequenceNumber(rawValue: found.sequence), time: Timestamp(rawValue: found.time),
                payload: RawSpan(_unsafeBytes: bytes)))
    }

    /// Verifies the next record and goes on behind it. Most are one frame behind another: they meet no optional, no reference
    /// count and no lock, which together cost several times what the checksum does.
    @usableFromInline
    func take() throws(WALError) -> Found {
        if offset < stretch.end, let base = unsafe stretch.base {
            let frame = unsafe base + offset
            if unsafe FrameValidity.isRecord(
                commitWord: CommitWord.load(frame), frame: frame, offset: offset, limit: stretch.limit,
                seed: stretch.seed, recordIndexMin: recordIndex)
            {
                let header = unsafe FrameHeader(frame)
                offset += header.size
                recordIndex = header.recordIndex &+ 1
                return unsafe Found(
                    sequence: stretch.baseSequence &+ UInt64(header.recordIndex), time: header.time,
                    payload: frame + Frame.Offset.body, size: header.bodySize)
            }
        }
        return try search()
    }

    private func search() throws(WALError) -> Found {
        while true {
            if batch.recordCount > 0 {
                if let found = takeFromBatch() { return found }
                continue
            }
            if current == nil { try locate() }
            guard let segment = current else { return .none }
            if visibility == .durable, !isDurable(segment) { return .none }
            try segment.loadFrame(at: offset)
            let outcome = unsafe check(segment)
            switch unsafe outcome {
            case .valid(let frame):
                let header = unsafe frame.header
                if header.kind == .footer {
                    guard try moveOn(from: segment) else { return .none }
                    continue
                }
                let sequence = segment.segment.header.baseSequence + UInt64(header.recordIndex)
                offset += header.size
                recordIndex = header.recordIndex
                if header.kind == .record {
                    recordIndex &+= 1
                    guard isWanted(sequence, header.time) else { continue }
                    try beginStretch(segment)
                    return unsafe Found(
                        sequence: sequence, time: header.time, payload: frame.body.baseAddress,
                        size: frame.body.count)
                }
                if header.kind == .batch {
                    guard let content = unsafe BatchBody.decode(frame.body) else {
                        throw corrupted(segment, .body)
                    }
                    unsafe begin(content, sequence: sequence, time: header.time)
                }
            case .empty, .atLimit:
                if let footer = segment.footer, offset < footer.offset { throw corrupted(segment, .length) }
                if try moveOn(from: segment) { continue }
                guard try source.isReplaced(segment) else { return .none }
                locateAgain()
            case .invalid(let reason):
                guard try source.isReplaced(segment) else { throw corrupted(segment, reason) }
                locateAgain()
            }
        }
    }

    /// The next record with a copy of its payload. Returns nil when there is none, yet.
    public func next() throws(WALError) -> LogRecord? {
        try next { view in LogRecord(view) }
    }

    /// Suspends until ``next(_:)`` may have something.
    ///
    /// Throws `closed` when the log was closed, and `cancelled` when the task was.
    public func waitForMore() async throws(WALError) {
        let position = current.map { $0.segment.position(at: offset) } ?? 0
        try await source.waitForMore(behind: position, from: nextSequence.rawValue, visibility: visibility)
    }

    private func segmentOfPlace() throws(WALError) -> ReadableSegment? {
        switch place {
        case .sequence(let sequence): try source.segment(containing: sequence)
        case .time(let time): try source.segment(since: time)
        }
    }

    private func locate() throws(WALError) {
        guard let found = try segmentOfPlace() else { return }
        enter(found)
        // Before it was kept, retention may have removed it. What is found from here on stays.
        guard !source.isRemoved(found) else {
            show(nil)
            return try locate()
        }
        switch place {
        case .sequence(let sequence): (offset, recordIndex) = try found.start(for: sequence)
        case .time(let time): (offset, recordIndex) = try found.start(since: time)
        }
    }

    /// What is mapped may not be what is on the disk any more.
    private func locateAgain() {
        // Nothing of the wanted time was found yet, where it is still looked for: then from the beginning.
        if case .sequence = place { place = .sequence(nextSequence.rawValue) }
        show(nil)
    }

    private func enter(_ segment: ReadableSegment) {
        source.pin(ObjectIdentifier(self), at: segment.segment.number)
        show(segment)
        offset = SegmentHeader.size
        recordIndex = 0
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

    private func moveOn(from segment: ReadableSegment) throws(WALError) -> Bool {
        guard let next = try source.successor(of: segment, endingAt: offset) else { return false }
        enter(next)
        return true
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
