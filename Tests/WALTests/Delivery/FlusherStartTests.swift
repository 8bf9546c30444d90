import Foundation
import Logging
import ServiceLifecycle
import TestSupport
import Testing

@testable import WAL
@testable import WALDelivery

@Suite(.timeLimit(.minutes(10))) struct FlusherStartTests {
    @Test func damageIsPassedOverAndCounted() async throws {
        let harness = try FlusherHarness(segmentSize: 64 << 10, retainedSize: nil)
        try harness.append(5000)
        try await harness.log.sync()
        let damaged = try #require(harness.log.segments.first { $0.state == .sealed })
        let file = try #require(FileHandle(forUpdatingAtPath: damaged.path))
        try file.seek(toOffset: UInt64(damaged.fileSize / 2))
        try file.write(contentsOf: [UInt8](repeating: 0xA5, count: 64))
        try file.close()
        let sink = RecordingSink()
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration())
        let ended = try await harness.run(flusher) {
            try await flusher.drain()
        }
        #expect(ended is CancellationError || (ended as? WALError)?.code == .cancelled || ended == nil)
        let rows = sink.snapshot.rows.map(\.sequence)
        #expect(rows.contains(5000))
        #expect(flusher.statistics.sequencesLost > 0)
        #expect(UInt64(rows.count) + flusher.statistics.sequencesLost == 5000)
    }

    @Test func anIdleFlusherIsQuiet() async throws {
        let harness = try FlusherHarness()
        let sink = RecordingSink()
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration())
        try harness.append(10)
        _ = try await harness.run(flusher) {
            try await flusher.drain()
            // The last work of a drain may come late on a busy machine. A flusher that polls never stops.
            var isQuiet = false
            for _ in 0..<100 where !isQuiet {
                let (syncs, calls) = (harness.log.statistics.syncCount, sink.snapshot.calls)
                try await Task.sleep(for: .milliseconds(400))
                isQuiet = harness.log.statistics.syncCount == syncs && sink.snapshot.calls == calls
            }
            #expect(isQuiet)
        }
    }

    @Test func invalidConfigurationsAreRefused() async throws {
        let harness = try FlusherHarness()
        let flusher = harness.flusher(into: RecordingSink(), FlusherHarness.configuration { $0.laneCount = 257 })
        await #expect { try await flusher.run() } throws: { ($0 as? WALError)?.code == .invalidArgument }
        await #expect { try await flusher.run() } throws: { ($0 as? WALError)?.code == .invalidArgument }
    }

    @Test func gracefulShutdownDrains() async throws {
        let harness = try FlusherHarness()
        try harness.append(100, barrierEvery: 9)
        let sink = RecordingSink()
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration { $0.flushInterval = .seconds(100) })
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: flusher)], logger: .init(label: "test")))
        async let running: Void = group.run()
        try await eventually { sink.snapshot.claims != 0 }
        await group.triggerGracefulShutdown()
        try await running
        #expect(sink.snapshot.rows.count == 100)
        try await eventually { sink.snapshot.closings == 1 }
        await #expect { try await flusher.waitUntilApplied(101) } throws: { ($0 as? WALError)?.code == .closed }
        try await flusher.waitUntilApplied(100)
    }

    @Test func gracefulShutdownGivesUpInTime() async throws {
        let harness = try FlusherHarness()
        try harness.append(100)
        let sink = RecordingSink { _, _ in .before(.transient) }
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration { $0.drainTimeout = .milliseconds(50) })
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: flusher)], logger: .init(label: "test")))
        async let running: Void = group.run()
        try await eventually { sink.snapshot.calls != 0 }
        await group.triggerGracefulShutdown()
        try await running
        #expect(sink.snapshot.rows.isEmpty)
        #expect(flusher.statistics.lag.records == 100)
    }

    @Test func cancellationWakesWaitersAndStops() async throws {
        let harness = try FlusherHarness()
        let sink = RecordingSink()
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration())
        let waiter = Task { try await flusher.waitUntilApplied(5) }
        let ended = try await harness.run(flusher) { try await eventually { sink.snapshot.claims != 0 } }
        #expect(ended is CancellationError)
        await #expect { try await waiter.value } throws: { ($0 as? WALError)?.code == .cancelled }
    }

    @Test func aCancelledWaiterIsWoken() async throws {
        let harness = try FlusherHarness()
        let flusher = harness.flusher(into: RecordingSink(), FlusherHarness.configuration())
        let waiter = Task { try await flusher.waitUntilApplied(5) }
        try await Task.sleep(for: .milliseconds(5))
        waiter.cancel()
        await #expect { try await waiter.value } throws: { ($0 as? WALError)?.code == .cancelled }
    }

    @Test func aFullBatchDoesNotWaitForTheInterval() async throws {
        let harness = try FlusherHarness()
        let sink = RecordingSink()
        let flusher = harness.flusher(
            into: sink, FlusherHarness.configuration(workers: 1, batchSize: 10) { $0.flushInterval = .seconds(100) })
        _ = try await harness.run(flusher) {
            try harness.append(25)
            try await eventually { sink.snapshot.rows.count >= 20 }
            try await flusher.waitUntilApplied(25)
        }
        #expect(sink.snapshot.batches.map(\.records.count).prefix(3) == [10, 10, 5])
    }
}
