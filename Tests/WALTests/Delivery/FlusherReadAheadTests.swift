import TestSupport
import Testing

@testable import WAL
@testable import WALDelivery

/// A worker reads its next batch while the sink applies the last one.
@Suite(.timeLimit(.minutes(10))) struct FlusherReadAheadTests {
    /// A sink that answers once the gate is open.
    private final class HoldingSink: Sink {
        let inner = RecordingSink()
        let gate = Gate()

        var name: String { inner.name }
        var maxConcurrency: Int { inner.maxConcurrency }

        func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
            try await inner.claim(lanes, of: laneCount, log: log)
        }

        func apply(_ batch: SinkBatch) async throws -> SinkReceipt {
            try await eventually { gate.isOpen }
            return try await inner.apply(batch)
        }

        func classify(_ error: any Error) -> SinkFailure { inner.classify(error) }
        func close() async { await inner.close() }
    }

    @Test func theReaderIsABatchAhead() async throws {
        let harness = try FlusherHarness(retainedSize: nil)
        // Three batches, each in a separate segment.
        for _ in 1...3 {
            try harness.append(10)
            try await harness.log.roll()
        }
        try await harness.log.sync()
        let segments = harness.log.segments.filter { $0.recordCount == 10 }.map(\.number)
        try #require(segments.count == 3)
        let sink = HoldingSink()
        var configuration = Flusher<HoldingSink>.Configuration()
        configuration.workerCount = 1
        configuration.batchSize = 10
        configuration.maxBatchSize = 10
        let flusher = Flusher(log: harness.log, sink: sink, configuration: configuration) { _ in 1 }
        let running = Task { try await flusher.run() }
        func pins() -> [UInt64] { harness.log.engine.catalog.state.withLock { Array($0.pins.values) } }
        // The first batch isn't applied, the second one is read, and the third isn't.
        try await eventually { pins().contains(segments[1]) }
        #expect(sink.inner.snapshot.calls == 0)
        sink.gate.open()
        try await flusher.drain()
        running.cancel()
        _ = await running.result
        let state = sink.inner.snapshot
        #expect(state.breaches.isEmpty && state.applied == Set(1...30))
        #expect(state.batches.filter { !$0.records.isEmpty }.map(\.records.count) == [10, 10, 10])
    }
}
