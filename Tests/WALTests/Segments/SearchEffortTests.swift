import Testing

@testable import WAL

/// A search computes the checksum of everything that looks like a frame. Bytes that are made for this must not take
/// hours at each opening, and other damage must not use up the limit, because the search ends there.
@Suite struct SearchEffortTests {
    private static let size = 128 << 10
    /// The number of sync marks, with 128 bytes after each.
    private static let markCount = size / 256

    private static func gaps(_ segment: HandmadeSegment) throws -> [SegmentScan.Gap] {
        try segment.bytes.withUnsafeBytes { bytes in
            try SegmentScan(SegmentBytes(bytes), header: segment.header).gaps
        }
    }

    private static func segment(_ between: (_ room: Int) -> [UInt8]) -> HandmadeSegment {
        var segment = HandmadeSegment(capacity: size)
        for _ in 0..<markCount {
            segment.add(.syncMark)
            segment.add(raw: between(size - segment.bytes.count - 512))
        }
        segment.add(.syncMark)
        segment.fill()
        return segment
    }

    /// Each of 16 words looks like the start of a frame up to the end of the file.
    @Test func theLimitHoldsForAllSearchesTogether() throws {
        let gaps = try Self.gaps(
            Self.segment { room in
                var bytes: [UInt8] = []
                for _ in 0..<16 { bytes.add(UInt64(room & ~0xFF | 0x81)) }
                return bytes
            })
        // Two searches take up the limit of 16 files.
        #expect(gaps.count <= 4)
        #expect(gaps.last?.next == nil)
    }

    /// The same at each break itself, before a search begins. The record index of some is too high.
    @Test(arguments: [0, 1 << 26 + 1] as [UInt32]) func theLimitHoldsForTheBreaks(recordIndex: UInt32) throws {
        let gaps = try Self.gaps(Self.segment { Self.header($0, recordIndex, .record) })
        #expect(gaps.count <= 64)
        #expect(gaps.last?.next == nil)
    }

    /// Most damaged bytes have no possible kind or record index. So they cost nothing, and all frames are found.
    @Test(arguments: [(0, 5), (1 << 26 + 1, 0x81), (.max, 0x90)] as [(UInt32, UInt8)])
    func otherDamageCostsNothing(recordIndex: UInt32, kind: UInt8) throws {
        let segment = Self.segment { Self.header($0, recordIndex, Frame.Kind(rawValue: kind)) }
        let gaps = try Self.gaps(segment)
        // One more for the zeros at the end.
        #expect(gaps.count == Self.markCount + 1)
        #expect(gaps.dropLast().allSatisfy { $0.next == $0.offset + Self.headerSize })
    }

    private static let headerSize = 128

    /// The header of a frame, without its checksum, and zeros after it.
    private static func header(_ length: Int, _ recordIndex: UInt32, _ kind: Frame.Kind) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.add(UInt32(length))
        bytes.add(1 as UInt32)
        bytes.add(recordIndex)
        bytes.add(Frame.durableDistanceUnknown)
        bytes.add(UInt64(kind.rawValue))
        return bytes + [UInt8](repeating: 0, count: headerSize - bytes.count)
    }
}
