import Foundation
import Testing

@testable import WAL

/// A recovery that writes a segment's valid frames to a new file states which numbers have no record, and why. If it
/// stated a loss where there was none, an operator would look for records that nobody has written.
@Suite struct RewriteTests {
    enum End: CaseIterable {
        case abandonedClaim, voidFrame, voidFrameBeforeFooter, voidFrameBeforeDamage
    }

    private struct Gap: Hashable {
        var numbers: ClosedRange<UInt64>
        var reason: LogGap.Reason
        var isAcknowledged: Bool?
    }

    private static func gaps(_ directory: TemporaryDirectory) throws -> [Gap] {
        try readEntries(ReadOnlyLog(at: directory.path).reader()).compactMap { entry in
            guard case .gap(let gap) = entry, let last = gap.last else { return nil }
            return Gap(
                numbers: gap.first.rawValue...last.rawValue, reason: gap.reason, isAcknowledged: gap.isAcknowledged)
        }
    }

    @Test(arguments: End.allCases) func `void numbers at a segment's end stay void`(_ end: End) throws {
        var first = BuiltSegment(1)
        first.add(.record, payload(1), records: 1)
        switch end {
        case .abandonedClaim: first.abandon(byteCount: 32, records: 1)
        case .voidFrame: first.add(.void, records: 1)
        case .voidFrameBeforeFooter:
            first.add(.void, records: 1)
            first.seal()
        case .voidFrameBeforeDamage: first.add(.void, records: 1)
        }
        var second = BuiltSegment(2, after: first)
        // In the last case, the log was durable up to here. So the footer of the first segment is lost.
        second.add(
            .record, payload(3), records: 1,
            durableDistance: end == .voidFrameBeforeDamage ? 0 : Frame.durableDistanceUnknown)
        first.damageHeader()
        let directory = try BuiltSegment.write([first, second])
        let void = [Gap(numbers: 2...2, reason: .void, isAcknowledged: false)]
        #expect(try Self.gaps(directory) == void)
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(log.recovery.steps.contains { $0.action == .rewrite && $0.segment == 1 })
        try log.closeBlocking()
        #expect(try Self.gaps(directory) == void)
        #expect(try readAll(ReadOnlyLog(at: directory.path).reader()).map(\.payload) == [payload(1), payload(3)])
        #expect(try Verification.verifyBlocking(at: directory.path).findings == [])
    }

    /// This log claims at least 24 bytes at once, but other writers of the format may not.
    @Test(arguments: [8, 16, 24], [0, 1] as [UInt64])
    func `a claim without room for a frame is no damage`(_ byteCount: Int, _ records: UInt64) throws {
        for isLast in [false, true] {
            var first = BuiltSegment(1)
            first.add(.record, payload(1), records: 1)
            first.abandon(byteCount: byteCount, records: records)
            if !isLast { first.add(.record, payload(2), records: 1) }
            var second = BuiltSegment(2, after: first)
            second.add(.record, payload(3), records: 1)
            let directory = try BuiltSegment.write([first, second])
            let void = records == 0 ? [] : [Gap(numbers: 2...2, reason: .void, isAcknowledged: false)]
            #expect(try Self.gaps(directory) == void)
            let payloads = isLast ? [payload(1), payload(3)] : [payload(1), payload(2), payload(3)]
            try Self.expectOnlyAbandonedClaims(directory, gaps: void, payloads: payloads)
        }
    }

    /// Only a forged header states such an end. The void frame up to there and the footer after it weren't valid for
    /// the next opening, which reported the numbers as acknowledged and lost.
    @Test(arguments: [25, 37]) func `a claim that ends at an odd place is no damage`(_ byteCount: Int) throws {
        var first = BuiltSegment(1)
        first.add(.record, payload(1), records: 1)
        first.abandon(byteCount: byteCount, records: 1)
        var second = BuiltSegment(2, after: first)
        second.add(.record, payload(3), records: 1)
        let directory = try BuiltSegment.write([first, second])
        try Self.expectOnlyAbandonedClaims(
            directory, gaps: [Gap(numbers: 2...2, reason: .void, isAcknowledged: false)],
            payloads: [payload(1), payload(3)])
    }

    /// Opens a log and expects that the opening finds abandoned claims alone, and that nothing is damaged after it.
    private static func expectOnlyAbandonedClaims(
        _ directory: TemporaryDirectory, gaps: [Gap], payloads: [[UInt8]]
    ) throws {
        let plan = try WriteAheadLog.recoveryPlanBlocking(at: directory.path)
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(log.recovery.findings.map(\.classification) == [.abandonedClaims])
        #expect(log.recovery.steps == plan.steps)
        try log.closeBlocking()
        #expect(try Verification.verifyBlocking(at: directory.path).findings == [])
        #expect(try Self.gaps(directory) == gaps)
        #expect(try readAll(ReadOnlyLog(at: directory.path).reader()).map(\.payload) == payloads)
    }

