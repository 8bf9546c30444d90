import Foundation
import Testing

@testable import WAL

/// People and tools lose, copy and swap files. None of that may be taken for the log, and none may prevent its opening.
@Suite struct ChainTests {
    /// Five sealed segments of ten records.
    private func makeLog(_ directory: TemporaryDirectory) throws -> [String] {
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        for round in 0..<5 {
            for number in 1...10 { try log.appendBlocking(payload(round * 10 + number)) }
            if round < 4 { try log.rollBlocking() }
        }
        try log.setCursor("consumer", to: 7)
        try log.closeBlocking()
        return try segmentNames(directory.path)
    }

    private func open(_ directory: TemporaryDirectory) throws -> WriteAheadLog {
        let plan = try WriteAheadLog.recoveryPlanBlocking(at: directory.path)
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(log.recovery.steps == plan.steps)
        #expect(log.recovery.findings.map(\.evidence) == plan.findings.map(\.evidence))
        return log
    }

    private func expectCleanSecondOpening(_ directory: TemporaryDirectory, _ count: Int) throws {
        let again = try open(directory)
        #expect(again.recovery.findings.isEmpty, "\(again.recovery.findings)")
        #expect(try readAll(again.reader()).count == count)
        #expect(again.cursors["consumer"] == 7)
        try again.closeBlocking()
    }

    @Test func aSegmentThatIsMissingIsReportedOnce() throws {
        let directory = TemporaryDirectory()
        let names = try makeLog(directory)
        try FileManager.default.removeItem(atPath: directory.path + "/" + names[1])
        try FileManager.default.removeItem(atPath: directory.path + "/" + names[2])
        let log = try open(directory)
        #expect(log.recovery.findings.map(\.classification) == [.missingSegment])
        #expect(log.recovery.findings.first?.sequences == 11...30)
        #expect(try readAll(log.reader()).map(\.sequence.rawValue) == Array(1...10) + Array(31...50))
        #expect(try log.appendBlocking([1]) == 51)
        try log.closeBlocking()
        try expectCleanSecondOpening(directory, 31)
    }

    @Test func aSegmentWithoutAHeaderIsReportedOnce() throws {
        let directory = TemporaryDirectory()
        let names = try makeLog(directory)
        let path = directory.path + "/" + names[2]
        var data = try #require(FileManager.default.contents(atPath: path))
        data.replaceSubrange(0..<1024, with: Data(count: 1024))
        try data.write(to: URL(fileURLWithPath: path))
        let log = try open(directory)
        #expect(log.recovery.findings.map(\.classification) == [.corruption])
        #expect(log.recovery.findings.first?.sequences == 21...30)
        try log.closeBlocking()
        try expectCleanSecondOpening(directory, 40)
    }

    @Test func aCopyUnderAnotherNumberIsSetAside() throws {
        let directory = TemporaryDirectory()
        let names = try makeLog(directory)
        try FileManager.default.copyItem(
            atPath: directory.path + "/" + names[1], toPath: directory.path + "/00000000000000000090.wal")
        let log = try open(directory)
        #expect(log.recovery.findings.map(\.classification) == [.foreignSegment])
        #expect(try readAll(log.reader()).count == 50)
        #expect(try log.appendBlocking([1]) == 51)
        try log.closeBlocking()
        try expectCleanSecondOpening(directory, 51)
    }

    /// The log and a copy of it were both written to. A segment of the copy begins before the log's last one has ended.
    @Test func aSegmentOfACopyIsTheSameAtEachOpening() throws {
        let (directory, copy) = (TemporaryDirectory(), TemporaryDirectory())
        _ = try makeLog(directory)
        try FileManager.default.copyItem(atPath: directory.path, toPath: copy.path)
        let log = try open(directory)
        for number in 51...65 { try log.appendBlocking(payload(number)) }
        try log.closeBlocking()
        let other = try open(copy)
        for number in 51...59 { try other.appendBlocking(payload(number)) }
        try other.rollBlocking()
        for number in 60...64 { try other.appendBlocking(payload(number)) }
        try other.closeBlocking()
        let name = try #require(try segmentNames(copy.path).last)
        #expect(try !segmentNames(directory.path).contains(name))
        try FileManager.default.copyItem(atPath: copy.path + "/" + name, toPath: directory.path + "/" + name)
        let joined = try open(directory)
        #expect(joined.recovery.findings.map(\.classification) == [.missingSegment])
        let count = try readAll(joined.reader()).count
        try joined.closeBlocking()
        try expectCleanSecondOpening(directory, count)
    }

