import Foundation
import TestSupport
import Testing

@testable import WAL
@testable import WALDelivery

/// A log or a sink is restored from a copy, or one is new to the other. A flusher that continued without a check would deliver
/// records twice, or not at all, without an error.
@Suite(.timeLimit(.minutes(10))) struct FlusherPositionTests {
    private func state(at position: SequenceNumber, lane: Int? = nil) -> RecordingSink.State {
        var state = RecordingSink.State()
        state.lanes = (0..<16).map {
            SinkLane(index: $0, epoch: 1, position: lane == nil || $0 == lane ? position : 0)
        }
        return state
    }

    /// A log without its first segments, which retention removed.
    private func harnessWithoutItsBeginning() async throws -> FlusherHarness {
        let harness = try FlusherHarness(segmentSize: 64 << 10)
        let first = harness.flusher(into: RecordingSink(), FlusherHarness.configuration(batchSize: 500))
        _ = try await harness.run(first) {
            try harness.append(5000)
            try await first.drain()
        }
        try await harness.log.roll()
        try harness.append(1)
        // Otherwise the log's own retention could remove the last one during the test.
        try await harness.log.untilSealed()
        await harness.log.applyRetention()
        try #require(harness.log.firstSequence > 1)
        return harness
    }

    /// A recovery skipped numbers, and retention removed the records before them. No record is missing.
    @Test func numbersThatWerePassedOverAreNotMissing() async throws {
        let harness = try FlusherHarness(segmentSize: 64 << 10)
        let sink = RecordingSink()
        let first = harness.flusher(into: sink, FlusherHarness.configuration())
        _ = try await harness.run(first) {
            try harness.append(10)
            try await first.drain()
        }
        _ = try await harness.log.engine.appender.skipSequences(through: 25)
        try harness.append(5)
        try await harness.log.roll()
        try harness.append(1)
        try await harness.log.sync()
        try harness.log.setCursor("sink/recording", to: 10)
        await harness.log.applyRetention()
        try #require(harness.log.firstSequence == 26)
        let second = RecordingSink(continuing: sink.snapshot)
        let flusher = harness.flusher(into: second, FlusherHarness.configuration())
        let failure = Monitor<(any Error)?>(nil)
        _ = try await harness.run(flusher) {
            do { try await flusher.drain() } catch { failure.withLock { $0 = error } }
        }
        #expect(failure.withLock { $0 } == nil)
        #expect(second.snapshot.rows.map { Int($0.sequence) }.sorted() == Array(1...10) + Array(26...31))
    }

    @Test func whatARestoredLogLacksIsToldAndItsNumbersAreNotUsedAgain() async throws {
        let harness = try FlusherHarness(retainedSize: nil)
        try harness.append(10)
        let epoch = harness.log.statistics.epoch
        let sink = RecordingSink(continuing: state(at: 25, lane: 3))
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration())
        _ = try await harness.run(flusher) {
            try await flusher.drain()
            #expect(try harness.append(40) == 65)
            try await flusher.drain()
        }
        #expect(flusher.statistics.sequencesMissing == 11...25)
        #expect(harness.log.statistics.epoch == epoch + 1)
        #expect(sink.snapshot.breaches == [])
        // Lane 3 already had all ten.
        let expected = (1...10).filter { $0 * 7 % 32 % 16 != 3 } + (26...65)
        #expect(sink.snapshot.rows.map { Int($0.sequence) }.sorted() == expected)
        try await harness.log.close()
        let reopened = try await WriteAheadLog.open(at: harness.directory)
        #expect(reopened.recovery.findings.isEmpty)
        #expect(try readAll(reopened.reader()).map { Int($0.sequence.rawValue) } == Array(1...10) + Array(26...65))
        #expect(reopened.statistics.epoch == epoch + 1)
        try await reopened.close()
    }

    @Test func recordsThatTheSinkWouldTakeForAppliedStopIt() async throws {
        let harness = try FlusherHarness()
        try harness.append(10)
        let sink = RecordingSink(continuing: state(at: 25))
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration())
        try harness.append(3)
        let ended = try await harness.run(flusher) {
            await #expect { try await flusher.drain() } throws: { ($0 as? WALError)?.code == .sinkAhead }
        }
        let error = try #require(ended as? WALError)
        #expect(error.code == .sinkAhead)
        for part in ["recording", "25", "10", "11 to 13"] { #expect(error.message.contains(part)) }
        #expect(sink.snapshot.rows.isEmpty)
        // New records have new numbers.
        #expect(try harness.append(1) == 26)
        // Each start reports it until it is settled.
        for _ in 0..<2 {
            let refused = harness.flusher(into: RecordingSink(), FlusherHarness.configuration())
            let ended = try await harness.run(refused) { try? await refused.drain() } as? WALError
            #expect(ended?.code == .sinkAhead && ended?.message.contains("11 to 13") == true)
            // The tool can deliver into task stores alone.
            #expect(ended?.message.contains("wal replay") == false && ended?.message.contains("`settle`") == true)
        }
        let owed = try #require(harness.log.owedRecords.first)
        #expect(owed.sink == "recording" && owed.sequences == 11...13)
        #expect(try ReadOnlyLog(at: harness.directory).owedRecords == [owed])
        try harness.log.settle(owed)
        let second = harness.flusher(into: RecordingSink(continuing: sink.snapshot), FlusherHarness.configuration())
        _ = try await harness.run(second) { try await second.drain() }
        #expect(second.statistics.recordsApplied == 1)
        #expect(harness.log.owedRecords.isEmpty)
    }

    /// A copy of a log accepted records while its sink was unreachable, and was reopened before the sink returned. Their numbers
    /// weren't above the log's last number, so these records were lost.
    @Test(arguments: [true, false])
    func whatACopyTookInWhileItsSinkWasAwayIsOwedAfterAnyNumberOfOpenings(isAwayFirst: Bool) async throws {
        let harness = try FlusherHarness(retainedSize: nil)
        let sink = RecordingSink()
        let first = harness.flusher(into: sink, FlusherHarness.configuration())
        _ = try await harness.run(first) {
            try harness.append(10)
            try await first.drain()
        }
        let away = RecordingSink(claimFault: { _ in .before(.transient) })
        for _ in 0..<3 {
            let waiting = harness.flusher(into: away, FlusherHarness.configuration())
            if isAwayFirst { _ = try await harness.run(waiting) { try await waiting.waitUntilAsked() } }
            try harness.append(1)
        }
        // The original has more records meanwhile.
        let other = RecordingSink(continuing: state(at: 12))
        let flusher = harness.flusher(into: other, FlusherHarness.configuration())
        let ended = try await harness.run(flusher) { try? await flusher.drain() }
        #expect((ended as? WALError)?.code == .sinkAhead)
        #expect(harness.log.owedRecords.map(\.sequences) == [11...12])
    }

    /// A copy's flusher was ahead and fenced the original's flusher, whose undelivered records were lost.
    @Test func whatAFencedFlusherHadIsOwed() async throws {
        let harness = try FlusherHarness(retainedSize: nil)
        let sink = RecordingSink()
        let first = harness.flusher(into: sink, FlusherHarness.configuration())
        _ = try await harness.run(first) {
            try harness.append(10)
            try await first.drain()
            _ = try await sink.claim(0..<16, of: 16, log: harness.log.id)
            try harness.append(5)
            try? await first.drain()
        }
        let other = RecordingSink(continuing: state(at: 40))
        let flusher = harness.flusher(into: other, FlusherHarness.configuration())
        let ended = try await harness.run(flusher) { try? await flusher.drain() }
        #expect((ended as? WALError)?.code == .sinkAhead)
        #expect(harness.log.owedRecords.map(\.sequences) == [11...15])
    }

    /// A normal end, a crash, and starts without the sink leave no state that resembles another log's records.
    @Test func aLogThatIsNoCopyOwesNothing() async throws {
        let harness = try FlusherHarness(retainedSize: nil)
        var before = RecordingSink.State()
        for round in 0..<6 {
            let isAway = round % 3 == 1
            let sink = RecordingSink(continuing: before, claimFault: { _ in isAway ? .before(.transient) : .none })
            let flusher = harness.flusher(into: sink, FlusherHarness.configuration())
            _ = try await harness.run(flusher) {
                try harness.append(10)
                if isAway { try await flusher.waitUntilAsked() } else { try await flusher.drain() }
            }
            try harness.append(3)
            before = sink.snapshot
        }
        #expect(before.rows.count == 75)
        #expect(harness.log.owedRecords.isEmpty)
    }

    @Test(arguments: [
        "sink/db", "owed/db", "owed/db/1", "owed/db/1-2", "owed/db/2-1-a", "owed/db/1-2-x", "owed/db/-1-2-a",
    ])
    func cursorsOfOtherKindsOweNothing(name: String) {
        #expect(OwedRecords(cursor: name) == nil)
    }

    @Test func debtsAreReadBackFromTheirCursors() {
        for sink in ["db", "a/b", ""] {
            let owed = OwedRecords(sink: sink, sequences: 3...18)
            #expect(OwedRecords(cursor: owed.cursor) == owed)
        }
    }

    /// Producers append while the flusher checks the positions.
    @Test func everyNumberThatTheSinkWouldTakeForAppliedIsNamed() async throws {
        let harness = try FlusherHarness(segmentSize: 64 << 10, retainedSize: nil)
        try harness.append(10)
        let sink = RecordingSink(continuing: state(at: 3000))
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration())
        let appending = Task {
            var sequences: [SequenceNumber] = []
            for _ in 0..<2000 { sequences.append(try harness.append(1)) }
            return sequences
        }
        let ended = try await harness.run(flusher) { try? await flusher.drain() }
        let sequences = try await appending.value
        // Some of the records were appended before the numbers were skipped. The error names those, and no others.
        if let last = sequences.last(where: { $0 <= 3000 }) {
            let error = try #require(ended as? WALError)
            #expect(error.code == .sinkAhead)
            #expect(error.message.contains("Records 11 to \(last) were appended"))
        } else {
            #expect(flusher.statistics.sequencesMissing == 11...3000)
        }
        #expect(Set(sequences).count == 2000)
    }

    @Test func aSinkBehindRetentionStopsWithItsGap() async throws {
        let harness = try await harnessWithoutItsBeginning()
        let flusher = harness.flusher(into: RecordingSink(), FlusherHarness.configuration())
        let ended = try await harness.run(flusher) {
            await #expect { try await flusher.drain() } throws: { ($0 as? WALError)?.code == .sinkBehind }
        }
        #expect((ended as? WALError)?.code == .sinkBehind)
        // The records that the cursor released are in the first sink, which continues.
        let position = SequenceNumber(rawValue: harness.log.firstSequence.rawValue - 1)
        let next = harness.flusher(
            into: RecordingSink(continuing: state(at: position)), FlusherHarness.configuration())
        _ = try await harness.run(next) { try await next.drain() }
        #expect(next.statistics.sequencesSkipped == nil)
    }

    @Test(arguments: [1, 3]) func aSinkBehindRetentionSkipsItsGapIfItMay(workers: Int) async throws {
        let harness = try await harnessWithoutItsBeginning()
        let first = harness.log.firstSequence
        let sink = RecordingSink(continuing: state(at: 4))
        let flusher = harness.flusher(
            into: sink, FlusherHarness.configuration(workers: workers) { $0.gapPolicy = .skip })
        _ = try await harness.run(flusher) { try await flusher.drain() }
        #expect(sink.snapshot.rows.map(\.sequence).sorted() == Array(first.rawValue...5001))
        #expect(sink.snapshot.breaches == [])
        #expect(flusher.statistics.sequencesSkipped == 5...SequenceNumber(rawValue: first.rawValue - 1))
    }

    @Test func aSinkThatIsAttachedLaterBeginsWhereItIsTold() async throws {
        let harness = try FlusherHarness(retainedSize: nil)
        try harness.append(100, barrierEvery: 13)
        let sink = RecordingSink()
        let configuration = FlusherHarness.configuration { $0.startSequence = 61 }
        let flusher = harness.flusher(into: sink, configuration)
        _ = try await harness.run(flusher) {
            try await flusher.drain()
            #expect(harness.log.cursors["sink/recording"] == 100)
            try harness.append(10)
            try await flusher.drain()
        }
        #expect(sink.snapshot.rows.map(\.sequence).sorted() == Array(61...110))
        // The sink has a position of the log, so its start sequence doesn't matter.
        let again = RecordingSink(continuing: sink.snapshot)
        let second = harness.flusher(into: again, FlusherHarness.configuration { $0.startSequence = 200 })
        _ = try await harness.run(second) {
            try harness.append(1)
            try await second.drain()
        }
        #expect(again.snapshot.rows.count == 51)
    }

    /// Retention may run before a flusher starts, and while its sink is unreachable at first.
    @Test func whatIsAppendedBeforeItRunsIsKept() async throws {
        let harness = try FlusherHarness(segmentSize: 64 << 10)
        try harness.log.removeCursor("sink/recording")
        let sink = RecordingSink()
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration(batchSize: 500))
        try harness.append(5000)
        try await harness.log.roll()
        try harness.append(1)
        try await harness.log.sync()
        await harness.log.applyRetention()
        #expect(harness.log.firstSequence == 1)
        _ = try await harness.run(flusher) { try await flusher.drain() }
        #expect(sink.snapshot.rows.count == 5001)
    }
}
