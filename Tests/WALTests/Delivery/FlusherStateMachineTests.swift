import Testing

@testable import WAL
@testable import WALDelivery

/// A waiter that is never woken blocks its service forever.
@Suite struct FlusherStateMachineTests {
    /// Workers begin at different positions, so one can meet a later gap first.
    @Test func eachGapCountsOnceInAnyOrder() {
        var machine = machine()
        func gap(_ first: UInt64, _ last: UInt64, _ reason: LogGap.Reason) -> LogGap {
            LogGap(
                first: SequenceNumber(rawValue: first), last: SequenceNumber(rawValue: last), reason: reason,
                isAcknowledged: reason == .lost, segment: 1, offset: 0, evidence: "")
        }
        #expect(machine.passed(gap(20, 20, .void)) == true)
        #expect(machine.passed(gap(5, 6, .lost)) == true)
        #expect(machine.counters.sequencesLost == 2)
        for known in [gap(5, 6, .lost), gap(20, 20, .void)] { #expect(machine.passed(known) == false) }
        #expect(machine.passed(gap(4, 21, .lost)) && machine.counters.sequencesLost == 17)
    }

    private typealias Machine = FlusherStateMachine<Int>

    private func lanes(_ range: Range<Int>, at position: SequenceNumber) -> OwnedLanes {
        OwnedLanes(range.map { SinkLane(index: $0, epoch: 1, position: position) })
    }

    private func machine(workers: Int = 2) -> Machine {
        var machine = Machine(breaker: CircuitBreaker(failuresMax: 1, interval: .seconds(1)))
        _ = machine.begin()
        _ = machine.claimed((0..<workers).map { lanes($0..<$0 + 1, at: 0) })
        return machine
    }

    private func isWaiting(_ result: Result<Void, WALError>?) -> Bool { result == nil }

    @Test func appliedIsWhatEveryWorkerHasPassed() {
        var machine = machine()
        #expect(isWaiting(machine.wait(1, for: .applied(5), 1)))
        #expect(machine.moved(0, lanes(0..<1, at: 9)) == [])
        #expect(machine.applied == 0)
        #expect(machine.moved(1, lanes(1..<2, at: 5)) == [1])
        #expect(machine.applied == 5)
        if case .success? = machine.wait(2, for: .applied(5), 2) {} else { Issue.record("5 is applied") }
    }

    @Test func idleMovementAppliesAndDoesNotSettle() {
        var machine = machine(workers: 1)
        _ = machine.wait(1, for: .applied(5), 1)
        _ = machine.wait(2, for: .committed(5), 2)
        _ = machine.wait(3, for: .committing(beyond: 0), 3)
        var idle = lanes(0..<1, at: 0)
        idle.passed(to: 5)
        #expect(machine.moved(0, idle) == [1])
        #expect(machine.commitPositions(through: 5) == [3])
        idle.applied(to: 5)
        #expect(machine.moved(0, idle) == [2])
    }

    @Test func theBarrierOpensByThePositionOfLaneZeroAlone() {
        var machine = machine()
        _ = machine.wait(1, for: .laneZero(7), 1)
        #expect(machine.moved(1, lanes(1..<2, at: 100)) == [])
        #expect(machine.moved(0, lanes(0..<1, at: 6)) == [])
        #expect(machine.moved(0, lanes(0..<1, at: 7)) == [1])
    }

    /// The owner of lane 0 moves the lanes of all workers with a barrier. None of them may have a batch under way.
    @Test func aBarrierWaitsForAllWorkersAndMovesTheirLanes() throws {
        var machine = machine(workers: 3)
        let own = lanes(0..<1, at: 6)
        #expect(isWaiting(machine.wait(1, for: .arrived(7), 1)))
        // Its batch before the barrier is applied, and it may be about to write its position.
        #expect(machine.moved(1, lanes(1..<2, at: 6)) == [])
        #expect(machine.moved(2, lanes(2..<3, at: 6)) == [])
        #expect(machine.arrived(2, at: 7, with: lanes(2..<3, at: 6)) == [])
        #expect(machine.allLanes(at: 7, with: own) == nil)
        #expect(machine.arrived(1, at: 7, with: lanes(1..<2, at: 5)) == [1])
        var all = try #require(machine.allLanes(at: 7, with: own))
        #expect(all.range == 0..<3 && all.claimed.map(\.position) == [6, 5, 6])
        #expect(isWaiting(machine.wait(2, for: .laneZero(7), 2)))
        all.applied(to: 7)
        #expect(machine.moved(0, all) == [2])
        #expect(machine.left(1)?.claimed == [SinkLane(index: 1, epoch: 1, position: 7)])
        #expect(machine.left(2)?.claimed == [SinkLane(index: 2, epoch: 1, position: 7)])
        #expect(machine.left(2)?.claimed == nil)
        // A worker that comes later, after a claim, has its own positions.
        #expect(machine.arrived(1, at: 7, with: lanes(1..<2, at: 5)) == [])
        #expect(machine.left(1)?.claimed == nil)
    }

    @Test func aBarrierWaitsForNoWorkerThatIsPastIt() {
        var machine = machine()
        #expect(machine.moved(1, lanes(1..<2, at: 9)) == [])
        if case .success? = machine.wait(1, for: .arrived(7), 1) {} else { Issue.record("no worker is before 7") }
        #expect(machine.allLanes(at: 7, with: lanes(0..<1, at: 6)) == nil)
        let alone = self.machine(workers: 1)
        #expect(alone.isSatisfied(.arrived(7)))
        #expect(alone.allLanes(at: 7, with: lanes(0..<1, at: 6))?.range == 0..<1)
    }

    @Test func urgencyReachesWhoHoldsTheRecord() {
        var machine = machine()
        _ = machine.wait(1, for: .urgent(4), 1)
        _ = machine.wait(2, for: .urgent(9), 2)
        #expect(machine.expedite(through: 8) == [1])
    }

    @Test func theEndWakesEveryone() {
        var machine = machine()
        let conditions: [Machine.Condition] = [
            .applied(1), .committed(1), .arrived(1), .laneZero(1), .urgent(1), .committing(beyond: 1), .shutdown,
        ]
        for (index, condition) in conditions.enumerated() {
            #expect(isWaiting(machine.wait(index, for: condition, index)))
        }
        #expect(machine.end(.fenced("test")) == Array(conditions.indices))
        if case .failure(let error)? = machine.wait(9, for: .applied(1), 9) {
            #expect(error.code == .fenced)
        } else {
            Issue.record("nothing moves after the end")
        }
    }

    @Test func aFailedSyncWakesThoseWhoseRecordsMayNeverBeDurable() {
        var machine = machine()
        _ = machine.wait(1, for: .applied(5), 1)
        _ = machine.wait(2, for: .applied(6), 2)
        _ = machine.wait(3, for: .shutdown, 3)
        #expect(machine.failWaiters(beyond: 5) == [2])
    }

    @Test func aCancelledWaiterIsTakenOutOnce() {
        var machine = machine()
        _ = machine.wait(1, for: .applied(5), 1)
        #expect(machine.cancelWait(1) == 1)
        #expect(machine.cancelWait(1) == nil)
        #expect(machine.end(.fenced("test")) == [])
    }

    @Test func isRunOnce() {
        var machine = machine()
        #expect(machine.begin() == false)
        _ = machine.end(.fenced("test"))
        #expect(machine.begin() == false)
    }

    @Test func parkedWorkersWakeWhenTheBreakerCloses() {
        var machine = machine()
        _ = machine.breaker.failed(worker: 0, now: .zero)
        #expect(isWaiting(machine.wait(1, for: .breakerClosed, 1)))
        #expect(machine.breaker.succeeded() == true)
        #expect(machine.takeSatisfied() == [1])
    }

    @Test func cursorsAreWrittenOnceASecond() {
        var pacer = CursorPacer()
        pacer.start(at: nil)
        #expect(pacer.move(to: 0, now: .zero, isDrained: false) == 0)
        #expect(pacer.move(to: 5, now: .milliseconds(999), isDrained: false) == nil)
        #expect(pacer.dueTime(for: 5) == .seconds(1))
        #expect(pacer.move(to: 6, now: .seconds(1), isDrained: false) == 6)
        #expect(pacer.dueTime(for: 6) == nil)
        #expect(pacer.move(to: 7, now: .seconds(1), isDrained: true) == 7)
        // A sink that has lost records needs them at once.
        #expect(pacer.move(to: 3, now: .seconds(1), isDrained: false) == 3)
        #expect(pacer.move(to: 3, now: .seconds(9), isDrained: true) == nil)
    }
}
