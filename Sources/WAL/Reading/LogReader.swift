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
    private var batch: PendingBatch?

    private enum Place {
        /// Records from this sequence number on.
        case sequence(UInt64)
        /// Records from the first one of this time or later on.
        case time(Int64)
    }

    /// A batch that has been verified and not been handed out whole.
    @safe
    private struct PendingBatch {
        var content: BatchBody.Content
        var firstSequence: UInt64
        var time: Int64
        var next = 0
        var payloadOffset: Int
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
        if let batch = batch { return SequenceNumber(rawValue: batch.firstSequence + UInt64(batch.next)) }
        let reached = current.map { $0.segment.header.baseSequence + UInt64(recordIndex) } ?? 0
        if case .sequence(let wanted) = place { return SequenceNumber(rawValue: max(wanted, reached)) }
        return SequenceNumber(rawValue: reached)
    }

    /// Hands the next record to `body`, in place. Returns nil when there is none, yet.
    ///
    /// Throws `corrupted` where the bytes are not what was written: opening the log with ``WriteAheadLog/RecoveryScope/everything``
    /// keeps them aside and goes on behind.
    public func next<Result>(_ body: (borrowing RecordView) -> Result) throws(WALError) -> Result? {
        while true {
            if batch != nil {
                if let result = nextOfBatch(body) { return result }
                continue
            }
            if current == nil { current = try locate() }
            guard let segment = current else { return nil }
            if visibility == .durable, !isDurable(segment) { return nil }
            let outcome = unsafe check(segment)
            switch unsafe outcome {
            case .valid(let frame):
                let header = unsafe frame.header
                if header.kind == .footer {
                    guard try moveOn(from: segment) else { return nil }
                    continue
                }
                let sequence = segment.segment.header.baseSequence + UInt64(header.recordIndex)
                offset += header.size
                recordIndex = header.recordIndex
                if header.kind == .record {
                    recordIndex &+= 1
                    guard isWanted(sequence, header.time) else { continue }
                    let view = unsafe RecordView(
                        sequence: SequenceNumber(rawValue: sequence), time: Timestamp(rawValue: header.time),
                        payload: RawSpan(_unsafeBytes: frame.body))
                    return body(view)
                }
                if header.kind == .batch {
                    guard let content = unsafe BatchBody.decode(frame.body) else {
                        throw corrupted(segment, .body)
                    }
                    recordIndex = unsafe UInt32(clamping: Int(recordIndex) + content.sizes.count)
                    batch = unsafe PendingBatch(
                        content: content, firstSequence: sequence, time: header.time,
                        payloadOffset: content.payloadOffset)
                }
            case .empty, .atLimit:
                if let footer = segment.footer, offset < footer.offset { throw corrupted(segment, .length) }
                if try moveOn(from: segment) { continue }
                guard try source.isReplaced(segment) else { return nil }
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

    private func locate() throws(WALError) -> ReadableSegment? {
        let found: ReadableSegment?
        switch place {
        case .sequence(let sequence): found = try source.segment(containing: sequence)
        case .time(let time): found = try source.segment(since: time)
        }
        guard let found else { return nil }
        enter(found)
        switch place {
        case .sequence(let sequence): (offset, recordIndex) = found.start(for: sequence)
        case .time(let time): (offset, recordIndex) = found.start(since: time)
        }
        return found
    }

    /// What is mapped may not be what is on the disk any more.
    private func locateAgain() {
        // Nothing of the wanted time was found yet, where it is still looked for: then from the beginning.
        if case .sequence = place { place = .sequence(nextSequence.rawValue) }
        current = nil
    }

    private func enter(_ segment: ReadableSegment) {
        source.pin(ObjectIdentifier(self), at: segment.segment.number)
        current = segment
        offset = SegmentHeader.size
        recordIndex = 0
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

    private func nextOfBatch<Result>(_ body: (borrowing RecordView) -> Result) -> Result? {
        guard var pending = batch, unsafe pending.next < pending.content.sizes.count else {
            batch = nil
            return nil
        }
        let size = unsafe pending.content.sizes[pending.next]
        let start = pending.payloadOffset
        let sequence = pending.firstSequence + UInt64(pending.next)
        pending.next += 1
        pending.payloadOffset += size
        batch = pending
        guard isWanted(sequence, pending.time) else { return nil }
        func view(_ content: UnsafeRawBufferPointer) -> Result {
            let payload = unsafe UnsafeRawBufferPointer(rebasing: content[start..<start + size])
            return unsafe body(
                RecordView(
                    sequence: SequenceNumber(rawValue: sequence), time: Timestamp(rawValue: pending.time),
                    payload: RawSpan(_unsafeBytes: payload)))
        }
        if let content = unsafe pending.content.inPlace { return unsafe view(content) }
        return unsafe pending.content.storage.withUnsafeBytes { unsafe view($0) }
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
