import CWALShims
import Foundation
import Testing

@testable import WAL

/// The small parts that everything else trusts.
@Suite struct UnitTests {
    /// A file that is called otherwise is somebody else's, and no reason not to open.
    @Test func onlyDigitsAreANumber() {
        #expect(SegmentName.number("00000000000000000012.wal") == 12)
        for name in ["+0000000000000000012.wal", "-0000000000000000012.wal", "0000000000000000001a.wal", "12.wal"] {
            #expect(SegmentName.number(name) == nil)
        }
    }

    /// Pages that a sync took out of the page tables have what was stored, in memory and in the file, also where appending goes on.
    @Test func releasedPagesKeepTheirBytes() throws {
        let directory = TemporaryDirectory()
        let place = try Directory.make(directory.path)
        let size = 64 << 10
        let file = try File("pages", in: place, .create)
        try file.truncate(to: size)
        let mapping = try Mapping(file, size: size, isWritable: true)
        let expected = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) }
        let stored = size - 100
        mapping.base.copyMemory(from: expected, byteCount: stored)
        mapping.releasePages(in: 5000..<stored)
        (mapping.base + stored).copyMemory(from: Array(expected[stored...]), byteCount: size - stored)
        #expect(Array(mapping.bytes) == expected)
        mapping.releasePages(in: 0..<size * 2)
        #expect(try file.read(at: 0, count: size) == expected)
    }

    /// RFC 3720, section B.4.
    @Test func checksumsAreTheStandards() {
        let vectors: [([UInt8], UInt32)] = [
            ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
            ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
            ([UInt8](0..<32), 0x46dd_794e),
            ([UInt8]((0..<32).reversed()), 0x113f_db5c),
            ([UInt8]("123456789".utf8), 0xe306_9283),
        ]
        for (bytes, expected) in vectors {
            #expect(cwal_crc32c(0, bytes, bytes.count) == expected)
            #expect(cwal_crc32c_portable(0, bytes, bytes.count) == expected)
        }
        let bytes = (0..<9000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        // Each of the ways to go about it, at the lengths where it begins, changes and ends.
        for length in Array(0...600) + [1023, 2047, 2048, 2049, 2111, 2112, 4096, 4159, 8191, 9000] {
            let whole = cwal_crc32c_portable(0, bytes, length)
            #expect(cwal_crc32c(0, bytes, length) == whole)
            #expect(cwal_crc32c_narrow(0, bytes, length) == whole)
            let half = length / 2
            let rest = Array(bytes[half..<length])
            #expect(cwal_crc32c(cwal_crc32c(0, bytes, half), rest, rest.count) == whole)
            let place = UInt64(length) << 32 | 4711
            let placed = withUnsafeBytes(of: place.littleEndian) { cwal_crc32c_portable(1, $0.baseAddress, 8) }
            #expect(
                cwal_frame_checksum(1, place, bytes, length) == cwal_crc32c_portable(placed, bytes, length))
        }
    }

    /// A checksum that is taken from where the body comes from must be that of the frame as it lies in the file.
    @Test func aBodyHasTheSameChecksumWhereverItLies() {
        let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ 7) }
        for size in Array(0...600) + [3071, 3072, 3073, 4999] {
            var frame = [UInt8](repeating: 0xFF, count: Frame.size(bodySize: size))
            frame.withUnsafeMutableBytes { frame in
                guard let base = frame.baseAddress else { return }
                let room = ClaimedFrame(
                    at: base, offset: 4096, seed: 7, kind: .record, recordIndex: 3, durableDistance: 9,
                    time: -1_767_323_045_678_000, bodySize: size)
                let copied = bytes[..<size].withUnsafeBytes { room.copy($0) }
                let checksum = Frame.checksum(
                    seed: 7, offset: 4096, length: Frame.headerSize + size, frame: UnsafeRawPointer(base))
                #expect(copied == checksum)
                #expect(room.checksum() == checksum)
                let place = Frame.place(offset: 4096, length: Frame.headerSize + size)
                let (first, second) = (
                    Frame.indexAndDistance(3, 9), Frame.kindAndTime(.record, -1_767_323_045_678_000)
                )
                #expect(cwal_frame_checksum_of_body(7, place, first, second, bytes, size) == checksum)
            }
        }
    }

    @Test(arguments: [
        ("2011-09-30T22:38:44.546Z", Int64(1_317_422_324_546_000)), ("1970-01-01T00:00:00Z", 0),
        ("2000-02-29T12:00:00.123456+02:00", 951_818_400_123_456), ("1969-12-31T23:59:59.999999Z", -1),
    ])
    func timesAreReadAndWritten(_ text: String, _ microseconds: Int64) {
        #expect(Timestamp(text)?.rawValue == microseconds)
        let time = Timestamp(rawValue: microseconds)
        #expect(Timestamp(time.description) == time)
    }

    @Test(arguments: [
        "", "2011", "2011-02-29T00:00:00Z", "2011-09-30T24:00:00Z", "2011-09-30T22:38:44", "2011-09-30T22:38:44.Z",
        "2011-09-30T22:38:44Zx",
    ])
    func whatIsNoTimeIsRefused(_ text: String) {
        #expect(Timestamp(text) == nil)
    }

    /// An overflow of the offset into the count would give two records one number, or one place.
    @Test(arguments: [24, 4096, ClaimWord.additionSizeMax, ClaimWord.additionSizeMax + 8, 1 << 20])
    func claimsPastTheEndNeverOverflow(_ size: Int) async throws {
        let limit = 1 << 22
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
        defer { memory.deallocate() }
        let slots = AppendSlots(frameLimit: limit, base: memory)
        let slot = slots.all[0]
        for _ in 0..<20 {
            await Task.yield()
            slot.open(used: SegmentHeader.size)
            let claims = Monitor<[(Int, Int)]>([])
            let ends = Monitor<[SegmentEnd]>([])
            DispatchQueue.concurrentPerform(iterations: 16) { thread in
                while true {
                    // Some of another size, so that the end is crossed at different places.
                    let size = thread == 3 ? 48 : size
                    switch size <= ClaimWord.additionSizeMax
                        ? slot.claimByAddition(size: size) : slot.claimByExchange(size: size, records: 1)
                    {
                    case .claimed(let offset, let index): claims.withLock { $0.append((offset, index)) }
                    case .crossed(let end): return ends.withLock { $0.append(end) }
                    case .closed: return
                    }
                }
            }
            let all = claims.withLock { $0 }.sorted { $0.0 < $1.0 }
            #expect(all.map(\.1) == Array(0..<all.count))
            #expect(zip(all, all.dropFirst()).allSatisfy { $1.0 - $0.0 == size || $1.0 - $0.0 == 48 })
            let end = try #require(ends.withLock { $0 }.first)
            #expect(ends.withLock { $0.count } == 1)
            #expect(end.recordCount == UInt64(all.count) && end.offset <= limit)
            #expect(slot.close() == nil)
        }
        withExtendedLifetime(slots) {}
    }

    @Test func aSegmentTakesNoMoreRecordsThanItsWordCounts() {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
        defer { memory.deallocate() }
        let slots = AppendSlots(frameLimit: 1 << 22, base: memory)
        let slot = slots.all[0]
        for records in 1...2 {
            slot.open(used: SegmentHeader.size)
            guard case .claimed = slot.claimByExchange(size: 64, records: SegmentHeader.recordCountMax - 1),
                case .claimed = slot.claimByAddition(size: 64),
                case .crossed(let end) = records == 1
                    ? slot.claimByAddition(size: 64) : slot.claimByExchange(size: 64, records: records)
            else {
                Issue.record("the last record isn't taken, or one too many is")
                return
            }
            #expect(end.recordCount == UInt64(SegmentHeader.recordCountMax))
        }
    }
}
