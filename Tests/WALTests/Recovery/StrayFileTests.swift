import Foundation
import Testing
import WALDelivery
import WALTesting

@testable import WAL

/// Files that no log has made, and numbers that no log has given.
@Suite struct StrayFileTests {
    enum Stray: CaseIterable {
        case empty, copied, prepared
    }

    /// A segment after such a number would take the name of another one, or have a number that no reader accepts.
    @Test(arguments: Stray.allCases, [2, 1, 0] as [UInt64])
    func aFileNearTheLargestNumberIsSetAside(_ stray: Stray, distance: UInt64) throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        try log.appendBlocking(payload(1))
        try log.closeBlocking()
        let number = SegmentName.numberMax - distance
        let path = directory.path + "/" + SegmentName.of(number)
        switch stray {
        case .empty: try Data().write(to: URL(filePath: path))
        case .copied:
            let name = try #require(try segmentNames(directory.path).first)
            try FileManager.default.copyItem(atPath: directory.path + "/" + name, toPath: path)
        case .prepared:
            _ = try PreparedSegment.make(
                in: Directory(path: directory.path), number: number, logID: try ReadOnlyLog(at: directory.path).id,
                capacity: 128 << 10, policy: .always)
        }
        try append(2...5, to: directory)
        #expect(try records(directory) == (1...5).map { payload($0) })
        #expect(try segmentNames(directory.path).compactMap { SegmentName.number($0) }.allSatisfy { $0 < 100 })
    }

    /// Once the header of one log is refused, the files are those of the other one, whose header nobody has checked yet.
    @Test func aHeaderIsCheckedIfARefusalChangesTheLogsIdentifier() throws {
        let (directory, other) = (TemporaryDirectory(), TemporaryDirectory())
        try append(1...1, to: directory)
        try append(1...1, to: other)
        for name in try segmentNames(directory.path).dropFirst() {
            try FileManager.default.removeItem(atPath: directory.path + "/" + name)
        }
        let first = directory.path + "/" + SegmentName.of(1)
        try change(first) { $0.baseSequence = 1 << 62 + 1 }
        let last = directory.path + "/" + SegmentName.of(.max)
        try FileManager.default.copyItem(atPath: other.path + "/" + SegmentName.of(1), toPath: last)
        try change(last) { $0.segmentNumber = .max }
        try append(2...4, to: directory, expectsFindings: true)
        #expect(try records(directory) == (2...4).map { payload($0) })
    }

    private func change(_ path: String, _ body: (inout SegmentHeader) -> Void) throws {
        var data = try Data(contentsOf: URL(filePath: path))
        try data.withUnsafeMutableBytes { bytes in
            guard case .header(var header, _) = SegmentHeader.decode(UnsafeRawBufferPointer(bytes)) else { return }
            body(&header)
            header.encode(to: try #require(bytes.baseAddress))
        }
        try data.write(to: URL(filePath: path))
    }

    /// Opens the log once for each record.
    private func append(
        _ numbers: ClosedRange<Int>, to directory: TemporaryDirectory, expectsFindings: Bool = false
    ) throws {
        for number in numbers {
            let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
            if number > numbers.lowerBound { #expect(log.recovery.findings.isEmpty, "\(log.recovery.findings)") }
            if number == numbers.lowerBound, expectsFindings { #expect(!log.recovery.findings.isEmpty) }
            try log.appendBlocking(payload(number))
            try log.rollBlocking()
            try log.closeBlocking()
        }
    }

    private func records(_ directory: TemporaryDirectory) throws -> [[UInt8]] {
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        let found = try readAll(log.reader())
        try log.closeBlocking()
        #expect(Set(found.map(\.sequence)).count == found.count)
        #expect(try readAll(ReadOnlyLog(at: directory.path).reader()) == found)
        return found.map(\.payload)
    }

    /// A forged segment has a high number in its header, too. The segments after it must stay in the log, whatever
    /// happens to it.
    @Test(arguments: [1 << 61, 1 << 62 - 1, 1 << 62, 1 << 63, 1 << 63 + 1, .max] as [UInt64])
    func aSegmentWithAHighNumberHasSuccessors(_ number: UInt64) throws {
        var segment = BuiltSegment(number)
        segment.add(.record, payload(1), records: 1)
        let directory = try BuiltSegment.write([segment])
        try append(2...5, to: directory)
        let isWithinReach = number <= 1 << 63
        #expect(try records(directory) == ((isWithinReach ? 1 : 2)...5).map { payload($0) })
    }

    /// A header with a higher number wouldn't be within reach, so the next opening would set its segment aside.
    @Test(arguments: [1 << 62 + 1, 1 << 63] as [UInt64])
    func numbersInAForgedRecoveryFileAreLimited(_ number: UInt64) throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        try log.appendBlocking(payload(1))
        try log.closeBlocking()
        try RecoveryIntent(nextSequence: number, epoch: number, body: []).write(in: Directory(path: directory.path))
        try append(2...5, to: directory)
        #expect(try records(directory) == (1...5).map { payload($0) })
    }

    /// A promotion raises the epoch once more.
    @Test func aForgedEpochInTheRecoveryFileOfAReplicaIsLimited() throws {
        let directory = TemporaryDirectory()
        let replica = try ReplicaTests.open(directory)
        try replica.appendBlocking(ReplicaTests.batch(1...5), to: ReplicaTests.position(5))
        try replica.closeBlocking()
        try RecoveryIntent(nextSequence: 1, epoch: 1 << 63, body: []).write(in: Directory(path: directory.path))
        _ = try LogReplica.promoteBlocking(at: directory.path, configuration: .small())
        try append(6...8, to: directory)
        #expect(try records(directory).suffix(3) == (6...8).map { payload($0) })
        #expect(try records(directory).count == 8)
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

    /// A log that leaves out almost 2^62 numbers soon has none within reach of its first header. Once retention had
    /// removed the segment from before that, an opening set the whole log aside.
    @Test(arguments: [1 << 61, 1 << 62 - 1, 1 << 62, .max] as [UInt64])
    func aPositionBeyondAllNumbersIsRefused(last: UInt64) async throws {
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
