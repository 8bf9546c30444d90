import Testing

@testable import WAL
@testable import WALDelivery

/// A record that breaks each connection must not hold up its lanes forever. An outage must not lose a record.
@Suite struct LossCounterTests {
    private func lost(
        _ counter: inout LossCounter, _ position: SequenceNumber, _ count: Int, narrowing: Bool = false,
        after duration: Duration = .milliseconds(3)
    ) -> LossCounter.Verdict {
        counter.lost(position: position, recordCount: count, isNarrowing: narrowing, after: duration)
    }

    @Test func aStepIsHalvedAfterEnoughLossesInARow() {
        var counter = LossCounter(maxLosses: 3)
        #expect((0..<3).map { _ in lost(&counter, 8, 8) } == [.tryAgain, .tryAgain, .smaller])
        #expect(lost(&counter, 4, 4, narrowing: true) == .smaller)
        #expect(lost(&counter, 2, 2, narrowing: true) == .smaller)
        #expect((0..<3).map { _ in lost(&counter, 1, 1, narrowing: true) } == [.tryAgain, .tryAgain, .setAside])
    }

    @Test func whatIsAppliedOrAnsweredInBetweenCountsAnew() {
        var counter = LossCounter(maxLosses: 2)
        #expect(lost(&counter, 8, 8) == .tryAgain)
        counter.answered()
        #expect(lost(&counter, 8, 8) == .tryAgain)
        #expect(lost(&counter, 16, 8) == .tryAgain, "another step")
        #expect(lost(&counter, 16, 8) == .smaller)
    }

    @Test func aSlowRecordIsNotAtFault() {
        var counter = LossCounter(maxLosses: 2)
        for _ in 0..<20 { #expect(lost(&counter, 1, 1, after: .seconds(30)) == .tryAgain) }
        #expect(lost(&counter, 2, 2, after: .seconds(30)) == .tryAgain)
        #expect(lost(&counter, 2, 2, after: .seconds(30)) == .smaller)
    }

    @Test func aPositionWithoutRecordsHasNoCulprit() {
        var counter = LossCounter(maxLosses: 1)
        for _ in 0..<20 { #expect(lost(&counter, 1, 0) == .tryAgain) }
    }

    /// Each call with one of these records breaks the connection, whether the batch was applied or not.
    @Test(arguments: [1, 2], [5, 1]) func recordsThatBreakTheConnectionAreSetAside(workers: Int, maxLosses: Int)
        async throws
    {
        let harness = try FlusherHarness()
        try harness.append(120, barrierEvery: 40)
        let poison: Set<UInt64> = [1, 34, 35, 80, 120]
        let sink = RecordingSink { _, batch in
            batch.records.contains { poison.contains($0.sequence.rawValue) } ? .before(.indeterminate) : .none
        }
        let flusher = harness.flusher(
            into: sink, FlusherHarness.configuration(workers: workers, batchSize: 50) { $0.maxLosses = maxLosses })
        _ = try await harness.run(flusher) { try await flusher.drain() }
        #expect(Set(sink.snapshot.rows.map(\.sequence)) == Set(1...120).subtracting(poison))
        #expect(sink.snapshot.isOrdered)
        let letters = try harness.deadLetters()
        #expect(Set(letters.map(\.sequence.rawValue)) == poison)
        #expect(letters.allSatisfy { $0.code == "connectionLost" })
        #expect(flusher.statistics.failures[.indeterminate, default: 0] >= UInt64(poison.count * maxLosses))
    }

    /// One batch loses twenty connections, each with an outage, and then succeeds. The flusher must not set a record aside before
    /// that.
    @Test func anOutageSetsNothingAside() async throws {
        let harness = try FlusherHarness()
        try harness.append(1)
        let sink = RecordingSink { call, _ in
            call <= 4 ? .before(.indeterminate) : .none
        } claimFault: { claim in
            claim > 1 && !claim.isMultiple(of: 10) ? .before(.transient) : .none
        }
        let flusher = harness.flusher(
            into: sink,
            FlusherHarness.configuration(workers: 1) { $0.breakerInterval = .microseconds(100) })
        _ = try await harness.run(flusher) { try await flusher.drain() }
        #expect(sink.snapshot.rows.map(\.sequence) == [1])
        #expect(sink.snapshot.claims > 30)
        #expect(try harness.deadLetters().isEmpty)
    }
}
