import Foundation
import TestSupport
import Testing
import WALTesting

@testable import WAL

/// A reader that seeks must return the records that a new reader at that place returns. Its remembered place is only a hint.
@Suite struct SeekingTests {
    /// Records, batches with and without compression, and cursors, in several segments of which the last one is active.
    private static func fill(
        _ directory: TemporaryDirectory, _ count: Int = 4000, sealedCompression: WriteAheadLog.Compression = .none,
        keeping size: Int? = nil
    ) throws -> WriteAheadLog {
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 256 << 10
        configuration.sealedCompression = sealedCompression
        configuration.retention.totalSize = size
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        // Retention runs every second, and removes only records that this cursor has passed.
        try log.setCursor("held", to: 0)
        var generator = SeededGenerator(seed: 7)
        var number = 0
        while number < count {
            switch Int.random(in: 0..<20, using: &generator) {
            case 0:
                var batch = RecordBatch()
                for _ in 0..<Int.random(in: 1...40, using: &generator) {
                    batch.append(payload(number, size: 100))
                    number += 1
                }
                try log.appendBlocking(batch)
            case 1: try log.setCursor("reader", to: log.lastSequence)
            default:
                try log.appendBlocking(payload(number, size: Int.random(in: 0...900, using: &generator)))
                number += 1
            }
        }
        return log
    }

