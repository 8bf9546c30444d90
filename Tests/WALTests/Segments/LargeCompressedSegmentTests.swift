import Foundation
import Testing

@testable import WAL

/// A compressed segment of 18 MB can expand to 4 GiB. If a reader allocated that, a service with less memory would die at each
/// start.
@Suite struct LargeCompressedSegmentTests {
    private static let blockCount = CompressedLayout.countMax

    @Test(.timeLimit(.minutes(30)), arguments: Torture.isLong ? [true, false] : [true])
    func takesMemoryByTheBlock(endsInZeros: Bool) async throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        let file = Self.file(withLastBlock: endsInZeros ? 0 : 0x81)
        #expect(file.count < 20 << 20)
        try Data(file).write(to: URL(fileURLWithPath: directory.path + "/" + SegmentName.compressed(1)))
        let path = directory.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            for (resource, size) in [(RLIMIT_AS, 3 << 30), (RLIMIT_DATA, 512 << 20)] {
                var limit = rlimit(rlim_cur: rlim_t(size), rlim_max: rlim_t(size))
                #expect(setrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0)
            }
            let report = try await Verification.verify(at: path)
            #expect(report.findings.map(\.classification) == [.corruption])
            let reader = try ReadOnlyLog(at: path).reader()
            #expect(try reader.next()?.payload == [1, 2, 3])
            while try reader.nextEntry() != nil {}
            let log = try await WriteAheadLog.open(at: path, configuration: .small())
            #expect(log.recovery.findings.map(\.classification) == [.corruption])
            #expect(try log.reader().next()?.payload == [1, 2, 3])
            try await log.close()
            #expect(try await Verification.verify(at: path).findings.isEmpty)
        }
    }

    /// A record, and zeros up to the last block.
    private static func file(withLastBlock byte: UInt8) -> [UInt8] {
        var header = SegmentHeader(
            logID: .random(), segmentNumber: 1, incarnation: 5,
            capacity: UInt64(blockCount * CompressedLayout.blockSize),
            state: .active)
        header.baseSequence = 1
        let seed = Frame.seed(logID: header.logID, incarnation: header.incarnation)
        var first = [UInt8](repeating: 0, count: CompressedLayout.blockSize)
        first.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { header.encode(to: base) }
        }
        let frame = ([1, 2, 3] as [UInt8]).withUnsafeBytes { body in
            Frame.encode(
                kind: .record, recordIndex: 0, durableDistance: 0, time: 0, body: body, seed: seed,
                offset: SegmentHeader.size)
        }
        first.replaceSubrange(SegmentHeader.size..<SegmentHeader.size + frame.count, with: frame)

        var layout = CompressedLayout(header: Array(first[SegmentHeader.copySize..<SegmentHeader.size]))
        layout.size = blockCount * CompressedLayout.blockSize
        var bytes = [UInt8](repeating: 0, count: CompressedLayout.frameHeaderSize)
        func add(_ block: [UInt8], isStored: Bool = false) {
            let sizeField = UInt32(block.count) | (isStored ? 1 << 31 : 0)
            _ = layout.add(
                sizeField: sizeField, checksum: block.withUnsafeBytes { Checksum.of($0) }, at: bytes.count)
            bytes.add(sizeField)
            bytes += block
        }
        add(first, isStored: true)
        let zeros = Self.block(of: 0)
        for _ in 0..<blockCount - 2 { add(zeros) }
        add(Self.block(of: byte))
        bytes += [UInt8](repeating: 0, count: CompressedLayout.frameEndSize)
        return bytes + layout.encodeTable()
    }

    /// An LZ4 block of 65,536 equal bytes: one literal, a match of 65,530 at the distance 1, five literals.
    private static func block(of byte: UInt8) -> [UInt8] {
        [0x1F, byte, 1, 0] + [UInt8](repeating: 255, count: 256) + [231, 0x50] + [UInt8](repeating: byte, count: 5)
    }
}
