import TestSupport
import Testing
import WALTesting

@Suite(.timeLimit(.minutes(10))) struct ManualClockTests {
    @Test func standsUntilItIsMoved() async throws {
        let clock = ManualClock()
        let start = clock.now
        let early = Task { try await clock.sleep(for: .seconds(10)) }
        let late = Task { try await clock.sleep(for: .seconds(60)) }
        try await eventually { clock.sleeperCount == 2 }
        clock.advance(by: .seconds(10))
        try await early.value
        #expect(clock.sleeperCount == 1)
        clock.advance(by: .seconds(50))
        try await late.value
        #expect(start.duration(to: clock.now) == .seconds(60))
        // A time that is past doesn't suspend the caller.
        try await clock.sleep(until: start)
    }

    @Test func sleepingEndsWithTheTask() async throws {
        let clock = ManualClock()
        let sleeper = Task { try await clock.sleep(for: .seconds(10)) }
        try await eventually { clock.sleeperCount == 1 }
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        #expect(clock.sleeperCount == 0)
        let cancelled = Task {
            while !Task.isCancelled { await Task.yield() }
            try await clock.sleep(for: .seconds(10))
        }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
    }
}
