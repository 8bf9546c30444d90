/// The constant properties of a segment of an open log. Its stage is in its ``CatalogEntry``.
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

    /// The offset up to which frames may reach: the footer must fit after them.
    static func frameLimit(capacity: Int) -> Int {
        (capacity - SegmentFooter.sizeMax(capacity: capacity)) & ~(Frame.alignment - 1)
    }

    /// The log position of an offset in this segment.
    func position(at offset: Int) -> UInt64 {
        header.position(at: offset)
    }

    /// The log position after the last record before an end.
    func logPosition(of end: SegmentEnd) -> LogPosition {
        LogPosition(sequence: header.baseSequence + end.recordCount - 1, position: position(at: end.offset))
    }
}

/// The end of a segment's frames, and the number of its records.
struct SegmentEnd: Hashable {
    var offset: Int
    var recordCount: UInt64
}

extension SegmentHeader {
    /// The log position of an offset in this segment.
    func position(at offset: Int) -> UInt64 {
        basePosition + UInt64(offset)
    }

    /// Writes both copies to the start of a file, and zeros after them, `count` bytes together.
    func write(to file: File, count: Int = Self.size) throws(WALError) {
        var start = [UInt8](repeating: 0, count: count)
        unsafe start.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { unsafe encode(to: base) }
        }
        try file.write(start, at: 0)
    }

    /// The fields by which the next segment refers to this one.
    func asPredecessor(endingAt end: SegmentEnd) -> Predecessor {
        Predecessor(
            number: segmentNumber, incarnation: lineage, length: UInt64(end.offset),
            finalSequence: baseSequence + end.recordCount - 1)
    }
}