    /// A segment has at most 2^26 records. The new file's footer stated more if the damaged frame did, and wasn't
    /// valid for the next opening.
    @Test(arguments: [0, UInt32(SegmentHeader.recordCountMax) - 1])
    func `a repair settles whatever number of records a damaged end states`(_ recordIndex: UInt32) throws {
        for kind in [Frame.Kind.record, .batch] {
            // The file ends early, so the damaged frame may have had any number of records.
            var segment = HandmadeSegment(capacity: 2 << 20, bootID: .current)
            segment.add(.record, payload(1), recordIndex: recordIndex)
            let damaged = segment.add(kind, [UInt8](repeating: 0xFF, count: 64))
            segment.flip(damaged + Frame.Offset.checksum)
            let directory = TemporaryDirectory()
            try segment.write(to: directory.path)
            let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
            #expect(log.recovery.findings.map(\.classification) == [.corruption])
            try log.closeBlocking()
            #expect(try Verification.verifyBlocking(at: directory.path).findings == [])
        }
    }

    enum Damage: CaseIterable {
        case cut, header
    }

    /// A reader in another process keeps the durable position that it knows. Below it, a new record would be durable
    /// for the reader before any sync.
    @Test(arguments: Damage.allCases, [false, true])
    func `positions after a repair are above those that a reader knows`(_ damage: Damage, isInterrupted: Bool) throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        for number in 1...200 {
            try log.appendBlocking(payload(number, size: 100))
            if number == 100 { try log.rollBlocking() }
        }
        try log.closeBlocking()
        let reader = try ReadOnlyLog(at: directory.path).reader(visibility: .durable)
        #expect(try readAll(reader).count == 200)
        let known = reader.durablePosition

        let name = try #require(try segmentNames(directory.path).last)
        let url = URL(filePath: directory.path + "/" + name)
        var bytes = [UInt8](try Data(contentsOf: url))
        switch damage {
        case .cut: bytes = Array(bytes.prefix(4096))
        case .header: for offset in 0..<SegmentHeader.size { bytes[offset] = 0xFF }
        }
        // The reader keeps the mapping of the old file.
        try Data(bytes).write(to: url, options: .atomic)
        if isInterrupted { _ = try Recovery.recover(Directory(path: directory.path), configuration: .small()) }
        let again = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(again.engine.catalog.waitForClaimed().position > known)
        let sequence = try again.appendBlocking(payload(201))
        #expect(try readAll(reader).isEmpty)
        try again.syncBlocking()
        // States that the record before it is durable.
        try again.appendBlocking(payload(202))
        #expect(try readAll(reader).map(\.sequence) == [sequence])
        try again.closeBlocking()
    }

    /// Retention has removed all segments before the last one, whose header is damaged. The prepared segment after it
    /// states which log it is.
    @Test(arguments: [false, true])
    func `positions don't go back if no segment stays`(isInterrupted: Bool) throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        for number in 1...200 {
            try log.appendBlocking(payload(number, size: 100))
            if number == 150 { try log.rollBlocking() }
        }
        let logID = log.id
        try log.closeBlocking()
        let reader = try ReadOnlyLog(at: directory.path).reader(visibility: .durable)
        #expect(try readAll(reader).count == 200)
        let known = reader.durablePosition

        let names = try segmentNames(directory.path)
        try #require(names.count == 2)
        try FileManager.default.removeItem(atPath: directory.path + "/" + names[0])
        let url = URL(filePath: directory.path + "/" + names[1])
        var bytes = [UInt8](try Data(contentsOf: url))
        for offset in 0..<SegmentHeader.size { bytes[offset] = 0xFF }
        try Data(bytes).write(to: url, options: .atomic)
        let prepared = SegmentHeader(
            logID: logID, segmentNumber: 3, incarnation: 1, capacity: UInt64(SegmentHeader.size), state: .prepared)
        var start = [UInt8](repeating: 0, count: SegmentHeader.size)
        start.withUnsafeMutableBytes { start in
            if let base = start.baseAddress { prepared.encode(to: base) }
        }
        try Data(start).write(to: URL(filePath: directory.path + "/" + SegmentName.of(3)))

        if isInterrupted { _ = try Recovery.recover(Directory(path: directory.path), configuration: .small()) }
        let again = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(again.engine.catalog.waitForClaimed().position > known)
        let sequence = try again.appendBlocking(payload(201))
        // The opening that was interrupted has removed the prepared segment, and with it the log's identifier.
        if !isInterrupted {
            #expect(again.id == logID)
            #expect(try readAll(reader).isEmpty)
            try again.syncBlocking()
            // States that the record before it is durable.
            try again.appendBlocking(payload(202))
            #expect(try readAll(reader).map(\.sequence) == [sequence])
        }
        try again.closeBlocking()
    }
}
