import Foundation

@testable import WAL

/// A segment that a test builds frame by frame. The running kernel has written it. A frame states that anything was
/// durable only if the test gives a distance.
struct BuiltSegment {
    private static let capacity = 64 << 10

    let header: SegmentHeader
    /// The header and the frames.
    private var bytes: [UInt8]
    /// The end of the frames before the footer, with the records that are claimed or stated to be missing.
    private(set) var end = SegmentEnd(offset: SegmentHeader.size, recordCount: 0)
    private var isSealed = false

    init(_ number: UInt64, after previous: BuiltSegment? = nil) {
        var header = SegmentHeader(
            logID: LogID(low: 1, high: 2), segmentNumber: number, incarnation: 100 &+ number,
            capacity: UInt64(Self.capacity), state: .active)
        header.baseSequence = 1
        header.bootID = .current
        if let previous {
            header.predecessor = previous.header.asPredecessor(endingAt: previous.end)
            header.baseSequence = header.predecessor.finalSequence + 1
            header.basePosition = previous.header.position(at: previous.end.offset)
        }
        let written = header
        var bytes = [UInt8](repeating: 0, count: SegmentHeader.size)
        bytes.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { written.encode(to: base) }
        }
        self.header = header
        self.bytes = bytes
    }

    /// Adds a frame that stands for a number of records.
    mutating func add(
        _ kind: Frame.Kind, _ body: [UInt8] = [], records: UInt64,
        durableDistance: UInt32 = Frame.durableDistanceUnknown
    ) {
        addFrame(kind, body, durableDistance)
        end = SegmentEnd(offset: bytes.count, recordCount: end.recordCount + records)
    }

    /// Adds a place that a producer claimed and never committed.
    mutating func abandon(byteCount: Int, records: UInt64) {
        bytes += [UInt8](repeating: 0, count: byteCount)
        end = SegmentEnd(offset: bytes.count, recordCount: end.recordCount + records)
    }

    /// Adds the footer.
    mutating func seal() {
        addFrame(.footer, SegmentSummary(header).footer(at: end, after: Markers()).encodeBody())
        isSealed = true
    }

    /// Changes one of the header's two copies.
    mutating func damageHeader() {
        bytes[100] ^= 1
    }

    private mutating func addFrame(
        _ kind: Frame.Kind, _ body: [UInt8], _ durableDistance: UInt32 = Frame.durableDistanceUnknown
    ) {
        let seed = Frame.seed(logID: header.logID, incarnation: header.incarnation)
        let (index, offset) = (UInt32(end.recordCount), bytes.count)
        let frame = body.withUnsafeBytes { body in
            Frame.encode(
                kind: kind, recordIndex: index, durableDistance: durableDistance, time: 1, body: body, seed: seed,
                offset: offset)
        }
        bytes += frame
    }

    /// Writes a log's segments to a new directory.
    static func write(_ segments: [BuiltSegment]) throws -> TemporaryDirectory {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        for segment in segments {
            let unused = segment.isSealed ? 0 : capacity - segment.bytes.count
            let url = URL(filePath: directory.path + "/" + SegmentName.of(segment.header.segmentNumber))
            try Data(segment.bytes + [UInt8](repeating: 0, count: unused)).write(to: url)
        }
        return directory
    }
}
