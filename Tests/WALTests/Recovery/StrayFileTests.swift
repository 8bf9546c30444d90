import Foundation
import Testing
import WALDelivery
import WALTesting

@testable import WAL

/// Files that no log has made, and numbers that no log has given.
@Suite struct StrayFileTests {
    /// A segment after such a number would take the name of another one, or have a number that no reader accepts.
    @Test(arguments: [2, 1, 0] as [UInt64]) func aFileNearTheLargestNumberIsSetAside(distance: UInt64) throws {
        let directory = TemporaryDirectory()
        var log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        try log.appendBlocking(payload(1))
        try log.closeBlocking()
        let name = SegmentName.of(SegmentName.numberMax - distance)
        try Data().write(to: URL(filePath: directory.path + "/" + name))
        for number in 2...5 {
            log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
            try log.appendBlocking(payload(number))
            try log.rollBlocking()
            try log.closeBlocking()
        }
        log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        let records = try readAll(log.reader())
        #expect(records.map(\.payload) == (1...5).map { payload($0) })
        try log.closeBlocking()
    }

    /// The names of set-aside files may be taken by what can't be opened.
    @Test func aSetAsideFileReplacesNothing() throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        try log.appendBlocking(payload(1))
        try log.closeBlocking()
        let name = try #require(try segmentNames(directory.path).first)
        let damaged = [UInt8](repeating: 7, count: 2000)
        try Data(damaged).write(to: URL(filePath: directory.path + "/" + name))
        let number = try #require(SegmentName.number(name, suffix: SegmentName.suffix))
        let taken = SegmentName.damaged(number, incarnation: 0, suffix: SegmentName.suffix)
        try FileManager.default.createDirectory(
            atPath: directory.path + "/damaged/" + taken, withIntermediateDirectories: true)
        let again = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        let kept = try #require(again.recovery.findings.compactMap(\.keptAt).first)
        #expect([UInt8](try Data(contentsOf: URL(filePath: kept))) == damaged)
        try again.closeBlocking()
    }

    @Test(arguments: [1 << 62, .max] as [UInt64]) func aPositionBeyondAllNumbersIsRefused(last: UInt64) async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        let error = await #expect(throws: WALError.self) {
            try await log.skipSequences(through: SequenceNumber(rawValue: last))
        }
        #expect(error?.code == .invalidArgument)
        #expect(try await log.append([1]) == 1)
        try await log.close()
    }

    /// Nothing but the status depends on its file.
    @Test func aForgedGenerationOfTheStatusEndsNoWriter() throws {
        let directory = TemporaryDirectory()
        let folder = try Directory.make(directory.path)
        let file = try StatusFile(in: folder)
        try file.replace(with: Array("{}".utf8))
        let path = directory.path + "/STATUS"
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        for slot in 0...1 {
            let text = Array("{}".utf8)
            let generation = UInt64.max - UInt64(slot)
            let checksum = text.withUnsafeBytes { Checksum.of($0, after: Checksum.of(generation)) }
            var place = StatusFile.headerSize + slot * StatusFile.slotSize
            for part in [bytesOf(generation), bytesOf(UInt32(text.count)), bytesOf(checksum), text] {
                bytes.replaceSubrange(place..<place + part.count, with: part)
                place += part.count
            }
        }
        try Data(bytes).write(to: URL(filePath: path))
        let again = try StatusFile(in: folder)
        try again.replace(with: Array("[1]".utf8))
        #expect(try StatusFile.text(in: folder) == Array("[1]".utf8))
    }

    private func bytesOf(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}
