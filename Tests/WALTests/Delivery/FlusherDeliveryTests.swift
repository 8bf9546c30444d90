import TestSupport
import Testing

@testable import WAL
@testable import WALDelivery

/// Each record is delivered exactly once and in order per key, with any workers, batches and restarts.
@Suite(.timeLimit(.minutes(10))) struct FlusherDeliveryTests {
    private func check(_ state: RecordingSink.State, has count: Int) {
        #expect(state.breaches.isEmpty, "\(state.breaches.prefix(5))")
        #expect(state.rows.count == count)
        #expect(state.applied.count == count)
        #expect(state.isOrdered)
    }

    @Test(arguments: [1, 2, 4], [1, 7, 500]) func deliversEverythingOnce(workers: Int, batchSize: Int) async throws {
        let harness = try FlusherHarness()
        let sink = RecordingSink()
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration(workers: workers, batchSize: batchSize))
        try harness.append(300, barrierEvery: 41)
        _ = try await harness.run(flusher) {
            try await flusher.drain()
            #expect(flusher.appliedSequence >= 300)
            try harness.append(100, barrierEvery: 41)
            try await flusher.waitUntilApplied(harness.log.lastSequence)
            try await flusher.drain()
        }
        check(sink.snapshot, has: 400)
        #expect(sink.snapshot.lanes.allSatisfy { $0.position == 400 }, "draining settles idle lanes")
        #expect(harness.log.cursors["sink/recording"] == 400)
        try await eventually { sink.snapshot.closings == 1 }
        #expect(flusher.statistics.recordsApplied == 400)
        #expect(flusher.statistics.lag.records == 0)
    }

    /// After a caller learns that a record is applied, the statistics include it.
    @Test func countsBeforeItTells() async throws {
        let harness = try FlusherHarness()
        let flusher = harness.flusher(into: RecordingSink(), FlusherHarness.configuration(workers: 1))
        _ = try await harness.run(flusher) {
            for count in 1...UInt64(200) {
                try harness.append(1)
                try await flusher.drain()
                #expect(flusher.statistics.recordsApplied == count)
            }
        }
    }

    @Test(arguments: [WriteAheadLog.SyncPolicy.always, .manual, .interval(.milliseconds(1))])
    func deliversUnaskedWhateverTheSyncPolicy(policy: WriteAheadLog.SyncPolicy) async throws {
        let harness = try FlusherHarness(syncPolicy: policy)
        let sink = RecordingSink()
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration(batchSize: 500))
        _ = try await harness.run(flusher) {
            try harness.append(20)
            try await eventually { flusher.appliedSequence >= 20 }
        }
        check(sink.snapshot, has: 20)
    }

    /// A stop at every batch boundary. Each next flusher has another number of workers.
    @Test func goesOnAfterEveryBatchWithOtherWorkers() async throws {
        let harness = try FlusherHarness()
        let count = 240
        try harness.append(count, barrierEvery: 17)
        var state = RecordingSink.State()
        var runs = 0
        while state.lanes.isEmpty || state.lanes.contains(where: { $0.position.rawValue < UInt64(count) }) {
            runs += 1
            guard runs < 400 else { break }
            let limit = 1 + runs % 3
            let sink = RecordingSink(continuing: state) { call, _ in call > limit ? .before(.fatal) : .none }
            let flusher = harness.flusher(
                into: sink, FlusherHarness.configuration(workers: [1, 2, 4, 3][runs % 4], batchSize: 5))
            _ = try await harness.run(flusher) { try? await flusher.drain() }
            state = sink.snapshot
        }
        check(state, has: count)
        #expect(runs > 10)
    }

    @Test func aCrashInTheMiddleOfABatchRepeatsNothing() async throws {
        let harness = try FlusherHarness()
        try harness.append(200, barrierEvery: 30)
        var state = RecordingSink.State()
        for run in 0..<200 {
            // The process ends before the answer to the last call.
            let sink = RecordingSink(continuing: state) { call, _ in call >= 2 ? .after(.fatal) : .none }
            let flusher = harness.flusher(into: sink, FlusherHarness.configuration(workers: 1 + run % 4))
            _ = try await harness.run(flusher) { try? await flusher.drain() }
            state = sink.snapshot
            if state.lanes.allSatisfy({ $0.position >= 200 }) { break }
        }
        check(state, has: 200)
    }
}