    @Test func swappedSegmentsAreSetAside() throws {
        let directory = TemporaryDirectory()
        let names = try makeLog(directory)
        let paths = [names[1], names[2]].map { directory.path + "/" + $0 }
        try FileManager.default.moveItem(atPath: paths[0], toPath: directory.path + "/x")
        try FileManager.default.moveItem(atPath: paths[1], toPath: paths[0])
        try FileManager.default.moveItem(atPath: directory.path + "/x", toPath: paths[1])
        let log = try open(directory)
        #expect(log.recovery.findings.count { $0.classification == .foreignSegment } == 2)
        #expect(log.recovery.findings.contains { $0.classification == .missingSegment && $0.sequences == 11...30 })
        #expect(try readAll(log.reader()).map(\.sequence.rawValue) == Array(1...10) + Array(31...50))
        try log.closeBlocking()
        try expectCleanSecondOpening(directory, 30)
    }

    /// A disk wrote one sector of a header into another file.
    @Test func aHeaderCopyOfAnotherSegmentCostsNothing() throws {
        let directory = TemporaryDirectory()
        let names = try makeLog(directory)
        let path = directory.path + "/" + names[2]
        var data = try #require(FileManager.default.contents(atPath: path))
        let other = try #require(FileManager.default.contents(atPath: directory.path + "/" + names[1]))
        data.replaceSubrange(0..<512, with: other[0..<512])
        try data.write(to: URL(fileURLWithPath: path))
        let log = try open(directory)
        #expect(log.recovery.findings.map(\.classification) == [.corruption])
        #expect(log.recovery.findings.first?.sequences == nil)
        #expect(try readAll(log.reader()).count == 50)
        try log.closeBlocking()
        try expectCleanSecondOpening(directory, 50)
    }

    @Test func readersLeaveOutSwappedSegmentsAndThoseOfAnotherLog() throws {
        let directory = TemporaryDirectory()
        let other = TemporaryDirectory()
        let names = try makeLog(directory)
        let others = try makeLog(other)
        let paths = names.map { directory.path + "/" + $0 }
        try FileManager.default.removeItem(atPath: paths[1])
        try FileManager.default.copyItem(atPath: paths[2], toPath: paths[1])
        try FileManager.default.removeItem(atPath: paths[3])
        try FileManager.default.copyItem(atPath: other.path + "/" + others[3], toPath: paths[3])
        let log = try ReadOnlyLog(at: directory.path)
        let expected = Array(1...10) + Array(21...30) + Array(41...50).map(UInt64.init)
        #expect(try readAll(log.reader()).map(\.sequence.rawValue) == expected)
        #expect(try readAll(log.reader(from: 41)).map(\.sequence.rawValue) == Array(41...50))
    }

