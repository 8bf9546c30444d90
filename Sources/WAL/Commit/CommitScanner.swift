/// Scans the frames of the live segments in order, up to the first that isn't committed. Only the leader of a sync moves it.
struct CommitScanner {
    private(set) var live: LiveSegment
    private(set) var offset = SegmentHeader.size
    private(set) var recordIndex: UInt64 = 0
    private(set) var summary: SegmentSummary

    init(_ live: LiveSegment) {
        self.live = live
        summary = SegmentSummary(live.segment.header)
    }

    /// The position before which all frames are committed.
    var position: LogPosition { live.segment.logPosition(of: end) }
    var end: SegmentEnd { SegmentEnd(offset: offset, recordCount: recordIndex) }

    /// Moves to the first frame that isn't committed.
    mutating func advance() {
        let limit = live.frameLimit
        while offset + Frame.headerSize <= limit {
            let frame = unsafe live.mapping.base + offset
            let word = unsafe CommitWord.load(frame)
            guard word != 0 else { return }
            let header = unsafe FrameHeader(frame)
            // The segment is sealed, and the next one didn't exist at the end of the last round.
            guard header.kind != .footer else { return }
            let body = unsafe UnsafeRawBufferPointer(start: frame + Frame.Offset.body, count: header.bodySize)
            recordIndex += UInt64(unsafe summary.add(header, body: body, offset: offset) ?? 0)
            offset += header.size
        }
    }
}
