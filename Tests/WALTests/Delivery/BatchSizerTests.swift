import Testing

@testable import WAL
@testable import WALDelivery

/// A small batch wastes the database's commits. A large one holds its locks and delays readers.
@Suite struct BatchSizerTests {
    private let target = Duration.milliseconds(50) ... .milliseconds(100)

    @Test func itGrowsToTheTargetAndStaysThere() {
        // A database that takes 10 ms for a commit and 40 µs for a row.
        func duration(_ count: Int) -> Duration { .milliseconds(10) + .microseconds(40) * count }
        var sizer = BatchSizer(size: 500, sizeMax: 5000, target: target)
        var sizes: [Int] = []
        for _ in 0..<20 {
            sizer.applied(sizer.size, in: duration(sizer.size))
            sizes.append(sizer.size)
        }
        #expect(target.contains(duration(sizer.size)))
        #expect(Set(sizes.suffix(10)).count == 1)
        // The database becomes four times slower.
        for _ in 0..<10 { sizer.applied(sizer.size, in: duration(sizer.size) * 4) }
        #expect(duration(sizer.size) * 4 <= target.upperBound)
        #expect(sizer.size >= 100)
    }

    @Test func itKeepsItsBounds() {
        var sizer = BatchSizer(size: 500, sizeMax: 700, target: target)
        for _ in 0..<10 { sizer.applied(sizer.size, in: .milliseconds(1)) }
        #expect(sizer.size == 700)
        for _ in 0..<20 { sizer.applied(sizer.size, in: .seconds(1)) }
        #expect(sizer.size == 50)
        for _ in 0..<20 { sizer.shrink() }
        #expect(sizer.size == 50)
        var fixed = BatchSizer(size: 500, sizeMax: 500, target: target)
        fixed.applied(500, in: .milliseconds(1))
        fixed.applied(500, in: .seconds(1))
        fixed.shrink()
        #expect(fixed.size == 500)
    }

    @Test func aTimeLimitShrinksItToOneRecord() {
        var sizer = BatchSizer(size: 500, sizeMax: 5000, target: target)
        var sizes: [Int] = []
        for _ in 0..<10 {
            sizer.overloaded(by: sizer.size)
            sizes.append(sizer.size)
        }
        #expect(sizes == [250, 125, 62, 31, 15, 7, 3, 1, 1, 1])
        // Slow, but within the limit: the size stays small.
        for _ in 0..<10 { sizer.applied(1, in: .seconds(1)) }
        sizer.shrink()
        #expect(sizer.size == 1)
        for _ in 0..<40 { sizer.applied(sizer.size, in: .milliseconds(1)) }
        #expect(sizer.size == 5000)
        sizer.overloaded(by: 40)
        #expect(sizer.size == 20)
    }

    @Test func batchesThatAreNotFullSayNothing() {
        var sizer = BatchSizer(size: 500, sizeMax: 5000, target: target)
        sizer.applied(499, in: .milliseconds(1))
        sizer.applied(100, in: .seconds(1))
        #expect(sizer.size == 500)
    }

    @Test func aFlusherFollowsIt() async throws {
        let harness = try FlusherHarness()
        try harness.append(4000)
        let sink = RecordingSink()
        let flusher = harness.flusher(
            into: sink,
            FlusherHarness.configuration(workers: 1, batchSize: 100) {
                $0.maxBatchSize = 400
                // Each batch is quick, however slow the machine.
                $0.batchLatencyTarget = .seconds(3600) ... .seconds(7200)
            })
        _ = try await harness.run(flusher) { try await flusher.drain() }
        let sizes = sink.snapshot.batches.map(\.records.count)
        #expect(sizes.first == 100)
        #expect(sizes.max() == 400)
        #expect(sink.snapshot.rows.count == 4000)
        #expect(flusher.statistics.flushLatency.count == UInt64(sizes.count))
        #expect(flusher.statistics.flushLatency.max >= flusher.statistics.flushLatency.median)
    }

    /// The sink times out at more than three records. Each failure halves the next batch, and the batches after it stay that
    /// small.
    @Test func timeLimitsShrinkBatchesAtOnce() async throws {
        let harness = try FlusherHarness()
        try harness.append(200)
        let sink = RecordingSink { _, batch in batch.records.count > 3 ? .before(.overloaded) : .none }
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration(workers: 1, batchSize: 60))
        _ = try await harness.run(flusher) { try await flusher.drain() }
        #expect(sink.snapshot.rows.map(\.sequence) == Array(1...200))
        #expect(flusher.statistics.breaker == .closed)
        #expect(sink.snapshot.batches.dropLast().count { $0.records.count >= 2 } >= 50)
    }

    /// A slow sink is no reason to set a record aside.
    @Test func aRecordThatIsTooMuchByItselfIsTriedUntilItPasses() async throws {
        let harness = try FlusherHarness()
        try harness.append(4)
        let sink = RecordingSink { call, batch in
            call < 12 && batch.records.contains { $0.sequence == 2 } ? .before(.overloaded) : .none
        }
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration(workers: 1))
        _ = try await harness.run(flusher) { try await flusher.drain() }
        #expect(sink.snapshot.rows.map(\.sequence) == [1, 2, 3, 4])
        #expect(try harness.deadLetters().isEmpty)
    }

    /// The sink always times out at more than ten records.
    @Test func aBatchThatIsTooMuchForTheSinkIsHalvedUntilItIsNot() async throws {
        let harness = try FlusherHarness()
        try harness.append(200)
        let sink = RecordingSink { _, batch in batch.records.count > 10 ? .before(.transient) : .none }
        let flusher = harness.flusher(
            into: sink,
            FlusherHarness.configuration(workers: 1, batchSize: 60) {
                $0.maxRetries = 1
                $0.breakerInterval = .microseconds(100)
            })
        _ = try await harness.run(flusher) { try await flusher.drain() }
        #expect(sink.snapshot.rows.map(\.sequence) == Array(1...200))
        #expect(flusher.statistics.failures[.transient] == flusher.statistics.errors)
        #expect(flusher.statistics.retries > 0)
    }
}
