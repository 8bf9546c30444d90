import CWALShims
import Testing

@testable import WAL

@Suite struct ChecksumTests {
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
        // Each implementation, at the lengths where it begins, changes and ends.
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

    /// The checksum of a body at its source address must equal the checksum of the frame in the file.
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
}
