/// A segment of an open log.
///
/// What never changes is here; what changes (its end, its footer) is in the engine's catalog.
final class Segment: Sendable {
    let header: SegmentHeader
    let path: String
    let isCompressed: Bool
    let seed: UInt32

    init(header: SegmentHeader, path: String) {
        self.header = header
        self.path = path
        isCompressed = SegmentName.isCompressed(path)
        seed = Frame.seed(logID: header.logID, incarnation: header.incarnation)
    }

    var number: UInt64 { header.segmentNumber }

    /// Where frames end at the latest: the footer must fit behind.
    static func frameLimit(capacity: Int) -> Int {
        (capacity - SegmentFooter.sizeMax(capacity: capacity)) & ~(Frame.alignment - 1)
    }

    /// The log position of an offset in this segment.
    func position(at offset: Int) -> UInt64 {
        header.basePosition + UInt64(offset)
    }
}

/// Where a segment's frames end, and the records in it.
struct SegmentEnd: Hashable {
    var offset: Int
    var recordCount: UInt64
}
