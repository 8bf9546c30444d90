import Foundation
import Synchronization
import TestSupport
import Testing

@testable import WAL

/// A waiter that is never woken blocks its service. A waiter that is woken too early reports data as safe that isn't.
@Suite struct DurabilityTests {
    @Test func tenThousandTasksWaitForOneSync() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<10_000 {
                let sequence = try await log.append(payload(number))
                group.addTask {
                    try await log.waitUntilDurable(sequence)
                    #expect(log.durableSequence >= sequence)
                }
            }
            try await group.waitForAll()
        }
        try await log.close()
    }

    /// The frame of a cursor that crosses the end of a segment opens no other segment. If the change stayed pending, a power loss
    /// would restore the cursor's earlier value.
    @Test(arguments: [true, false])
    func aSyncIncludesTheCursorThatCrossedTheEndOfASegment(_ isBlocking: Bool) async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        for round: UInt64 in 1...3 {
            var position = round * 100_000
            repeat {
                position += 1
                try log.setCursor("consumer", to: SequenceNumber(rawValue: position))
            } while log.engine.catalog.markers.pendingNames.isEmpty
            if isBlocking {
                try await Blocking.run { () throws(WALError) in _ = try log.syncBlocking() }
            } else {
                try await log.sync()
            }
            #expect(log.engine.catalog.markers.pendingNames == [])
            #expect(try ReadOnlyLog(at: directory.path).cursors["consumer"]?.rawValue == position)
        }
        try await log.close()
    }

    @Test func aNumberThatWasNotGivenIsRefused() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        let error = await #expect(throws: WALError.self) { try await log.waitUntilDurable(5) }
        #expect(error?.code == .invalidArgument)
        try await log.close()
    }

    @Test func aTailEndsWhenItsTaskIsCancelledAndWhenTheLogIsClosed() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        for visibility in [ReadVisibility.written, .durable] {
            let tail = Task { () -> WALError? in
                do throws(WALError) {
                    var records = log.records(visibility: visibility).makeAsyncIterator()
                    while try await records.next() != nil {}
                    return nil
                } catch {
                    return error
                }
            }
            try await Task.sleep(for: .milliseconds(20))
            tail.cancel()
            #expect(await tail.value?.code == .cancelled)
        }
        let tails = [ReadVisibility.written, .durable].map { visibility in
            Task { () -> Int in
                var count = 0
                for try await _ in log.records(visibility: visibility) { count += 1 }
                return count
            }
        }
        try await log.append([1])
        try await Task.sleep(for: .milliseconds(20))
        try await log.close()
        for tail in tails { #expect(try await tail.value == 1) }
    }

    @Test func theIntervalPolicySyncsByItself() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(.interval(.milliseconds(5))))
        for number in 0..<5 {
            let sequence = try await log.append(payload(number))
            try await eventually { log.durableSequence >= sequence }
            try await Task.sleep(for: .milliseconds(number * 60))
        }
        try await log.close()
    }

    @Test(arguments: [WriteAheadLog.SyncPolicy.always, .interval(.milliseconds(1)), .manual])
    func anIdleLogHasASyncMark(_ policy: WriteAheadLog.SyncPolicy) async throws {
        // Without the mark, damage of the last durable record would pass for a torn tail after a power loss.
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(policy))
        try await log.append([1])
        try await log.sync()
        func hasMark() throws -> Bool {
            let name = try #require(try segmentNames(directory.path).first)
            let data = [UInt8](FileManager.default.contents(atPath: directory.path + "/" + name) ?? Data())
            var offset = 1024
            while offset + 24 < data.count {
                let length = (0..<4).reduce(0) { $0 | Int(data[offset + $1]) << (8 * $1) }
                if length == 0 { return false }
                if data[offset + 16] == 0x81 { return true }
                offset += (length + 7) / 8 * 8
            }
            return false
        }
        try await eventually(every: .milliseconds(10)) { try hasMark() }
        try await log.close()
    }
}
