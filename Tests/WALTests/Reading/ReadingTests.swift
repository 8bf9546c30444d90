import Foundation
import TestSupport
import Testing

@testable import WAL

/// A reader that starts at the wrong record skips records of its consumer.
@Suite struct ReadingTests {
    @Test func aReaderByTimeBeginsWithTheFirstRecordOfThatTime() throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 64 << 10
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        // Several segments, and several ticks of the clock.
        for number in 0..<3000 {
            try log.appendBlocking(payload(number, size: 200))
            if number % 500 == 0 { usleep(20_000) }
        }
        let all = try readAll(log.reader())
        #expect(Set(all.map(\.time)).count > 3)
        for place in stride(from: 0, to: all.count, by: 97) {
            let time = all[place].time
            let expected = all.first { $0.time >= time }
            #expect(try log.reader(since: time).next() == expected)
            #expect(try ReadOnlyLog(at: directory.path).reader(since: time).next() == expected)
        }
        #expect(try log.reader(since: .now + .seconds(60)).next() == nil)
        try log.closeBlocking()
    }

    @Test func anyPlaceIsFoundBySequence() throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 256 << 10
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        for number in 1...5000 { try log.appendBlocking(payload(number, size: 150)) }
        for sequence in stride(from: 1 as UInt64, through: 5000, by: 61) {
            let record = try log.reader(from: SequenceNumber(rawValue: sequence)).next()
            #expect(record?.sequence.rawValue == sequence)
            #expect(record?.payload == payload(Int(sequence), size: 150))
        }
        #expect(try log.reader(from: 5001).next() == nil)
        try log.closeBlocking()
    }

    /// The view that a closure receives stays valid, even if the reader moves to another segment before the closure ends.
    @Test(arguments: [WriteAheadLog.Compression.none, .lz4])
    func aViewOutlivesWhatTheReaderDoesMeanwhile(_ compression: WriteAheadLog.Compression) throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small()
        configuration.compression = compression
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        for start in stride(from: 1, through: 3000, by: 3) {
            try log.appendBlocking(payload(start, size: 500))
            var batch = RecordBatch()
            for number in start + 1...start + 2 { batch.append(payload(number, size: 700)) }
            try log.appendBlocking(batch)
        }
        let reader = log.reader()
        let found = try reader.next { outer -> [[UInt8]] in
            guard
                let inner = try? reader.next({ inner -> [UInt8] in
                    while (try? reader.next()) != nil {}
                    return LogRecord(inner).payload
                })
            else { return [] }
            return [LogRecord(outer).payload, inner]
        }
        #expect(found == [payload(1, size: 500), payload(2, size: 700)])
        try log.closeBlocking()
    }

    /// Single records are returned without another check while they are within the known durable position, and no further.
    @Test func aReaderOfDurableRecordsStopsBetweenSingleRecords() throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        let reader = log.reader(visibility: .durable)
        for round in 0..<5 {
            for number in 1...10 { try log.appendBlocking(payload(10 * round + number)) }
            try log.waitUntilDurableBlocking(log.lastSequence)
            for number in 1...10 { try log.appendBlocking(payload(10 * round + number)) }
            let found = try readAll(reader).count
            #expect(found == (round == 0 ? 10 : 20))
        }
        try log.closeBlocking()
    }

    /// A follower can't take back a record that it forwarded, although the writer may still lose it. A follower that never learns
    /// that a record is durable never forwards it.
    @Test(arguments: [WriteAheadLog.Compression.none, .lz4])
    func aReaderOfADirectoryReturnsTheRecordsThatTheFilesProveDurable(
        _ compression: WriteAheadLog.Compression
    ) async throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small()
        configuration.compression = compression
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        let readOnly = try ReadOnlyLog(at: directory.path)
        let reader = readOnly.reader(visibility: .durable)
        var found: [LogRecord] = []
        // Several segments, which are sealed and perhaps compressed meanwhile.
        for round in 0..<8 {
            for number in 1...100 { try await log.append(payload(100 * round + number, size: 400)) }
            found += try readAll(reader)
            // No frame states a higher durable position than the log had when the frame was written.
            #expect(found.count <= Int(log.durableSequence.rawValue))
            try await log.sync()
            try await log.append(payload(0))
            found += try readAll(reader)
            // The frame after the sync states that all records before it are durable, but not itself.
            #expect(found.count == 101 * round + 100)
            #expect(found.last?.sequence == (try readOnly.durableSequence))
        }
        try await log.close()
        found += try readAll(reader)
        #expect(found.count == 8 * 101)
        #expect(found == (try readAll(readOnly.reader())))
        #expect(try readAll(readOnly.reader(visibility: .durable)) == found)
    }

    /// Without a frame after the sync, only the sync mark of an idle log states that the record is durable.
    @Test func aWaitingReaderOfADirectoryReturnsTheRecordsOfAnIdleLog() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        try await log.append(payload(1))
        try await log.append(payload(2))
        try await log.sync()
        var found: [LogRecord] = []
        for try await record in try ReadOnlyLog(at: directory.path).records(through: 2, visibility: .durable) {
            found.append(record)
        }
        #expect(found.map(\.payload) == [payload(1), payload(2)])
        try await log.close()
    }

    /// The last records of a killed writer may be lost with the next power cut. The next opening syncs them.
    @Test func aReaderOfADeadLogStopsAtTheLastProvenRecord() async throws {
        let directory = TemporaryDirectory()
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = directory.path as String] in
            let log = try await WriteAheadLog.open(at: path, configuration: .small())
            for number in 1...10 { try await log.append(payload(number)) }
            try await log.sync()
            for number in 11...20 { try await log.append(payload(number)) }
            kill(getpid(), SIGKILL)
        }
        let readOnly = try ReadOnlyLog(at: directory.path)
        #expect(try readAll(readOnly.reader()).count == 20)
        let reader = readOnly.reader(visibility: .durable)
        #expect(try readAll(reader).count == 10)
        try await WriteAheadLog.open(at: directory.path, configuration: .small()).close()
        #expect(try readAll(reader).count == 10)
    }

    /// The number of bytes of the largest read of a file.
    private final class LargestRead: StorageHook {
        let count = Monitor(0)

        func before(_ call: StorageCall) -> StorageVerdict {
            if case .read(_, _, let count) = call { self.count.withLock { $0 = max($0, count) } }
            return .proceed
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    /// The writer has begun another segment since a reader found no frame at its place. Such a reader verified the
    /// whole log, twice.
    @Test func aReaderThatIsOvertakenReadsNoOtherSegment() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        for number in 1...100 { try await log.append(payload(number)) }
        try await log.roll()
        try await log.untilSealed()
        try await log.append(payload(101))
        let source = try DirectorySource(Directory(path: directory.path))
        let active = try #require(log.segments.last { $0.state == .active })
        let segment = try #require(try source.readable(active.number))
        let offset = Int(log.engine.catalog.waitForClaimed().position - segment.segment.header.basePosition)
        let place = ReadingPlace(offset: offset, isEmpty: true, isFooter: false)

        // A producer that has claimed the place and not committed yet.
        let stage = Monitor(0)
        let producer = Task {
            try await Blocking.run {
                try log.appendBlocking(count: 1) { output in
                    stage.withLock { $0 = 1 }
                    stage.wait { stage in stage == 2 ? () : nil }
                    output.append(1, as: UInt8.self)
                }
            }
        }
        try await eventually { stage.withLock { $0 == 1 } }
        try await log.append(payload(103))
        try await log.roll()
        let reads = LargestRead()
        StorageHooks.install(reads, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let during = try source.continuation(of: segment, at: place)
        stage.withLock { $0 = 2 }
        stage.notifyAll()
        #expect(try await producer.value == 102)
        let after = try source.continuation(of: segment, at: place)
        if case .end = during.step {} else { Issue.record("\(during)") }
        if case .frame(offset) = after.step {} else { Issue.record("\(after)") }
        // Headers and the ends of files, and no frames.
        #expect(reads.count.withLock { $0 } <= 2 << 10)
        try await log.close()
    }

    /// Removes segments at the worst moment: after a reader has found its segment, and before a pin keeps it.
    private struct RemovingSource: SegmentSource {
        let log: WriteAheadLog

        func segment(containing sequence: UInt64?) throws(WALError) -> LocatedSegment? {
            let found = try log.engine.source.segment(containing: sequence)
            log.applyRetentionBlocking()
            return found
        }

        func segment(
            since time: Int64, reusing: (Segment) -> ReadableSegment?
        ) throws(WALError) -> LocatedSegment? {
            let found = try log.engine.source.segment(since: time, reusing: { _ in nil })
            log.applyRetentionBlocking()
            return found
        }

        func continuation(of segment: ReadableSegment, at place: ReadingPlace) throws(WALError) -> Continuation {
            try log.engine.source.continuation(of: segment, at: place)
        }

        func isRemoved(_ segment: ReadableSegment) -> Bool { log.engine.source.isRemoved(segment) }
        func durablePosition(after position: UInt64) -> UInt64 { log.engine.source.durablePosition(after: position) }

        func waitForMore(
            behind position: UInt64, durable: UInt64, from sequence: UInt64, visibility: ReadVisibility,
            unless isDue: () -> Bool
        ) async throws(WALError) {}

        func pin(_ reader: ObjectIdentifier, at number: UInt64) { log.engine.source.pin(reader, at: number) }
        func pin(_ reader: ObjectIdentifier, in segment: ReadableSegment) -> Bool {
            log.engine.source.pin(reader, in: segment)
        }

        func unpin(_ reader: ObjectIdentifier) { log.engine.source.unpin(reader) }
    }

    /// Such a reader reached the end of its segment, found no successor, and took that for the end of the log forever.
    @Test(arguments: [false, true])
    func aSegmentThatIsRemovedBeforeItIsKeptIsNoEnd(_ isByTime: Bool) throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small(.always)
        configuration.retention = WriteAheadLog.Retention(age: .zero)
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        try log.setCursor("consumer", to: 0)
        for round in 0..<4 {
            for number in 1...10 { try log.appendBlocking(payload(round * 10 + number)) }
            try log.rollBlocking()
        }
        try log.appendBlocking([1])
        try log.setCursor("consumer", to: 30)
        let source = RemovingSource(log: log)
        let reader = LogReader(source, at: isByTime ? .time(0) : .sequence(1), visibility: .written)
        let found = try readAll(reader).map(\.sequence.rawValue)
        #expect(log.firstSequence > 1)
        #expect(found == Array(log.firstSequence.rawValue...41))
        try log.closeBlocking()
    }
}
