import Foundation
import TestSupport
import Testing

@testable import WAL
@testable import WALDelivery

/// Several sinks share a log. A slow or unreachable sink must not affect the others, and must not fill the disk unless it is
/// required.
@Suite(.timeLimit(.minutes(10))) struct SeveralSinksTests {
    private func unreachableSink(_ name: String) -> RecordingSink {
        RecordingSink(name: name) { _, _ in .before(.transient) }
    }

    @Test func eachSinkHasItsOwnPositionAndRequiredOnesKeepTheLog() async throws {
        let harness = try FlusherHarness(segmentSize: 64 << 10)
        try harness.log.removeCursor("sink/recording")
        let quick = RecordingSink(name: "quick")
        let slow = unreachableSink("slow")
        let flushers = [quick, slow].map { harness.flusher(into: $0, FlusherHarness.configuration(batchSize: 500)) }
        let running = flushers.map { flusher in Task { try await flusher.run() } }
        try await eventually { slow.snapshot.claims != 0 }
        let last = try harness.append(5000)
        try await harness.log.waitUntilApplied(last, by: "quick")
        #expect(quick.snapshot.rows.count == 5000)
        try await flushers[0].drain()
        #expect(harness.log.cursors["sink/quick"] == last)
        #expect(harness.log.cursors["sink/slow"] == 0)
        await harness.log.applyRetention()
        #expect(harness.log.firstSequence == 1)
        let lag = flushers[1].statistics.lag
        #expect(lag.records == 5000)
        #expect(lag.bytes > 5000 * 24 && lag.bytes < 5000 * 64)
        #expect(lag.age > .zero)
        #expect(flushers[0].statistics.lag == LogLag())
        await #expect { try await harness.log.waitUntilApplied(1, by: "other") } throws: {
            ($0 as? WALError)?.code == .invalidArgument && "\($0)".contains("quick, slow")
        }
        for task in running { task.cancel() }
        for task in running { await #expect(throws: CancellationError.self) { try await task.value } }
        await #expect { try await harness.log.waitUntilApplied(1, by: "quick") } throws: {
            ($0 as? WALError)?.code == .invalidArgument
        }
    }

    @Test func aSinkOfBestEffortIsDetachedBeforeItFillsTheDisk() async throws {
        let harness = try FlusherHarness(segmentSize: 64 << 10)
        try harness.log.removeCursor("sink/recording")
        let slow = unreachableSink("slow")
        let detached = harness.flusher(
            into: slow, FlusherHarness.configuration { $0.attachment = .bestEffort(maxLagBytes: 100_000) })
        let running = Task { try await detached.run() }
        try await eventually { slow.snapshot.claims != 0 }
        try harness.append(1000)
        try await Task.sleep(for: .milliseconds(1200))
        #expect(harness.log.cursors["sink/slow"] == 0)
        try harness.append(9000)
        await #expect { try await running.value } throws: { error in
            guard let error = error as? WALError, error.code == .detached else { return false }
            return ["slow", "100000"].allSatisfy(error.message.contains)
        }
        #expect(harness.log.cursors["sink/slow"] == nil)
        try await eventually { slow.snapshot.closings == 1 }
        try await harness.log.sync()
        try await harness.log.roll()
        try harness.append(1)
        try await harness.log.sync()
        await harness.log.applyRetention()
        #expect(harness.log.firstSequence > 1)
        // When it returns, the flusher reports its gap.
        let back = harness.flusher(into: RecordingSink(name: "slow"), FlusherHarness.configuration())
        await #expect { try await back.run() } throws: { ($0 as? WALError)?.code == .sinkBehind }
    }
}
