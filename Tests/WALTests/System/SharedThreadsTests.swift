import Synchronization
import TestSupport
import Testing

@testable import WAL

@Suite struct SharedThreadsTests {
    private let threads = SharedThreads("wal-test", threadMax: 3)

    /// Holds turns until it opens.
    private final class Gate: Sendable {
        private let isOpen = Monitor(false)

        func open() {
            isOpen.withLock { $0 = true }
            isOpen.notifyAll()
        }

        func pass() { isOpen.wait { $0 ? () : nil } }
    }

    private final class Counter: Sendable {
        let value = Atomic<Int>(0)
        var count: Int { value.load(ordering: .acquiring) }
        func add() { value.wrappingAdd(1, ordering: .acquiringAndReleasing) }
    }

    @Test func aTurnFollowsEachWakeUp() async throws {
        let (turns, duty) = (Counter(), Duty(threads))
        duty.wake()
        try duty.start {
            turns.add()
            return .wait(until: nil)
        }
        try await eventually { turns.count == 1 }
        for count in 2...100 {
            duty.wake()
            try await eventually { turns.count == count }
        }
        duty.end()
        duty.wake()
        #expect(turns.count == 100)
    }

    @Test func aWakeUpDuringATurnBringsAnother() async throws {
        let (begun, turns, gate, duty) = (Counter(), Counter(), Gate(), Duty(threads))
        try duty.start {
            begun.add()
            gate.pass()
            turns.add()
            return .wait(until: nil)
        }
        try await eventually { begun.count == 1 }
        for _ in 0..<10 { duty.wake() }
        gate.open()
        try await eventually { turns.count == 2 }
        duty.end()
        #expect(turns.count == 2)
    }

    /// Each wake-up is seen by a turn that begins after it, and turns of a duty never overlap.
    @Test func noWakeUpIsLostAndNoTurnsOverlap() async throws {
        let (asked, seen, running, overlaps) = (Counter(), Counter(), Counter(), Counter())
        let duties = (0..<5).map { _ in Duty(threads) }
        let duty = duties[0]
        try duty.start {
            if running.value.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue > 0 { overlaps.add() }
            seen.value.store(asked.count, ordering: .releasing)
            running.value.wrappingSubtract(1, ordering: .acquiringAndReleasing)
            return .wait(until: nil)
        }
        for other in duties.dropFirst() { try other.start { .wait(until: .now + .microseconds(50)) } }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<5_000 {
                        asked.add()
                        duty.wake()
                    }
                }
            }
        }
        try await eventually { seen.count == 20_000 }
        #expect(overlaps.count == 0)
        for duty in duties { duty.end() }
    }

    @Test func turnsComeAtTheirTimes() async throws {
        let early = Counter()
        let duties = (0..<20).map { _ in (duty: Duty(threads), turns: Counter()) }
        for (index, (duty, turns)) in duties.enumerated() {
            let time = Monitor(ContinuousClock.now)
            try duty.start {
                time.withLock { time in
                    if ContinuousClock.now < time { early.add() }
                    turns.add()
                    time = .now + .milliseconds(1 + (index * 7 + turns.count * 3) % 11)
                    return .wait(until: time)
                }
            }
        }
        try await eventually { duties.allSatisfy { $0.turns.count >= 20 } }
        for (duty, _) in duties { duty.end() }
        #expect(early.count == 0)
    }

    @Test func aTurnThatTakesLongDelaysNoOther() async throws {
        let (gate, turns) = (Gate(), Counter())
        let slow = [Duty(threads), Duty(threads)]
        for duty in slow {
            try duty.start {
                gate.pass()
                return .wait(until: nil)
            }
        }
        let other = Duty(threads)
        try other.start {
            turns.add()
            return .wait(until: .now + .milliseconds(1))
        }
        try await eventually { turns.count >= 10 }
        other.wake()
        try await eventually { turns.count >= 20 }
        gate.open()
        for duty in slow + [other] { duty.end() }
    }

    @Test func aDutyThatIsDueAgainLetsOthersGoFirst() async throws {
        let lone = SharedThreads("wal-test", threadMax: 1)
        let (turns, busy, other) = (Counter(), Duty(lone), Duty(lone))
        try busy.start { .again }
        try other.start {
            turns.add()
            return .again
        }
        try await eventually { turns.count >= 100 }
        busy.end()
        other.end()
    }

    @Test func endingWaitsForTheTurn() async throws {
        let (begun, ended, gate, duty) = (Counter(), Counter(), Gate(), Duty(threads))
        try duty.start {
            begun.add()
            gate.pass()
            ended.add()
            return .again
        }
        try await eventually { begun.count == 1 }
        let ending = Task.detached {
            await Blocking.run { duty.end() }
            return ended.count
        }
        gate.open()
        let count = await ending.value
        #expect(count > 0)
        #expect(ended.count == count)
    }

    @Test func threadsAreFewAndEndWithTheLastDuty() async throws {
        for round in 1...3 {
            let lone = Duty(threads)
            let turns = Counter()
            try lone.start {
                turns.add()
                return .wait(until: nil)
            }
            for count in 1...10 {
                try await eventually { turns.count == count }
                lone.wake()
            }
            #expect(threads.threadCount == 1, "round \(round)")
            let others = (0..<50).map { _ in Duty(threads) }
            for other in others { try other.start { .wait(until: .now + .milliseconds(1)) } }
            try await eventually { threads.threadCount > 1 }
            #expect(threads.threadCount <= 3)
            for duty in others + [lone] { duty.end() }
            try await eventually { threads.threadCount == 0 }
        }
    }
}
