import Synchronization
import TestSupport
import Testing

@testable import WAL
@testable import WALDelivery

@Suite(.timeLimit(.minutes(10))) struct FlusherFailureTests {
    private func check(_ state: RecordingSink.State, has count: Int) {
        #expect(state.breaches.isEmpty, "\(state.breaches.prefix(5))")
        #expect(state.rows.count == count)
        #expect(state.isOrdered)
    }

    @Test(arguments: [1, 2, 4]) func transientFailuresLoseNothing(workers: Int) async throws {
        let harness = try FlusherHarness()
        try harness.append(200, barrierEvery: 50)
        let sink = RecordingSink { call, _ in call.isMultiple(of: 9) ? .before(.transient) : .none }
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration(workers: workers))
        _ = try await harness.run(flusher) { try await flusher.drain() }
        check(sink.snapshot, has: 200)
        #expect(flusher.statistics.retries > 0)
        #expect(flusher.statistics.errors == flusher.statistics.retries)
    }

    /// Alternates between an applied and an unapplied batch. Only the position distinguishes them.
    @Test(arguments: [1, 2, 4]) func unknownOutcomesAreAskedFor(workers: Int) async throws {
        let harness = try FlusherHarness()
        try harness.append(200, barrierEvery: 23)
        let sink = RecordingSink { call, _ in
            switch call % 10 {
            case 3: .after(.indeterminate)
            case 7: .before(.indeterminate)
            default: .none
            }
        } claimFault: {
            $0 == 3 ? .after(.indeterminate) : .none
        }
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration(workers: workers))
        _ = try await harness.run(flusher) { try await flusher.drain() }
        check(sink.snapshot, has: 200)
        #expect(sink.snapshot.claims > 2)
        #expect(flusher.statistics.recordsApplied == 200)
    }

    @Test(arguments: [1, 3]) func poisonGoesToTheDeadLettersAndNothingElse(workers: Int) async throws {
        let harness = try FlusherHarness()
        try harness.append(120, barrierEvery: 40)
        // A single bad record, adjacent ones, the first, the last, and a barrier.
        let poison: Set<UInt64> = [1, 33, 34, 35, 70, 80, 120]
        let sink = RecordingSink(poison: poison)
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration(workers: workers, batchSize: 50))
        _ = try await harness.run(flusher) { try await flusher.drain() }
        check(sink.snapshot, has: 120 - poison.count)
        let letters = try harness.deadLetters()
        #expect(Set(letters.map(\.sequence.rawValue)) == poison)
        #expect(letters.count == poison.count)
        #expect(letters.allSatisfy { $0.code == "22P02" && $0.sink == "recording" && $0.payload.count == 2 })
        #expect(flusher.statistics.deadLetters == UInt64(poison.count))
    }

    /// Returns a sink whose flusher ended between a letter and the position past its record.
    private func crashAfterTheLetter(
        of sequence: SequenceNumber, _ harness: FlusherHarness
    ) async throws -> RecordingSink {
        let sink = RecordingSink(poison: [sequence.rawValue]) { _, batch in
            batch.records.isEmpty && batch.position == sequence ? .before(.fatal) : .none
        }
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration(workers: 1))
        _ = try await harness.run(flusher) { try? await flusher.drain() }
        return sink
    }

    @Test func aDeadLetterThatACrashRepeatedIsReadOnce() async throws {
        let harness = try FlusherHarness()
        try harness.append(10)
        let crashing = try await crashAfterTheLetter(of: 4, harness)
        let sink = RecordingSink(continuing: crashing.snapshot, poison: [4])
        let second = harness.flusher(into: sink, FlusherHarness.configuration(workers: 1))
        _ = try await harness.run(second) { try await second.drain() }
        check(sink.snapshot, has: 9)
        #expect(try harness.deadLetters().map(\.sequence) == [4])
    }

    /// The process ended between the letter and the position past its record. The sink accepted the record when it came
    /// again, and the letter, once redriven, doubled it.
    @Test(arguments: [1, 3]) func aRecordThatIsAcceptedLaterHasNoLetter(workers: Int) async throws {
        let harness = try FlusherHarness()
        try harness.append(10)
        let crashing = try await crashAfterTheLetter(of: 4, harness)
        let letters = try harness.deadLetters()
        #expect(letters.map(\.sequence) == [4])
        let sink = RecordingSink(continuing: crashing.snapshot)
        let second = harness.flusher(into: sink, FlusherHarness.configuration(workers: workers))
        _ = try await harness.run(second) {
            try await second.drain()
            #expect(try await harness.log.redrive(letters) == 0)
        }
        check(sink.snapshot, has: 10)
        #expect(try harness.deadLetters().isEmpty)
    }

    /// The sink loses the position past a letter's record while the flusher runs.
    @Test func aRecordThatTheSinkForgotAndAcceptsHasNoLetter() async throws {
        let harness = try FlusherHarness()
        try harness.append(10)
        let (accepts, isLost) = (Gate(), Gate())
        let sink = RecordingSink(forgetsWhenClaimedAgain: 2) { _, batch in
            guard accepts.isOpen else {
                return batch.records.contains { $0.sequence == 4 } ? .before(.record(code: "c", reason: "r")) : .none
            }
            guard !isLost.isOpen else { return .none }
            isLost.open()
            return .before(.indeterminate)
        }
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration(workers: 1))
        _ = try await harness.run(flusher) {
            try await flusher.drain()
            #expect(try harness.deadLetters().map(\.sequence) == [4])
            #expect(harness.log.cursors["sink/recording"] == 10)
            accepts.open()
            try harness.append(10)
            try await flusher.drain()
        }
        check(sink.snapshot, has: 20)
        #expect(try harness.deadLetters().isEmpty)
    }

    /// Retention must keep the records that a sink has lost.
    @Test func theCursorGoesBackWithTheSink() async throws {
        let harness = try FlusherHarness()
        try harness.append(10)
        let known = RecordingSink()
        let first = harness.flusher(into: known, FlusherHarness.configuration())
        _ = try await harness.run(first) { try await first.drain() }
        #expect(harness.log.cursors["sink/recording"] == 10)
        // An empty database in the place of the sink.
        let isAway = Gate()
        let empty = RecordingSink { _, _ in isAway.isOpen ? .none : .before(.transient) }
        let second = harness.flusher(into: empty, FlusherHarness.configuration())
        _ = try await harness.run(second) {
            try await eventually { harness.log.cursors["sink/recording"] == 0 }
            isAway.open()
            try await second.drain()
        }
        #expect(harness.log.cursors["sink/recording"] == 10)
    }

    /// A letter is the last copy of its record, unless the log delivers that record again.
    @Test func lettersOfRecordsThatDoNotComeAgainStay() async throws {
        let harness = try FlusherHarness()
        try harness.append(10)
        let poisoned = RecordingSink(poison: [4])
        let first = harness.flusher(into: poisoned, FlusherHarness.configuration())
        _ = try await harness.run(first) { try await first.drain() }
        try harness.append(10)
        let record = try #require(try harness.log.reader(from: 12).next())
        var letter = DeadLetterRecord(
            sequence: 12, time: record.time, sink: "other", code: "c", reason: "r", payload: record.payload)
        try await DeadLetterLog.of(harness.log).append(letter)
        // The letter of a record that a log had before it was restored from an older copy.
        letter.sink = "recording"
        letter.payload += [0]
        try await DeadLetterLog.of(harness.log).append(letter)
        let letters = try harness.deadLetters()
        #expect(letters.map(\.sequence) == [4, 12, 12])
        let sink = RecordingSink(continuing: poisoned.snapshot)
        let second = harness.flusher(into: sink, FlusherHarness.configuration())
        _ = try await harness.run(second) { try await second.drain() }
        check(sink.snapshot, has: 19)
        #expect(try harness.deadLetters() == letters)
    }

    @Test func stopsWhenFencedAndTellsTheWaiters() async throws {
        let harness = try FlusherHarness()
        try harness.append(100)
        let sink = RecordingSink { call, _ in call > 4 ? .before(.fenced) : .none }
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration())
        let ended = try await harness.run(flusher) {
            await #expect { try await flusher.drain() } throws: { ($0 as? WALError)?.code == .fenced }
            await #expect { try await flusher.waitUntilApplied(5000) } throws: { ($0 as? WALError)?.code == .fenced }
        }
        #expect((ended as? WALError)?.code == .fenced)
        #expect(sink.snapshot.claims == 1, "a fenced flusher never claims again")
        try await eventually { sink.snapshot.closings == 1 }
    }

    @Test func aSecondFlusherFencesTheFirst() async throws {
        let harness = try FlusherHarness()
        try harness.append(50)
        let sink = RecordingSink()
        let first = harness.flusher(into: sink, FlusherHarness.configuration())
        let ended = try await harness.run(first) {
            try await first.drain()
            _ = try await sink.claim(0..<16, of: 16, log: harness.log.id)
            try harness.append(50)
            await #expect { try await first.drain() } throws: { ($0 as? WALError)?.code == .fenced }
        }
        #expect((ended as? WALError)?.code == .fenced)
        check(sink.snapshot, has: 50)
    }

    /// Claims that never reached the sink counted as if they had raised the epochs, and hid another owner. The records
    /// that it moved past counted as applied.
    @Test func anotherOwnerDuringAnOutageIsNoticed() async throws {
        let harness = try FlusherHarness(retainedSize: nil)
        try harness.append(12)
        let gate = Gate()
        let sink = RecordingSink { call, _ in
            call == 2 ? .before(.indeterminate) : .none
        } claimFault: {
            $0 == 1 || gate.isOpen ? .none : .before(.transient)
        }
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration(workers: 1))
        let ended = try await harness.run(flusher) {
            try await eventually { sink.snapshot.claims > 4 }
            sink.state.withLock { state in
                for index in state.lanes.indices {
                    state.lanes[index].epoch += 1
                    state.lanes[index].position = 12
                }
            }
            gate.open()
            await #expect { try await flusher.drain() } throws: { ($0 as? WALError)?.code == .fenced }
        }
        #expect((ended as? WALError)?.code == .fenced)
        check(sink.snapshot, has: 7)
        let next = harness.flusher(into: RecordingSink(continuing: sink.snapshot), FlusherHarness.configuration())
        let refused = try await harness.run(next) { try? await next.drain() }
        #expect((refused as? WALError)?.code == .sinkAhead)
        #expect(harness.log.owedRecords.map(\.sequences) == [8...12])
    }

    @Test func fatalErrorsStopAndKeepTheCause() async throws {
        let harness = try FlusherHarness()
        try harness.append(10)
        let sink = RecordingSink { _, _ in .before(.fatal) }
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration())
        let ended = try await harness.run(flusher) {
            await #expect { try await flusher.waitUntilApplied(10) } throws: { ($0 as? WALError)?.code == .sinkFailed }
        }
        #expect((ended as? WALError)?.cause is RecordingSink.Failure)
    }

    @Test func theLogTakesAppendsWhileTheSinkIsAway() async throws {
        let harness = try FlusherHarness()
        try harness.append(50)
        let gate = Gate()
        let sink = RecordingSink { _, _ in gate.isOpen ? .none : .before(.transient) }
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration(workers: 3))
        _ = try await harness.run(flusher) {
            try await eventually { flusher.statistics.breaker != .closed }
            try harness.append(50)
            #expect(flusher.statistics.lag.records == 100)
            try await eventually { flusher.statistics.lag.age != .zero }
            gate.open()
            try await flusher.drain()
            #expect(flusher.statistics.breaker == .closed)
        }
        check(sink.snapshot, has: 100)
    }

    /// If the age were zero whenever the sink progressed between two checks, the alert on an old lag would never fire.
    @Test func theLagOfASlowSinkHasAnAge() async throws {
        let harness = try FlusherHarness()
        try harness.append(50)
        let sink = RecordingSink { call, _ in call < 3 ? .none : .before(.transient) }
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration(workers: 1))
        _ = try await harness.run(flusher) {
            try await eventually { flusher.statistics.breaker != .closed }
            // The last check was before the two batches.
            let old = Timestamp.now - .seconds(100)
            flusher.context.coordinator.withState { $0.oldest = old }
            let lag = flusher.context.lagAtHand
            #expect(flusher.appliedSequence == 14 && lag.records == 36 && lag.age > .zero)
        }
    }

    @Test func claimingIsTriedUntilTheSinkIsThere() async throws {
        let harness = try FlusherHarness()
        try harness.append(10)
        let sink = RecordingSink(claimFault: { $0 < 6 ? .before(.transient) : .none })
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration())
        _ = try await harness.run(flusher) { try await flusher.drain() }
        check(sink.snapshot, has: 10)
    }

    /// The database restarts without its last transactions, rows and positions alike, after relaxed commits or a failover.
    @Test func whatTheSinkForgotIsDeliveredAgainAndSaid() async throws {
        let harness = try FlusherHarness()
        try harness.append(60)
        let sink = RecordingSink(forgetsWhenClaimedAgain: 20) { call, _ in
            call == 6 ? .before(.indeterminate) : .none
        }
        let recording = RecordingLog()
        let flusher = harness.flusher(
            into: sink, FlusherHarness.configuration(workers: 1), logger: recording.logger)
        _ = try await harness.run(flusher) { try await flusher.drain() }
        check(sink.snapshot, has: 60)
        #expect(flusher.statistics.claimsLost == 1)
        let message = recording.messages.all.first { $0.text.hasPrefix("the sink has lost what it had confirmed") }
        #expect(message?.metadata["wal.epoch"] == "1" && message?.metadata["wal.epoch.known"] == "1")
    }

    /// A standby without the last commits is promoted while nothing is written. No batch shows the loss.
    @Test(arguments: [1, 3]) func whatTheIdleSinkForgotIsDeliveredAgain(workers: Int) async throws {
        let harness = try FlusherHarness(retainedSize: nil)
        let sink = RecordingSink()
        let flusher = harness.flusher(
            into: sink, FlusherHarness.configuration(workers: workers) { $0.checkInterval = .milliseconds(5) })
        _ = try await harness.run(flusher) {
            try harness.append(60, barrierEvery: 25)
            try await flusher.drain()
            sink.forget(beyond: 20)
            try await eventually { sink.snapshot.rows.count == 60 }
            try await flusher.drain()
        }
        check(sink.snapshot, has: 60)
        #expect(flusher.statistics.claimsLost > 0)
    }

    /// A worker asks again after errors that pass, and delivers meanwhile.
    @Test func anIdleSinkThatFailsIsAskedAgain() async throws {
        let harness = try FlusherHarness()
        let failures: [SinkFailure] = [.transient, .overloaded, .indeterminate]
        let sink = RecordingSink(lookFault: { $0 <= 5 ? failures[$0 % 3] : nil })
        let flusher = harness.flusher(
            into: sink, FlusherHarness.configuration(workers: 1) { $0.checkInterval = .milliseconds(5) })
        _ = try await harness.run(flusher) {
            try harness.append(10)
            try await eventually { sink.snapshot.looks > 6 }
            try harness.append(10)
            try await flusher.drain()
        }
        check(sink.snapshot, has: 20)
        #expect(sink.snapshot.claims == 1 && flusher.statistics.errors == 0)
    }

    @Test(arguments: [(SinkFailure.fatal, WALError.Code.sinkFailed), (SinkFailure.fenced, WALError.Code.fenced)])
    func anIdleSinkThatCannotBeUsedStops(failure: SinkFailure, code: WALError.Code) async throws {
        let harness = try FlusherHarness()
        let sink = RecordingSink(lookFault: { _ in failure })
        let flusher = harness.flusher(
            into: sink, FlusherHarness.configuration { $0.checkInterval = .milliseconds(5) })
        let ended = try await harness.run(flusher) { try await eventually { sink.snapshot.closings == 1 } }
        #expect((ended as? WALError)?.code == code)
    }

    @Test func anotherOwnerOfAnIdleSinkIsNoticed() async throws {
        let harness = try FlusherHarness()
        let sink = RecordingSink()
        let flusher = harness.flusher(
            into: sink, FlusherHarness.configuration { $0.checkInterval = .milliseconds(5) })
        let ended = try await harness.run(flusher) {
            try await flusher.waitUntilAsked()
            _ = try await sink.claim(15..<16, of: 16, log: harness.log.id)
            try await eventually { sink.snapshot.closings == 1 }
        }
        #expect((ended as? WALError)?.code == .fenced)
    }

    /// The sink loses a barrier, or a record of another worker, and none of its calls fails. No later record may be
    /// applied before the barrier comes again, and no later barrier before the lost record does.
    @Test(arguments: [9, 5]) func noWorkerPassesWhatTheSinkForgot(remembered: UInt64) async throws {
        let harness = try FlusherHarness(retainedSize: nil)
        let sink = RecordingSink()
        // All records except the barrier are in lane 8, which the second worker owns.
        @Sendable func append(_ keys: [UInt8]) throws {
            for key in keys { try harness.log.appendBlocking([key, 0]) }
        }
        let barrierIsLost = remembered == 9
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration(workers: 2))
        _ = try await harness.run(flusher) {
            try append(Array(repeating: 8, count: 9))
            if barrierIsLost { try append([RecordingSink.barrierKey]) }
            // Without `drain`, which would move the idle lanes, too.
            try await flusher.waitUntilApplied(harness.log.lastSequence)
            sink.forget(beyond: remembered)
            try append([barrierIsLost ? 8 : RecordingSink.barrierKey])
            try await flusher.waitUntilApplied(harness.log.lastSequence)
            try await flusher.drain()
        }
        let count = Int(harness.log.lastSequence.rawValue)
        check(sink.snapshot, has: count)
        #expect(sink.snapshot.rows.map(\.sequence) == Array(1...UInt64(count)))
        #expect(flusher.statistics.claimsLost > 0)
    }

    /// One worker notices that the sink has lost a barrier, and the barrier's owner doesn't know it yet. If the first
    /// one delivers later records, the barrier then removes their rows.
    @Test func aForgottenBarrierIsDeliveredBeforeLaterRecords() async throws {
        let harness = try FlusherHarness(retainedSize: nil)
        let isLost = Gate()
        let sink = RecordingSink(forgetsWhenClaimedAgain: 5) { _, batch in
            guard batch.records.last?.sequence == 11, !isLost.isOpen else { return .none }
            isLost.open()
            return .before(.indeterminate)
        }
        // All records except the barrier are in lane 8, which the second worker owns.
        @Sendable func append(_ count: Int) throws {
            for _ in 0..<count {
                let isBarrier = harness.log.lastSequence == 9
                try harness.log.appendBlocking([isBarrier ? RecordingSink.barrierKey : 8, 0])
            }
        }
        try append(10)
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration(workers: 2))
        _ = try await harness.run(flusher) {
            try await flusher.drain()
            try append(1)
            try await flusher.waitUntilApplied(11)
            try await flusher.drain()
        }
        check(sink.snapshot, has: 11)
        #expect(isLost.isOpen && sink.snapshot.rows.map(\.sequence) == Array(1...11))
    }
}

/// Opens once.
final class Gate: Sendable {
    private let state = Atomic(false)
    var isOpen: Bool { state.load(ordering: .acquiring) }
    func open() { state.store(true, ordering: .releasing) }
}
