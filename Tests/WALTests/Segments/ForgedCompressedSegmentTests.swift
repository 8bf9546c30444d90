import Foundation
import TestSupport
import Testing
import WALTesting

@testable import WAL

/// A forged compressed file can state anything about its blocks, with right checksums. Nothing may stop the process, make it
/// allocate more than 255 times the file's size, or read out of bounds.
@Suite struct ForgedCompressedSegmentTests {
    @Test(arguments: 0..<(Torture.isLong ? 8 : 4) as Range<UInt64>) func anyTable(_ seed: UInt64) throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        let real = try Self.compressedFile()
        let path = directory.path + "/" + SegmentName.compressed(real.number)
        var generator = SeededGenerator(seed: seed)
        var wholeCount = 0
        for round in 0..<(Torture.isLong ? 150 : 40) {
            let bytes = Self.forged(real.bytes, &generator)
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let file = try File(path, .read)
            let segment = try CompressedSegment(file)
            if segment.isTableWhole { wholeCount += 1 }
            #expect(segment.size <= 255 * bytes.count)
            #expect(segment.size <= Int(SegmentHeader.lengthMax))
            for _ in 0..<4 {
                let offset = Int.random(in: 0...segment.size + 100_000, using: &generator)
                let room = UnsafeMutableRawBufferPointer.allocate(
                    byteCount: Int.random(in: 0...200_000, using: &generator), alignment: 8)
                defer { room.deallocate() }
                let count = try segment.read(at: offset, into: room)
                #expect(count == max(0, min(room.count, segment.size - offset)))
            }
            // A file with much output takes long, and isn't different from one with little.
            guard segment.size < 4 << 20 || round % 30 == 0 else { continue }
            _ = try Verification.verifyBlocking(at: directory.path)
            let log = try? ReadOnlyLog(at: directory.path)
            _ = try log?.segments
            if let log { _ = try? readAll(log.reader()) }
            if let log { _ = try? readAll(log.reader(since: .now)) }
            guard round % 10 == 0 else { continue }
            let writer = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
            _ = try readAll(writer.reader())
            try writer.closeBlocking()
            for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
                try FileManager.default.removeItem(atPath: directory.path + "/" + name)
            }
        }
        #expect(wholeCount > 0)
    }

    /// A file without a table may have as many blocks as a segment can have, and no more.
    @Test func moreBlocksThanASegmentHas() throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        var block: [UInt8] = []
        block.add(UInt32(258))
        block += [UInt8](repeating: 0xFF, count: 258)
        var bytes = [UInt8](repeating: 0, count: CompressedLayout.frameHeaderSize)
        for _ in 0..<(1 << 16) + 1000 { bytes += block }
        let path = directory.path + "/" + SegmentName.compressed(1)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let segment = try CompressedSegment(try File(path, .read))
        #expect(!segment.isTableWhole)
        #expect(segment.size <= Int(SegmentHeader.lengthMax))
    }

    private static func compressedFile() throws -> (number: UInt64, bytes: [UInt8]) {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 256 << 10
        configuration.sealedCompression = .lz4
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        for number in 0..<1000 { try log.appendBlocking(payload(number, size: 200)) }
        try log.rollBlocking()
        var name: String?
        try eventuallyBlocking {
            name = try FileManager.default.contentsOfDirectory(atPath: directory.path)
                .first { $0.hasSuffix(SegmentName.compressedSuffix) }
            return name != nil
        }
        try log.closeBlocking()
        let found = try #require(name)
        let number = try #require(SegmentName.number(found, suffix: SegmentName.compressedSuffix))
        return (number, [UInt8](try #require(FileManager.default.contents(atPath: directory.path + "/" + found))))
    }

    /// A file of some of the real blocks, or of invalid ones, in any order, with a table whose fields may match.
    private static func forged(_ real: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
        var layout = CompressedLayout(header: [UInt8](repeating: 0, count: SegmentHeader.copySize))
        if number(0...1) == 0 {
            layout.header = layout.header.map { _ in UInt8(truncatingIfNeeded: number(0...255)) }
        }
        var bytes = Array(real[..<CompressedLayout.frameHeaderSize])
        let firstSize = Int(real[15..<19].withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) } & ~(1 << 31))
        var offset = CompressedLayout.frameHeaderSize
        for index in 0..<number(0...6) {
            var content = (0..<number(0...3) * number(0...400)).map { _ in UInt8(truncatingIfNeeded: number(0...255)) }
            var flag = UInt32(number(0...1)) << 31
            if index == 0 || number(0...2) == 0 {
                content = Array(real[19..<19 + firstSize])
                flag = 0
            }
            var sizeField = UInt32(content.count) | flag
            let checksum = number(0...5) == 0 ? 0 : content.withUnsafeBytes { Checksum.of($0) }
            bytes.add(sizeField)
            bytes += content
            if number(0...20) == 0 {
                sizeField = [0, 1, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 31, 65536, 65537][number(0...6)]
            }
            offset = layout.add(sizeField: sizeField, checksum: checksum, at: offset)
        }
        bytes += [UInt8](repeating: 0, count: CompressedLayout.frameEndSize)
        let plain = layout.blocks.count * CompressedLayout.blockSize
        layout.size =
            switch number(0...8) {
            case 0: [0, 1, -1, Int.max, 1 << 32, (1 << 32) + 1, Int.min][number(0...6)]
            case 1: max(0, plain - CompressedLayout.blockSize)
            case 2: plain
            default: max(0, plain - number(0...CompressedLayout.blockSize - 1))
            }
        let fits = number(0...3) > 0
        if fits, let last = layout.blocks.last {
            layout.size = min(layout.size, max(0, plain - CompressedLayout.blockSize) + 255 * last.count)
        }
        var table = layout.encodeTable(size: UInt64(bitPattern: Int64(layout.size)))
        if number(0...3) == 0 {
            // Changes a field of the trailer, and corrects its checksum.
            let end = table.count
            let value = UInt32([0, 1, 0x7FFF_FFFF, 0xFFFF_FFFF, 65536, 65537, layout.blocks.count + 1][number(0...6)])
            let place = [0, 4, end - 24, end - 20, end - 16][number(0...4)]
            table.replaceSubrange(place..<place + 4, with: withUnsafeBytes(of: value.littleEndian, Array.init))
            let crc = table[..<(end - 12)].withUnsafeBytes { Checksum.of($0) }
            table.replaceSubrange(end - 12..<end - 8, with: withUnsafeBytes(of: crc.littleEndian, Array.init))
        }
        bytes += table
        if number(0...9) == 0 { bytes.removeLast(number(0...bytes.count)) }
        return bytes
    }
}

extension CompressedLayout {
    fileprivate func encodeTable(size: UInt64) -> [UInt8] {
        var layout = self
        layout.size = 0
        var bytes = layout.encodeTable()
        let end = bytes.count
        bytes.replaceSubrange(end - 24..<end - 16, with: withUnsafeBytes(of: size.littleEndian, Array.init))
        let crc = bytes[..<(end - 12)].withUnsafeBytes { Checksum.of($0) }
        bytes.replaceSubrange(end - 12..<end - 8, with: withUnsafeBytes(of: crc.littleEndian, Array.init))
        return bytes
    }
}
