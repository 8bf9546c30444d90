import Foundation
import Testing

@testable import WAL

/// An attacker who can write into the directory can choose every number in a file, with right checksums. No number may stop the
/// process, or make it allocate memory beyond the file's size.
@Suite struct HostileFileTests {
    private static let numbers: [Int] = [
        SegmentHeader.Offset.capacity, SegmentHeader.Offset.baseSequence, SegmentHeader.Offset.basePosition,
        SegmentHeader.Offset.epoch, SegmentHeader.Offset.predecessorNumber, SegmentHeader.Offset.predecessorLength,
        SegmentHeader.Offset.predecessorFinalSequence, SegmentHeader.Offset.segmentNumber,
    ]

    /// Corrects the checksums of the segment's frames for its changed header.
    private func sealed(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let crc = bytes[..<508].withUnsafeBytes { Checksum.of($0) }
        bytes.replaceSubrange(508..<512, with: withUnsafeBytes(of: crc.littleEndian, Array.init))
        bytes.replaceSubrange(512..<1024, with: bytes[..<512])
        return bytes
    }

    @Test(arguments: numbers, [UInt64.max, 1 << 63, (1 << 62) + 1, 0] as [UInt64])
    func anyNumberInAHeader(_ offset: Int, _ value: UInt64) async throws {
        let specimen = try await Specimen.make()
        let directory = Specimen.directory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for name in specimen.activeNames {
            var files = specimen.files
            files[name]?.replaceSubrange(offset..<offset + 8, with: withUnsafeBytes(of: value.littleEndian, Array.init))
            files[name] = files[name].map(sealed)
            try Specimen.write(files, to: directory)
            _ = try await Verification.verify(at: directory)
            _ = try? readAll(ReadOnlyLog(at: directory).reader())
            let log = try await WriteAheadLog.open(at: directory, configuration: Specimen.configuration)
            #expect(try await log.append([1]) > 0)
            try await log.close()
        }
    }

    /// A file of any size can end with the bytes of a footer.
    @Test(arguments: 1...9) func aTrailerAtAnOddPlace(_ shift: Int) async throws {
        let specimen = try await Specimen.make()
        let directory = Specimen.directory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for name in specimen.activeNames {
            var files = specimen.files
            // Of the larger files, within the part of the end that is read at once.
            let offset = max(SegmentHeader.size, (specimen.files[name]?.count ?? 0) / 8 * 8 - 8192)
            files[name]? += [UInt8](repeating: 0, count: shift)
            files[name]?.add(UInt64(offset))
            files[name]?.add(SegmentFooter.magic)
            try Specimen.write(files, to: directory)
            _ = try await Verification.verify(at: directory)
            let log = try await WriteAheadLog.open(at: directory, configuration: Specimen.configuration)
            #expect(try readAll(log.reader()).allSatisfy { specimen.payloads[$0.sequence.rawValue] == $0.payload })
            try await log.close()
        }
    }

    /// Reading all of the file would take more memory than the machine has. The trailer names a footer that begins with
    /// the first frame.
    @Test(arguments: [false, true]) func `a file has a tebibyte`(_ hasTrailer: Bool) async throws {
        let size: UInt64 = 1 << 40
        let image = try await LogImage.make()
        let payloads = image.payloads.sorted { $0.key < $1.key }.map(\.value)
        for name in image.names {
            let path = LogImage.directory()
            defer { try? FileManager.default.removeItem(atPath: path) }
            try image.write(to: path)
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path + "/" + name))
            try file.truncate(atOffset: size)
            if hasTrailer {
                var trailer: [UInt8] = []
                trailer.add(UInt64(SegmentHeader.size))
                trailer.add(SegmentFooter.magic)
                try file.seek(toOffset: size - UInt64(trailer.count))
                try file.write(contentsOf: trailer)
            }
            try file.close()
            let before = try await Verification.verify(at: path)
            #expect(before.findings.isEmpty, "\(before.findings)")
            #expect(try readAll(ReadOnlyLog(at: path).reader()).map(\.payload) == payloads)
            let log = try await WriteAheadLog.open(at: path, configuration: Specimen.configuration)
            #expect(log.recovery.findings.isEmpty, "\(log.recovery.findings)")
            #expect(try readAll(log.reader()).map(\.payload) == payloads)
            try await log.close()
        }
    }

    @Test(arguments: [UInt32.max, 1 << 31, 1 << 24] as [UInt32])
    func aBatchThatClaimsMoreThanItHas(_ size: UInt32) {
        for codec: UInt8 in [0, 1] {
            var body: [UInt8] = []
            body.add(size)
            body.add(codec)
            body.add(0 as UInt8)
            body.add(0 as UInt16)
            body.add(size)
            body.add(16 as UInt32)
            body += [UInt8](repeating: 0, count: 16)
            #expect(body.withUnsafeBytes { BatchBody.decode($0) } == nil)
        }
    }
}
