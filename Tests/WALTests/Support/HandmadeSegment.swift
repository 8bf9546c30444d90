import Foundation

@testable import WAL

/// A segment's file that no writer makes, with right checksums.
struct HandmadeSegment {
    let header: SegmentHeader
    private(set) var bytes: [UInt8]
    /// The number of records before the next frame.
    private(set) var recordCount: UInt32 = 0
    /// The end of the frames, without the footer.
    private(set) var end = SegmentHeader.size
    private let seed: UInt32

    static let anotherBoot = BootID(low: 1, high: 2)
    /// The time of a record.
    static func time(_ sequence: UInt64) -> Int64 { 1_700_000_000_000_000 + Int64(sequence) }

    init(capacity: Int = 64 << 10, bootID: BootID = .unknown, after predecessor: HandmadeSegment? = nil) {
        let number = (predecessor?.header.segmentNumber ?? 0) + 1
        var header = SegmentHeader(
            logID: LogID(low: 1, high: 2), segmentNumber: number, incarnation: 0x100 + number,
            capacity: UInt64(capacity), state: .active)
        header.baseSequence = 1
        header.bootID = bootID
        if let predecessor {
            header.baseSequence = predecessor.header.baseSequence + UInt64(predecessor.recordCount)
            header.basePosition = predecessor.header.position(at: predecessor.end)
            header.predecessor = predecessor.header.asPredecessor(
                endingAt: SegmentEnd(offset: predecessor.end, recordCount: UInt64(predecessor.recordCount)))
        }
        var bytes = [UInt8](repeating: 0, count: SegmentHeader.size)
        bytes.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { header.encode(to: base) }
        }
        self.header = header
        self.bytes = bytes
        seed = Frame.seed(logID: header.logID, incarnation: header.incarnation)
    }

    /// Adds a frame, and returns its offset. Without a record index, the frame has the number of records before it.
    @discardableResult
    mutating func add(
        _ kind: Frame.Kind, _ body: [UInt8] = [], recordIndex: UInt32? = nil,
        durableDistance: UInt32 = Frame.durableDistanceUnknown
    ) -> Int {
        let offset = bytes.count
        let index = recordIndex ?? recordCount
        let (seed, time) = (self.seed, Self.time(header.baseSequence + UInt64(index)))
        bytes += body.withUnsafeBytes { body in
            Frame.encode(
                kind: kind, recordIndex: index, durableDistance: durableDistance, time: time, body: body,
                seed: seed, offset: offset)
        }
        recordCount = kind == .record ? index + 1 : index
        if kind != .footer { end = bytes.count }
        return offset
    }

    /// Adds the footer. With the durable distance 0, it says that all frames before it are durable.
    mutating func seal(durableDistance: UInt32, index: [SegmentFooter.IndexEntry] = []) {
        let (first, count) = (header.baseSequence, UInt64(recordCount))
        let footer = SegmentFooter(
            offset: end, firstSequence: first, finalSequence: first + count - 1,
            firstTime: count > 0 ? Self.time(first) : 0, lastTime: count > 0 ? Self.time(first + count - 1) : 0,
            recordCount: count, payloadSize: 0, index: index, markers: Markers())
        add(.footer, footer.encodeBody(), durableDistance: durableDistance)
    }

    /// Adds bytes that aren't a frame.
    mutating func add(raw: [UInt8]) { bytes += raw }

    /// Adds zeros up to the capacity.
    mutating func fill() {
        bytes += [UInt8](repeating: 0, count: max(0, Int(header.capacity) - bytes.count))
    }

    /// Changes the byte at an offset.
    mutating func flip(_ offset: Int) { bytes[offset] ^= 0xFF }

    /// Writes the file into a directory, and makes the directory.
    func write(to directory: String, isCompressed: Bool = false) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let number = header.segmentNumber
        let name = isCompressed ? SegmentName.compressed(number) : SegmentName.of(number)
        try Data(isCompressed ? compressed : bytes).write(to: URL(filePath: directory + "/" + name))
    }

    /// The compressed segment's file, with blocks that are stored as they are.
    private var compressed: [UInt8] {
        var layout = CompressedLayout(header: Array(bytes[SegmentHeader.copySize..<SegmentHeader.size]))
        layout.size = bytes.count
        var file = [UInt8](repeating: 0, count: CompressedLayout.frameHeaderSize)
        for start in stride(from: 0, to: bytes.count, by: CompressedLayout.blockSize) {
            let block = bytes[start..<min(bytes.count, start + CompressedLayout.blockSize)]
            let sizeField = UInt32(block.count) | 1 << 31
            _ = layout.add(
                sizeField: sizeField, checksum: block.withUnsafeBytes { Checksum.of($0) }, at: file.count)
            file.add(sizeField)
            file += block
        }
        file += [UInt8](repeating: 0, count: CompressedLayout.frameEndSize)
        return file + layout.encodeTable()
    }
}
