import Foundation
import Testing

@testable import WAL

/// A recovery may end at any step, for example because of a full disk. If the next one decided differently, other records would
/// get numbers that a sink has seen, or records after a hole would reappear.
@Suite struct InterruptedRecoveryTests {
    private static let logID = LogID(low: 1, high: 2)
    private static let otherBoot = BootID(low: 3, high: 4)
    private static let capacity = 64 << 10

    /// A segment after a power loss: no footer, and no frame that states that anything was durable.
    private func segment(_ number: UInt64, after previous: SegmentHeader?, records: Int, isHeaderDurable: Bool = true)
        -> (
            header: SegmentHeader, bytes: [UInt8]
        )
    {
        var header = SegmentHeader(
            logID: Self.logID, segmentNumber: number, incarnation: 100 + number, capacity: UInt64(Self.capacity),
            state: .active)
        header.baseSequence = 1 + 10 * (number - 1)
        header.basePosition = UInt64(SegmentHeader.size + 10 * 32) * (number - 1)
        header.bootID = Self.otherBoot
        if let previous {
            header.predecessor = SegmentHeader.Predecessor(
                number: previous.segmentNumber, incarnation: previous.incarnation,
                length: UInt64(SegmentHeader.size + 10 * 32), finalSequence: header.baseSequence - 1)
        }
        var written = header
        if !isHeaderDurable {
            written = SegmentHeader(
                logID: Self.logID, segmentNumber: number, incarnation: header.incarnation,
                capacity: UInt64(Self.capacity), state: .prepared)
        }
        var bytes = [UInt8](repeating: 0, count: SegmentHeader.size)
        bytes.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { written.encode(to: base) }
        }
        let seed = Frame.seed(logID: Self.logID, incarnation: header.incarnation)
        for index in 0..<records {
            let payload: [UInt8] = [UInt8(number), UInt8(index)]
            bytes += payload.withUnsafeBytes { body in
                Frame.encode(
                    kind: .record, recordIndex: UInt32(index), durableDistance: Frame.durableDistanceUnknown, time: 1,
                    body: body, seed: seed, offset: bytes.count)
            }
        }
        return (header, bytes + [UInt8](repeating: 0, count: Self.capacity - bytes.count))
    }

    private func write(_ segments: [(header: SegmentHeader, bytes: [UInt8])]) throws -> TemporaryDirectory {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        for segment in segments {
            let path = directory.path + "/" + SegmentName.of(segment.header.segmentNumber)
            try Data(segment.bytes).write(to: URL(fileURLWithPath: path))
        }
        return directory
    }

    @Test func aHeaderThatNeverReachedTheDiskEndsTheLogThere() throws {
        let first = segment(1, after: nil, records: 10)
        let second = segment(2, after: first.header, records: 10, isHeaderDurable: false)
        let third = segment(3, after: second.header, records: 5)
        let directory = try write([first, second, third])
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(Set(log.recovery.findings.map(\.classification)) == [.tornTail])
        #expect(!log.recovery.isDamaged)
        #expect(try readAll(log.reader()).map(\.payload) == (0..<10).map { [1, $0] })
        // A reader may have returned the records that followed.
        #expect(try log.appendBlocking([1]) > 25)
        try log.closeBlocking()
        let again = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(again.recovery.findings.isEmpty)
        #expect(try readAll(again.reader()).count == 11)
        try again.closeBlocking()
    }

    @Test func aReaderStopsBeforeAGapWhereNobodySaysWhatIsBehindIt() throws {
        var first = segment(1, after: nil, records: 10)
        for place in 0..<8 { first.bytes[SegmentHeader.size + 5 * 32 + place] = 0 }
        var second = segment(2, after: first.header, records: 10)
        for place in 0..<SegmentHeader.size { second.bytes[place] = 0xFF }
        let third = segment(3, after: second.header, records: 5)
        let directory = try write([first, second, third])
        #expect(try readAll(ReadOnlyLog(at: directory.path).reader()).map(\.payload) == (0..<5).map { [1, $0] })
    }

    @Test func whatWasDecidedHoldsWhenTheFreshSegmentCannotBeMade() throws {
        let first = segment(1, after: nil, records: 10)
        var second = segment(2, after: first.header, records: 10)
        // Torn in the middle: five records remain, and five don't that a reader may have returned.
        second.bytes[SegmentHeader.size + 5 * 32 + 26] ^= 0xFF
        let directory = try write([first, second])
        let (recovered, report) = try Recovery.recover(Directory(path: directory.path), configuration: .small())
        #expect(report.findings.map(\.classification) == [.tornTail])
        #expect(recovered.nextSequence == 21)
        // The recovery fails on a full disk. The files look undamaged then, and there is no other evidence.
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(try log.appendBlocking([1]) >= 21)
        #expect(log.recovery.epoch == 1)
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/" + RecoveryIntent.fileName))
        try log.closeBlocking()
    }

    @Test func followersOfATornEndDoNotComeBack() throws {
        var first = segment(1, after: nil, records: 10)
        first.bytes[SegmentHeader.size + 5 * 32 + 26] ^= 0xFF
        let second = segment(2, after: first.header, records: 10)
        let third = segment(3, after: second.header, records: 10)
        let directory = try write([first, second, third])
        let place = try Directory(path: directory.path)
        let plan = RecoveryPlan(
            try Recovery.examine(LogFiles(in: place), in: place, scope: .unsealed, isWritten: true),
            currentBoot: .current)
        let aside = plan.steps.filter { $0.action == .setAside }.map(\.segment.number)
        #expect(aside == [2, 3])
        // In the order of execution. Ending after any of them leaves a log that is torn at the same place.
        var repair = Repair(place, report: plan.report)
        for step in plan.steps.reversed() where step.action == .setAside {
            try repair.carryOut(step)
            let rest = RecoveryPlan(
                try Recovery.examine(LogFiles(in: place), in: place, scope: .unsealed, isWritten: true),
                currentBoot: .current)
            #expect(rest.report.findings.first?.segment == 1)
            #expect(rest.report.findings.allSatisfy { $0.classification == .tornTail })
        }
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(try readAll(log.reader()).count == 5)
        try log.closeBlocking()
    }

    @Test func aBookmarkThatIsRemovedStaysRemoved() throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        var batch = RecordBatch()
        batch.append([1])
        try log.appendBlocking(batch, bookmark: Bookmark(name: "a", position: 1))
        try log.appendBlocking(batch, bookmark: Bookmark(name: "b", position: 2))
        try log.removeBookmark("a")
        #expect(log.bookmarks.keys.sorted() == ["b"])
        try log.closeBlocking()
        let again = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(again.bookmarks.keys.sorted() == ["b"])
        try again.closeBlocking()
    }

    /// A writer that ends between writing the footer and cutting the file leaves the cut to the next opening. That must keep the
    /// footer with its index.
    @Test func aFooterWithAnIndexStaysWholeWhereTheFileIsCut() throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        for _ in 1...100 { try log.appendBlocking([UInt8](repeating: 1, count: 1000)) }
        try log.closeBlocking()
        let url = URL(filePath: directory.path + "/" + (try segmentNames(directory.path)[0]))
        let whole = [UInt8](try Data(contentsOf: url))
        let capacity = WriteAheadLog.Configuration.small().segmentSize
        #expect(whole.count < capacity)
        let uncut = whole + [UInt8](repeating: 0, count: capacity - whole.count)
        try Data(uncut).write(to: url, options: .atomic)
        let opened = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        try opened.closeBlocking()
        #expect([UInt8](try Data(contentsOf: url)) == whole)
        #expect(try Verification.verifyBlocking(at: directory.path).findings == [])
        #expect(try readAll(ReadOnlyLog(at: directory.path).reader()).count == 100)
    }
}
