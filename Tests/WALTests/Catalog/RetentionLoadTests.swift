import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import WAL

/// A service under steady load must not fill its disk with records that no consumer needs, nor run out of descriptors.
@Suite(.serialized) struct RetentionLoadTests {
    @Test func oldSegmentsGoWhileAppendsGoOn() async throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small(.interval(.milliseconds(5)))
        configuration.segmentSize = 64 << 10
        configuration.retention = WriteAheadLog.Retention(totalSize: 1 << 20)
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        try log.setCursor("consumer", to: 0)
        let isDone = Atomic(false)
        async let written: UInt64 = withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var count: UInt64 = 0
                while !isDone.load(ordering: .relaxed) {
                    guard (try? log.appendBlocking(payload(Int(count), size: 300))) != nil else { break }
                    count += 1
                }
                continuation.resume(returning: count)
            }
        }
        // The consumer's cursor lags behind by 1,000 records.
        var removals = 0
        var first: SequenceNumber = 1
        let end = ContinuousClock.now + .seconds(120)
        while removals < 3, .now < end {
            try await Task.sleep(for: .milliseconds(20))
            let last = log.lastSequence.rawValue
            if last > 1000 { try log.setCursor("consumer", to: SequenceNumber(rawValue: last - 1000)) }
            if log.firstSequence > first {
                removals += 1
                first = log.firstSequence
            }
        }
        let appendedMeanwhile = log.lastSequence
        isDone.store(true, ordering: .relaxed)
        #expect(removals >= 3)
        #expect(await written >= appendedMeanwhile.rawValue)
        try await log.sync()
        try await eventually { log.statistics.preparedSegmentCount >= 2 }
        await log.applyRetention()
        let kept = try #require(log.cursors["consumer"])
        #expect(log.firstSequence <= kept.next)
        let records = try readAll(log.reader())
        #expect(records.first?.sequence == log.firstSequence)
        #expect(records.last?.sequence == log.lastSequence)
        #expect(UInt64(records.count) == log.lastSequence.rawValue - log.firstSequence.rawValue + 1)
        let files = try segmentNames(directory.path).count
        let statistics = log.statistics
        #expect(files <= statistics.segmentCount + statistics.preparedSegmentCount + 1)
        #expect(records.allSatisfy { $0.payload == payload(Int($0.sequence.rawValue - 1), size: 300) })
        try await log.close()
    }

    #if os(Linux)
        /// The descriptors of this process for files in a directory.
        private func descriptors(in directory: String) throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { name in
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
                return target?.hasPrefix(directory) ?? false
            }
        }

        @Test func whatNobodySyncsKeepsFewDescriptors() async throws {
            let directory = TemporaryDirectory()
            var configuration = WriteAheadLog.Configuration.small(.manual)
            configuration.segmentSize = 64 << 10
            let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
            let path = URL(filePath: directory.path).resolvingSymlinksInPath().path
            var most = 0
            for number in 0..<100 {
                for _ in 0..<50 { try await log.append(payload(number, size: 1000)) }
                try await log.roll()
                most = max(most, try descriptors(in: path))
            }
            // One active segment, the prepared ones and one in preparation, the lock, the status, the file of waiting readers.
            let others = 1 + configuration.maxPreparedSegments + 1 + 1 + 1 + 1
            // At this number of unsynced segments, the log syncs them before it seals the next.
            let waiting = GroupCommit.unsyncedMax
            #expect(most > others)
            #expect(most <= waiting + AppendSlots.count + others)
            try await eventually { try descriptors(in: path) <= waiting + others }
            #expect(log.segments.count > 60)
            try await log.sync()
            try await eventually { try descriptors(in: path) <= others }
            try await log.close()
        }
    #endif
}
