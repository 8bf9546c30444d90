internal import Synchronization

/// Follows the producers through the live segments: everything before it is committed without a gap. Only the leader of a
/// sync pass moves it.
struct CommitWalker {
    private(set) var live: LiveSegment
    private(set) var offset = SegmentHeader.size
    private(set) var recordIndex: UInt64 = 0
    private(set) var summary: SegmentSummary

    init(_ live: LiveSegment) {
        self.live = live
        summary = SegmentSummary(live.segment.header)
    }

    var position: UInt64 { live.segment.position(at: offset) }
    /// The sequence number of the last record before this place.
    var sequence: UInt64 { live.segment.header.baseSequence + recordIndex - 1 }
    var end: SegmentEnd { SegmentEnd(offset: offset, recordCount: recordIndex) }

    /// Goes on to the first frame that isn't committed.
    mutating func advance() {
        let limit = live.frameLimit
        while offset + Frame.headerSize <= limit {
            let frame = unsafe live.mapping.base + offset
            let word = unsafe CommitWord.load(frame)
            guard word != 0 else { return }
            let header = unsafe FrameHeader(frame)
            // Sealed, and nothing comes behind: the next segment wasn't there when the last pass looked.
            guard header.kind != .footer else { return }
            let body = unsafe UnsafeRawBufferPointer(start: frame + Frame.Offset.body, count: header.bodySize)
            recordIndex += UInt64(unsafe summary.add(header, body: body, offset: offset) ?? 0)
            offset += header.size
        }
    }
}

/// A segment that producers may be writing to, or whose frames haven't all been seen committed yet.
final class LiveSegment: Sendable {
    /// A sync of the file has failed, and must never be tried again.
    let hasFailedSync = Atomic<Bool>(false)
    let segment: Segment
    let file: File
    let mapping: Mapping
    let frameLimit: Int

    init(segment: Segment, file: File, mapping: Mapping) {
        self.segment = segment
        self.file = file
        self.mapping = mapping
        frameLimit = Segment.frameLimit(capacity: mapping.size)
    }
}

/// The first word of a frame, which makes the rest of it visible.
enum CommitWord {
    @inline(__always)
    static func load(_ frame: UnsafeRawPointer) -> UInt64 {
        unsafe UInt64(
            littleEndian: frame.assumingMemoryBound(to: Atomic<UInt64>.self).pointee.load(ordering: .acquiring))
    }

    @inline(__always)
    static func store(_ word: UInt64, to frame: UnsafeMutableRawPointer) {
        unsafe frame.assumingMemoryBound(to: Atomic<UInt64>.self).pointee
            .store(word.littleEndian, ordering: .releasing)
    }
}