    private static func expectSameAsNew(
        _ count: Int, _ all: [LogRecord], _ seeking: LogReader, _ new: (SequenceNumber) -> LogReader
    ) throws {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<count {
            let wanted = SequenceNumber(rawValue: .random(in: 0...UInt64(all.count) + 2, using: &generator))
            seeking.seek(to: wanted)
            // Also reads some records, because the reader continues from there.
            for step in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int(max(1, wanted.rawValue)) - 1 + step
                #expect(try seeking.next() == (place < all.count ? all[place] : nil), "\(wanted) + \(step)")
            }
            if Int.random(in: 0..<20, using: &generator) == 0 {
                #expect(try new(wanted).next()?.sequence == (wanted.rawValue > all.count ? nil : max(1, wanted)))
            }
        }
    }

    @Test(arguments: [WriteAheadLog.Compression.none, .lz4])
    func aSeekFindsWhatANewReaderFinds(_ compression: WriteAheadLog.Compression) throws {
        let directory = TemporaryDirectory()
        let log = try Self.fill(directory, sealedCompression: compression)
        if compression == .lz4 {
            eventuallyBlocking { !log.segments.contains { $0.state == .sealed && !$0.path.hasSuffix(".lz4") } }
        }
        let all = try readAll(log.reader())
        #expect(log.segments.count > 3)
        try Self.expectSameAsNew(2000, all, log.reader()) { log.reader(from: $0) }
        let other = try ReadOnlyLog(at: directory.path)
        try Self.expectSameAsNew(500, all, other.reader()) { other.reader(from: $0) }
        try log.closeBlocking()
        try Self.expectSameAsNew(500, all, other.reader()) { other.reader(from: $0) }
    }

    @Test func aSeekFindsATime() throws {
        let directory = TemporaryDirectory()
        let log = try Self.fill(directory, 1500)
        usleep(3000)
        for number in 0..<1500 {
            try log.appendBlocking(payload(number, size: 200))
            if number % 100 == 0 { usleep(2000) }
        }
        let all = try readAll(log.reader())
        let reader = log.reader()
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<1000 {
            let time =
                all[Int.random(in: 0..<all.count, using: &generator)].time
                + .microseconds(Int64.random(in: -1...1, using: &generator))
            reader.seek(since: time)
            #expect(try reader.next() == all.first { $0.time >= time })
        }
        reader.seek(since: .now + .seconds(60))
        #expect(try reader.next() == nil)
        try log.closeBlocking()
    }

    /// Between the seeks, records are added, and the active segment ends and is sealed.
    @Test func theActiveSegmentGrowsAndEndsMeanwhile() throws {
        let directory = TemporaryDirectory()
        let log = try Self.fill(directory, 10)
        let reader = log.reader()
        var generator = SeededGenerator(seed: 11)
        for number in 10..<3000 {
            let sequence = try log.appendBlocking(payload(number, size: 300))
            reader.seek(to: sequence.next)
            #expect(try reader.next() == nil)
            let wanted = SequenceNumber(rawValue: .random(in: 1...sequence.rawValue, using: &generator))
            reader.seek(to: wanted)
            #expect(try reader.next()?.sequence == wanted)
            if number % 700 == 0 { try log.rollBlocking() }
        }
        #expect(log.segments.count > 3)
        try log.closeBlocking()
    }

    @Test func removedRecordsAreAGap() async throws {
        let directory = TemporaryDirectory()
        let log = try Self.fill(directory, keeping: 1 << 19)
        let reader = log.reader()
        for sequence in stride(from: 1 as UInt64, to: 4000, by: 50) {
            reader.seek(to: SequenceNumber(rawValue: sequence))
            #expect(try reader.next()?.sequence.rawValue == sequence)
        }
        try log.removeCursor("held")
        try log.setCursor("reader", to: log.lastSequence)
        reader.seek(to: log.lastSequence)
        #expect(try reader.next()?.sequence == log.lastSequence)
        // The reader is in the last segment, and pins none of the earlier ones. Only durable segments are removed.
        try await log.sync()
        try await eventually {
            await log.applyRetention()
            return log.firstSequence > 100
        }
        let first = log.firstSequence
        reader.seek(to: 5)
        let gap = try reader.nextEntry()?.gap
        #expect(gap?.reason == .removed && gap?.first == 5 && gap?.last?.next == first)
        #expect(try reader.next()?.sequence == first)
        try await log.close()
    }

    /// One byte on the disk is wrong. Its record is a gap, and the records around it are found.
    @Test func aDamagedFrameIsAGap() throws {
        let directory = TemporaryDirectory()
        let log = try Self.fill(directory)
        let all = try readAll(log.reader())
        try log.closeBlocking()
        let segment = try #require(
            try ReadOnlyLog(at: directory.path).segments.filter { $0.state == .sealed }.dropFirst().first)
        let file = try #require(FileHandle(forUpdatingAtPath: segment.path))
        for field in [0, 4, 12, 40] as [UInt64] {
            let place: UInt64 = 100_000 & ~7
            try file.seek(toOffset: place + field)
            let byte = try #require(try file.read(upToCount: 1))
            try file.seek(toOffset: place + field)
            try file.write(contentsOf: Data([byte[byte.startIndex] ^ 0x55]))
            let log = try ReadOnlyLog(at: directory.path)
            let sequential = try readEntries(log.reader())
            let lost = sequential.compactMap { $0.gap }
            let seeking = log.reader()
            for record in all.shuffled().prefix(400) {
                seeking.seek(to: record.sequence)
                let entry = try seeking.nextEntry()
                if let gap = lost.first(where: { $0.first <= record.sequence && ($0.last ?? .zero) >= record.sequence })
                {
                    #expect(entry?.gap?.last == gap.last)
                } else {
                    #expect(entry?.record == record)
                }
            }
            try file.seek(toOffset: place + field)
            try file.write(contentsOf: byte)
        }
    }

    /// The frame at the start ends at 4 GiB, or there is another one shortly before that. A reader checks the first one
    /// and so reads all of the file. Therefore the test makes the search alone.
    @Test(arguments: [0xFFFF_FC00, 0xFFFF_F400] as [UInt32])
    func `a search stays within a file of four gibibytes`(_ length: UInt32) throws {
        let directory = TemporaryDirectory()
        let header = SegmentHeader(
            logID: LogID(low: 1, high: 2), segmentNumber: 1, incarnation: 3, capacity: SegmentHeader.lengthMax,
            state: .active)
        let file = try File(SegmentName.of(1), in: Directory.make(directory.path), .create)
        for (offset, length) in [(SegmentHeader.size, length), (0xFFFF_F800, UInt32(Frame.headerSize))] {
            var frame: [UInt8] = []
            frame.add(UInt64(length))
            frame.add(UInt64(0))
            frame.add(UInt64(Frame.Kind.syncMark.rawValue))
            try file.write(frame, at: offset)
        }
        let size = Int(SegmentHeader.lengthMax)
        try file.truncate(to: size)
        let segment = try ReadableSegment(
            Segment(header: header, path: file.path), in: .plain(file), size: size, footer: nil)
        let places = try FramePlaces(segment)
        #expect(places.find(recordIndex: 4) == nil)
        #expect(places.find(since: 0) == nil)
    }

    #if os(Linux)
        /// A search that passes a batch's frame doesn't verify its number of records, so it must not allocate memory for them.
        @Test func aForgedNumberOfRecordsTakesNoMemory() throws {
            let directory = TemporaryDirectory()
            let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
            var batch = RecordBatch()
            for number in 0..<3 { batch.append(payload(number, size: 100)) }
            try log.appendBlocking(batch)
            for number in 3..<10 { try log.appendBlocking(payload(number, size: 100)) }
            try log.closeBlocking()
            let path = try #require(try ReadOnlyLog(at: directory.path).segments.first { $0.state != .prepared }?.path)
            let file = try #require(FileHandle(forUpdatingAtPath: path))
            try file.seek(toOffset: UInt64(SegmentHeader.size + Frame.Offset.body))
            try file.write(contentsOf: Data([0xF0, 0xFF, 0xFF, 0xFF]))
            try file.close()

            func peak() -> Int {
                var usage = rusage()
                getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
                return usage.ru_maxrss
            }
            let before = peak()
            let reader = try ReadOnlyLog(at: directory.path).reader()
            for sequence in 1...10 as ClosedRange<UInt64> {
                reader.seek(to: SequenceNumber(rawValue: sequence))
                _ = try reader.nextEntry()
            }
            // In KiB. Two bytes for each record of the forged number would be 8 GiB.
            #expect(peak() - before < 1 << 20)
        }
    #endif

    @Test func onlyDurableRecordsAreShown() throws {
        let directory = TemporaryDirectory()
        let log = try Self.fill(directory, 200)
        try log.syncBlocking()
        let last = log.lastSequence
        let reader = log.reader(visibility: .durable)
        try log.appendBlocking(payload(1))
        for sequence in [1, last.rawValue, last.rawValue + 1] {
            reader.seek(to: SequenceNumber(rawValue: sequence))
            #expect(try reader.next()?.sequence.rawValue == (sequence <= last.rawValue ? sequence : nil))
        }
        try log.closeBlocking()
    }
}

extension LogEntry {
    fileprivate var gap: LogGap? { if case .gap(let gap) = self { gap } else { nil } }
    fileprivate var record: LogRecord? { if case .record(let record) = self { record } else { nil } }
}
