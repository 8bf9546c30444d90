/// A frame in a segment's file, or the place of bytes that aren't a frame.
package struct FrameInfo: Sendable {
    /// The number of the segment.
    package var segment: UInt64
    /// The offset within the segment, as if it weren't compressed.
    package var offset: Int
    /// The size with padding. 0 for bytes that aren't a frame.
    package var size: Int
    /// The kind, or nil for bytes that aren't a frame.
    package var kind: String?
    /// The number of the first record at or after the frame.
    package var sequence: SequenceNumber
    /// The number of records in the frame.
    package var recordCount: Int
    /// The time. Nil for bytes that aren't a frame.
    package var time: Timestamp?
    /// The log position that was durable when the frame was written. Nil if the frame states none.
    package var durablePosition: UInt64?
    /// The reason why the bytes aren't a frame: the unmet condition of FORMAT.md. Nil for a valid frame.
    package var problem: String?
}

extension ReadOnlyLog {
    /// Calls a closure with each frame of the log's segments, in order, and with the place after a segment's frames if
    /// other bytes follow them.
    ///
    /// - Parameters:
    ///   - number: The only segment to read; nil for all.
    ///   - body: Returns false to end the walk.
    package func forEachFrame(
        inSegment number: UInt64? = nil, _ body: (FrameInfo) throws -> Bool
    ) throws {
        for each in try source.directory.segmentNumbers() where number == nil || number == each {
            // Ask first: without a writer, the segment that is opened then doesn't change.
            let isWritten = DirectoryLock.isHeld(in: source.directory)
            guard let segment = try source.readable(each) else { continue }
            guard try Self.walk(segment, isWritten: isWritten, body) else { return }
        }
    }

    private static func walk(
        _ segment: ReadableSegment, isWritten: Bool, _ body: (FrameInfo) throws -> Bool
    ) throws -> Bool {
        let header = segment.segment.header
        var offset = SegmentHeader.size
        var recordIndex: UInt32 = 0
        while offset + Frame.headerSize <= segment.limit {
            var info = FrameInfo(
                segment: segment.segment.number, offset: offset, size: 0,
                sequence: SequenceNumber(rawValue: header.baseSequence + UInt64(recordIndex)), recordCount: 0)
            switch unsafe try segment.check(at: offset, recordIndexMin: recordIndex) {
            case .atLimit: return true
            case .empty:
                guard try hasMore(segment, after: offset, recordIndex, isWritten: isWritten) else { return true }
                info.problem = FrameValidity.Reason.commitWord.rawValue
                return try body(info)
            case .invalid(let reason):
                info.problem = reason.rawValue
                return try body(info)
            case .valid(let frame):
                let content = unsafe frame.header
                recordIndex = content.recordIndex
                switch unsafe FrameValidity.body(frame, offset: offset, baseSequence: header.baseSequence) {
                case .record: info.recordCount = 1
                case .batch(let batch): info.recordCount = unsafe batch.recordCount
                case .footer, .other: break
                case nil: info.problem = FrameValidity.Reason.body.rawValue
                }
                info.size = content.size
                info.kind = content.kind.name
                info.sequence = SequenceNumber(rawValue: header.baseSequence + UInt64(recordIndex))
                info.time = Timestamp(rawValue: content.time)
                info.durablePosition = content.durablePosition(at: segment.segment.position(at: offset))
                guard try body(info) else { return false }
                if info.problem != nil || content.kind == .footer { return true }
                recordIndex += UInt32(info.recordCount)
                offset += content.size
            }
        }
        return true
    }

    /// Whether a segment has frames after a place where nothing was committed. In an unsealed segment of a live writer,
    /// a producer may be about to commit there.
    private static func hasMore(
        _ segment: ReadableSegment, after offset: Int, _ recordIndex: UInt32, isWritten: Bool
    ) throws(WALError) -> Bool {
        // A segment is sealed, and compressed, only when all of it is committed.
        if segment.footer != nil || segment.isCompressed { return true }
        if isWritten { return false }
        return try segment.hasFrame(after: offset, recordIndexMin: recordIndex)
    }
}

extension Frame.Kind {
    /// The name in FORMAT.md.
    fileprivate var name: String {
        switch self {
        case .record: "record"
        case .batch: "batch"
        case .void: "void"
        case .lost: "lost"
        case .syncMark: "sync mark"
        case .cursors: "cursors"
        case .recovery: "recovery"
        case .footer: "footer"
        default: "kind \(rawValue)"
        }
    }
}
