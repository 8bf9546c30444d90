import Foundation
import Testing

@testable import WAL

/// After a power loss, the log ends at a torn tail. Wherever a reader in another process begins, it must return only
/// what an opening leaves: the numbers after that are given again, to other records.
@Suite struct TornTailReadingTests {
    /// Record 2 isn't whole. The other frames are, also those of the next segment, and nothing is known to be durable.
    private static func write(to directory: String, isSealed: Bool, hasIndex: Bool) throws -> LogPosition {
        var first = HandmadeSegment(bootID: HandmadeSegment.anotherBoot)
        first.add(.record, [1])
        let torn = first.add(.record, [2])
        let next = first.add(.record, [3])
        guard isSealed else {
            first.fill()
            first.flip(torn + Frame.Offset.body)
            try first.write(to: directory)
            return LogPosition(sequence: 2, position: first.header.position(at: next))
        }
        let entry = SegmentFooter.IndexEntry(
            sequence: 3, latestTimeBefore: HandmadeSegment.time(2), offset: UInt64(next))
        first.seal(durableDistance: Frame.durableDistanceUnknown, index: hasIndex ? [entry] : [])
        first.flip(torn + Frame.Offset.body)
        try first.write(to: directory)
        var second = HandmadeSegment(bootID: HandmadeSegment.anotherBoot, after: first)
        for byte in [4, 5] as [UInt8] { second.add(.record, [byte]) }
        second.fill()
        try second.write(to: directory)
        return LogPosition(sequence: 2, position: first.header.position(at: next))
    }

    @Test(arguments: [(true, false), (true, true), (false, false)])
    func nothingAfterItIsReturned(isSealed: Bool, hasIndex: Bool) throws {
        let directory = TemporaryDirectory()
        let position = try Self.write(to: directory.path, isSealed: isSealed, hasIndex: hasIndex)
        let log = try ReadOnlyLog(at: directory.path)
        let seeking = log.reader()
        for number in 1...6 as ClosedRange<UInt64> {
            let wanted: [[UInt8]] = number == 1 ? [[1]] : []
            let (sequence, time) = (SequenceNumber(rawValue: number), Timestamp(rawValue: HandmadeSegment.time(number)))
            #expect(try readAll(log.reader(from: sequence)).map(\.payload) == wanted, "from \(number)")
            #expect(try readAll(log.reader(since: time)).map(\.payload) == wanted, "since \(number)")
            seeking.seek(to: sequence)
            #expect(try readAll(seeking).map(\.payload) == wanted, "at \(number)")
            seeking.seek(since: time)
            #expect(try readAll(seeking).map(\.payload) == wanted, "at the time of \(number)")
        }
        let source = try DirectorySource(Directory(path: directory.path))
        let consumer = LogReader(source, after: position, visibility: .written)
        #expect(try readAll(consumer).isEmpty)

        let opened = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(try readAll(opened.reader()).map(\.payload) == [[1]])
        try opened.closeBlocking()
    }

    /// The frames of the last segment prove that those of the first one are durable. So its damage is a loss, and what
    /// comes after that stays.
    @Test func aLossIsPassed() throws {
        let directory = TemporaryDirectory()
        var first = HandmadeSegment(bootID: HandmadeSegment.anotherBoot)
        for byte in [1, 2, 3] as [UInt8] { first.add(.record, [byte]) }
        first.seal(durableDistance: Frame.durableDistanceUnknown)
        first.flip(SegmentHeader.size + Frame.Offset.body)
        try first.write(to: directory.path)
        var second = HandmadeSegment(bootID: HandmadeSegment.anotherBoot, after: first)
        second.add(.record, [4], durableDistance: 0)
        second.fill()
        try second.write(to: directory.path)
        let log = try ReadOnlyLog(at: directory.path)
        #expect(try readAll(log.reader()).map(\.payload) == [[2], [3], [4]])
        #expect(try readAll(log.reader(from: 3)).map(\.payload) == [[3], [4]])
        #expect(try readAll(log.reader(from: 4)).map(\.payload) == [[4]])
    }
}