    @Test func aSegmentOfAnotherLogIsNeverMixedIn() throws {
        let directory = TemporaryDirectory()
        let other = TemporaryDirectory()
        let names = try makeLog(directory)
        let others = try makeLog(other)
        let path = directory.path + "/" + names[3]
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: other.path + "/" + others[3], toPath: path)
        let log = try open(directory)
        #expect(log.recovery.findings.map(\.classification).contains(.foreignSegment))
        #expect(try readAll(log.reader()).map(\.sequence.rawValue) == Array(1...30) + Array(41...50))
        try log.closeBlocking()
        try expectCleanSecondOpening(directory, 40)
    }

    @Test func theHeaderOfTheActiveSegmentIsGoneAndNoNumberIsGivenTwice() throws {
        let directory = TemporaryDirectory()
        let names = try makeLog(directory)
        let path = directory.path + "/" + names[4]
        try Data(count: 4096).write(to: URL(fileURLWithPath: path))
        // Every killed process leaves a prepared segment.
        let prepared = try PreparedSegment.make(
            in: Directory(path: directory.path), number: 70, logID: try ReadOnlyLog(at: directory.path).id,
            capacity: 128 << 10, policy: .always)
        _ = prepared
        let log = try open(directory)
        #expect(log.recovery.isDamaged)
        #expect(try log.appendBlocking([1]) > 50)
        try log.closeBlocking()
    }

    /// If numbers were skipped, an empty segment may be the only evidence.
    @Test func openingsWithoutARecordKeepTheNumbersThatAreSpokenFor() throws {
        let directory = TemporaryDirectory()
        let names = try makeLog(directory)
        try Data(count: 4096).write(to: URL(fileURLWithPath: directory.path + "/" + names[4]))
        for _ in 0..<3 { try open(directory).closeBlocking() }
        let log = try open(directory)
        #expect(try log.appendBlocking([1]).rawValue > 40 + UInt64(SegmentHeader.recordCountMax))
        try log.closeBlocking()
    }

    @Test(arguments: [8, 16])
    func whatThisVersionDoesNotKnowIsRefusedAndLeftAlone(_ offset: Int) throws {
        let directory = TemporaryDirectory()
        let names = try makeLog(directory)
        let path = directory.path + "/" + names[2]
        var data = [UInt8](try #require(FileManager.default.contents(atPath: path)))
        for copy in [0, 512] {
            data[copy + offset] = 0x46
            let crc = data[copy..<copy + 508].withUnsafeBytes { Checksum.of($0) }
            for byte in 0..<4 { data[copy + 508 + byte] = UInt8(truncatingIfNeeded: crc >> (8 * byte)) }
        }
        try Data(data).write(to: URL(fileURLWithPath: path))
        let before = try contents(of: directory.path)
        let error = #expect(throws: WALError.self) { _ = try open(directory) }
        #expect(error?.code == .versionTooNew)
        #expect(error?.message.contains(offset == 8 ? "70" : "46") ?? false)
        #expect(try contents(of: directory.path) == before)
    }

    @Test func leftoversOfACrashAreRemovedAndGarbageBehindTheEndIsSetAside() throws {
        let directory = TemporaryDirectory()
        let names = try makeLog(directory)
        let leftover = directory.path + "/00000000000000000077.wal.new"
        _ = FileManager.default.createFile(atPath: leftover, contents: Data([1, 2, 3]))
        let path = directory.path + "/" + names[4]
        var data = try #require(FileManager.default.contents(atPath: path))
        data.append(Data((0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 167) }))
        try data.write(to: URL(fileURLWithPath: path))
        let log = try open(directory)
        #expect(!FileManager.default.fileExists(atPath: leftover))
        #expect(try readAll(log.reader()).count == 50)
        try log.closeBlocking()
        try expectCleanSecondOpening(directory, 50)
    }

    @Test func aSegmentIsDamagedTwice() throws {
        let directory = TemporaryDirectory()
        _ = try makeLog(directory)
        for round in 1...2 {
            let path = directory.path + "/" + (try segmentNames(directory.path))[1]
            var data = [UInt8](try #require(FileManager.default.contents(atPath: path)))
            data[1024 + 30 + round * 100] ^= 1
            try Data(data).write(to: URL(fileURLWithPath: path))
            var configuration = WriteAheadLog.Configuration.small()
            configuration.recoveryScope = .everything
            let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
            #expect(log.recovery.findings.map(\.classification) == [.corruption])
            try log.closeBlocking()
        }
        try expectCleanSecondOpening(directory, 48)
    }
}
