import Foundation
import TestSupport
import Testing
import WAL
import WALTasks
import WALTesting

@testable import WALFlow

/// Everything that depends on time, with a clock that the test moves.
@Suite struct TimeTests {
    private static let day = Duration.seconds(86_400)

    /// A wall clock that can be set, with a steady clock that can't.
    private final class SetClock: Sendable {
        let steady = ManualClock()
        private let start = Timestamp(rawValue: 1_800_000_000_000_000)
        private let offset = Monitor(Duration.zero)

        var now: Timestamp { start + steady.now.sinceStart + offset.withLock { $0 } }

        /// Sets the clock, which wakes no sleeper.
        func set(by duration: Duration) { offset.withLock { $0 += duration } }

        /// Like the system's clock: a sleep has a length, and ends after a minute to check the clock again.
        var wall: FlowClock {
            FlowClock(
                now: { self.now },
                sleep: { due in
                    let rest = max(.zero, min(due - self.now, .seconds(60)))
                    try await self.steady.sleep(until: self.steady.now.advanced(by: rest))
                })
        }

        func open(
            _ directory: TemporaryDirectory, _ dags: [any FlowDAG]
        ) async throws -> (BufferedTaskStorage<MemoryTaskStore>, FlowRunner) {
            let storage = try await openStorage(directory)
            let steady = FlowClock(steady, from: start)
            return (storage, try await FlowRunner(storage, dags, .test, wall, steady, nil, nil))
        }
    }

    /// The records of a task in the order of the log.
    private static func records(_ directory: TemporaryDirectory, _ task: String) throws -> [FlowRecord.Event] {
        let reader = try ReadOnlyLog(at: directory.path).reader()
        var events: [FlowRecord.Event] = []
        while let record = try reader.next({ try? FlowRecord($0.payload) }, gap: { _ in nil }) {
            if let record, record.taskID == task { events.append(record.event) }
        }
        return events
    }

    /// A service with timeouts of an hour would otherwise keep an hour of steps in memory.
    @Test func theTimeoutsOfFinishedStepsAreRemoved() async throws {
        let (directory, count) = (TemporaryDirectory(), 2000)
        let dag = DAG(name: "Steps", key: "steps", of: Int.self) { dag, input in
            dag.addIterator("each", over: input, { Array(0..<$0) }, concurrency: 8) { body, element in
                body.addNode("step", after: element, options: NodeOptions(timeout: .seconds(3600))) { _, number in
                    number
                }
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag])
        #expect(try await runner.process(count, by: dag, id: "t").result().count == count)
        #expect(runner.statistics.timers < count / 2)
        await runner.close()
        try await storage.close()
    }

    /// A service whose answers come within a minute would otherwise keep the timeouts of days in memory.
    @Test func theTimeoutsOfAnsweredWaitsAreRemoved() async throws {
        let (directory, count) = (TemporaryDirectory(), 2000)
        let dag = DAG(name: "Waits", key: "waits", of: Int.self) { dag, input in
            dag.addIterator("each", over: input, { Array(0..<$0) }, concurrency: 8) { body, element in
                body.addWait("answer", after: element, for: Int.self, timeout: .seconds(3600))
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag])
        let task = try await runner.process(count, by: dag, id: "t")
        for number in 0..<count { try await runner.submit(number, to: "each[\(number)]/answer", of: "t") }
        #expect(try await task.result() == Array(0..<count))
        #expect(runner.statistics.timers < count / 2)
        await runner.close()
        try await storage.close()
    }

    /// A failed task can be retried for a week. It would otherwise stay in memory for all of it.
    @Test func aTaskThatARetryCompletedIsReleased() async throws {
        let (directory, isBroken) = (TemporaryDirectory(), Monitor(true))
        let dag = DAG(name: "Retry", key: "retry", of: Int.self) { dag, input in
            dag.addNode("call", after: input) { _, value in
                if isBroken.withLock({ $0 }) { throw PermanentError("broken") }
                return value
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        func completed() async throws -> WeakTask {
            let task = try await runner.process(1, by: dag, id: "t")
            await #expect(throws: FlowError.self) { try await task.result() }
            // From here on, the runner has a time at which it forgets the task.
            try await eventually { runner.statistics.timers == 1 }
            isBroken.withLock { $0 = false }
            try await runner.retry("t")
            #expect(try await task.result() == 1)
            return WeakTask(live: task.live)
        }
        let task = try await completed()
        try await eventually { task.live == nil }
        await runner.close()
        try await storage.close()
    }

    private struct WeakTask {
        weak var live: LiveTask?
    }

    @Test func timersOverDaysEndInTheirOrder() async throws {
        let (directory, events, clock) = (TemporaryDirectory(), Events(), ManualClock())
        let days = [8, 1, 5, 2, 3]
        let dag = DAG(name: "Days", key: "days", of: Int.self) { dag, input in
            let ends = days.map { day in
                let slept = dag.addTimer("sleep\(day)", after: input, for: Self.day * day)
                return dag.addNode("day\(day)", after: slept) { step, _ in
                    events.add(step.path)
                    return day
                }
            }
            return dag.addNode("sum", after: ends[0], ends[1], ends[2], ends[3], ends[4]) { _, a, b, c, d, e in
                [a, b, c, d, e].reduce(0, +)
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test, clock: clock)
        let task = try await runner.process(0, by: dag, id: "t")
        for day in 1...8 {
            // A microsecond earlier, the queue still sleeps.
            try await eventually { runner.statistics.timers == days.count { $0 >= day } && clock.sleeperCount == 1 }
            clock.advance(by: Self.day - .microseconds(1))
            #expect(clock.sleeperCount == 1)
            clock.advance(by: .microseconds(1))
            let expected = days.filter { $0 <= day }.sorted().map { "day\($0)" }
            try await eventually { events.all == expected }
        }
        #expect(try await task.result() == 19)
        await runner.close()
        try await storage.close()
    }

    @Test func retriesComeAfterTheirPausesAlsoAfterARestart() async throws {
        let (directory, events, clock) = (TemporaryDirectory(), Events(), SetClock())
        let policy = RetryPolicy(max: 4, first: .seconds(60), longest: .seconds(240), jitter: 0)
        let dag = DAG(name: "Retry", key: "retry", of: Int.self) { dag, input in
            dag.addNode("call", after: input, options: NodeOptions(retry: policy)) { step, value in
                events.add("\(step.attempt)")
                if step.attempt < 5 { throw TestError("away") }
                return value
            }
        }
        var (storage, runner) = try await clock.open(directory, [dag])
        _ = try await runner.process(7, by: dag, id: "t")
        for (attempt, pause) in [(1, 60), (2, 120), (3, 240), (4, 240)] {
            let task = try #require(runner.task(id: "t", of: dag))
            try await eventually { task.live.state.withLock { $0.retrying["call"] != nil } }
            #expect(events.all == (1...attempt).map { "\($0)" })
            let due = try #require(task.live.state.withLock { $0.journal.steps["call"]?.retryAt })
            #expect(due == clock.now + .seconds(pause))
            if attempt == 2 {
                // The program is down for a part of the pause.
                await runner.close()
                try await storage.close()
                clock.steady.advance(by: .seconds(50))
                (storage, runner) = try await clock.open(directory, [dag])
                #expect(runner.task(id: "t", of: dag)?.live.state.withLock { $0.retrying["call"] != nil } == true)
            }
            try await eventually {
                // The queue checks the clock each minute.
                if clock.now < due { clock.steady.advance(by: min(due - clock.now, .seconds(60))) }
                return events.all.count == attempt + 1
            }
            #expect(clock.now == due)
        }
        try await eventually { runner.liveTasks.isEmpty }
        #expect(try await storage.task(id: "t")?.retryCount == 4)
        await runner.close()
        try await storage.close()
    }

    /// The end of the task would come a day late, with a retry that never runs.
    @Test(arguments: [false, true]) func aFailedTaskWaitsForNoRetry(_ isLate: Bool) async throws {
        let (directory, hasBegun, gate, clock) = (TemporaryDirectory(), Gate(), Gate(), ManualClock())
        let options = NodeOptions(
            retry: .constant(max: 1, every: Self.day), timeout: isLate ? .seconds(30) : nil)
        let dag = DAG(name: "Fail", key: "fail", of: Int.self) { dag, input in
            let first = dag.addNode("first", after: input) { _, _ -> Int in
                await hasBegun.wait()
                throw PermanentError("broken")
            }
            let second = dag.addNode("second", after: input, options: options) { _, _ -> Int in
                hasBegun.open()
                await gate.wait()
                throw TestError("away")
            }
            return dag.addNode("sum", after: first, second) { _, a, b in a + b }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test, clock: clock)
        let task = try await runner.process(1, by: dag, id: "t")
        try await eventually { task.live.state.withLock { $0.execution?.failure != nil && $0.running.count == 1 } }
        if isLate {
            // The attempt's time is up, and it returns later.
            try await eventually { runner.statistics.timers == 1 }
            clock.advance(by: .seconds(30))
            try await eventually { task.state.retryCount == 2 }
        }
        gate.open()
        try await eventually { task.state.status == .failed }
        #expect(task.live.state.withLock { $0.journal.end?.path } == "first")
        await runner.close()
        try await storage.close()
    }

    /// An attempt returns as its timeout ends. Only one of the two counts.
    @Test func anAttemptThatReturnsAtItsTimeoutEndsOnce() async throws {
        let (directory, clock) = (TemporaryDirectory(), ManualClock())
        let gates = Monitor<[String: Gate]>([:])
        let dag = DAG(name: "Tick", key: "tick", of: Int.self) { dag, input in
            dag.addNode(
                "work", after: input,
                options: NodeOptions(retry: .constant(max: 1, every: .zero), timeout: .seconds(30))
            ) { step, value in
                if step.attempt == 1 { await gates.withLock { $0[step.taskID] }?.wait() }
                return value * 10 + step.attempt
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test, clock: clock)
        var outcomes: [Int: Int] = [:]
        for number in 0..<100 {
            let gate = Gate()
            gates.withLock { $0["\(number)"] = gate }
            let task = try await runner.process(number, by: dag, id: "\(number)")
            try await eventually { task.state.running == ["work"] && runner.statistics.timers > 0 }
            if number % 2 == 0 { gate.open() }
            clock.advance(by: .seconds(30))
            gate.open()
            let attempt = try await task.result() - number * 10
            outcomes[attempt, default: 0] += 1
            let ends = try Self.records(directory, "\(number)").compactMap { event -> String? in
                switch event {
                case .result(_, let attempt, _, _, _): "result \(attempt)"
                case .failure(_, let attempt, _, _, let retryAt): "failure \(attempt) \(retryAt != nil)"
                default: nil
                }
            }
            #expect(ends == (attempt == 1 ? ["result 1"] : ["failure 1 true", "result 2"]), "task \(number)")
        }
        #expect(outcomes.keys.allSatisfy { $0 == 1 || $0 == 2 })
        await runner.close()
        try await storage.close()
    }

    /// A signal arrives as the timeout of its wait ends. Either the signal counts or the wait fails, never both.
    @Test func aSignalAtTheTimeoutOfItsWaitCountsOrNot() async throws {
        let (directory, clock) = (TemporaryDirectory(), ManualClock())
        let dag = DAG(name: "Wait", key: "wait", of: Int.self) { dag, input in
            dag.addWait("answer", after: input, for: Int.self, timeout: .seconds(3 * 86_400))
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test, clock: clock)
        for number in 0..<100 {
            let task = try await runner.process(number, by: dag, id: "\(number)")
            try await eventually { task.state.reason.hasPrefix("waiting for answer until") && clock.sleeperCount == 1 }
            async let sent: Void = runner.submit(number, to: "answer", of: "\(number)")
            clock.advance(by: .seconds(3 * 86_400))
            // The task may have ended before the signal arrived.
            try? await sent
            let value = try? await task.result()
            let ends = try Self.records(directory, "\(number)").compactMap { event -> String? in
                switch event {
                case .result: "result"
                case .failure: "failure"
                case .end(let end): "\(end.status)"
                default: nil
                }
            }
            #expect(ends == (value == number ? ["result", "completed"] : ["failure", "failed"]), "task \(number)")
        }
        await runner.close()
        try await storage.close()
    }

    @Test func aPausedTaskLetsTimePassAndBeginsNothing() async throws {
        let (directory, events, clock) = (TemporaryDirectory(), Events(), SetClock())
        let dag = DAG(name: "Pause", key: "pause", of: Int.self) { dag, input in
            let slept = dag.addTimer("sleep", after: input, for: .seconds(50))
            let after = dag.addNode("after", after: slept) { _, value in
                events.add("after")
                return value
            }
            let options = NodeOptions(retry: .constant(max: 1, every: .seconds(40)))
            let call = dag.addNode("call", after: input, options: options) { step, value in
                events.add("call \(step.attempt)")
                if step.attempt == 1 { throw TestError("away") }
                return value
            }
            let answer = dag.addWait("answer", after: input, for: Int.self)
            let answered = dag.addNode("answered", after: answer) { _, value in
                events.add("answered")
                return value
            }
            return dag.addNode("sum", after: after, call, answered) { _, a, b, c in [a, b, c].reduce(0, +) }
        }
        var (storage, runner) = try await clock.open(directory, [dag])
        var task = try await runner.process(1, by: dag, id: "t")
        try await eventually { task.live.state.withLock { $0.retrying["call"] != nil && $0.waiting.count == 2 } }
        try await task.pause()
        try await runner.submit(5, to: "answer", of: "t")
        clock.steady.advance(by: .seconds(60))
        // The timer has ended, and the three steps are held.
        try await eventually { task.live.state.withLock { $0.held.count == 3 && $0.waiting.isEmpty } }
        #expect(events.all == ["call 1"] && task.state.reason == "paused")
        // The pause survives a restart.
        await runner.close()
        try await storage.close()
        (storage, runner) = try await clock.open(directory, [dag])
        task = try #require(runner.task(id: "t", of: dag))
        try await eventually { task.live.state.withLock { $0.held.count == 3 } }
        #expect(events.all == ["call 1"] && task.state.reason == "paused")
        try await task.resume()
        #expect(try await task.result() == 7)
        #expect(events.all.sorted() == ["after", "answered", "call 1", "call 2"])
        await runner.close()
        try await storage.close()
    }

    @Test func aClockThatIsSetBackDelaysWaitsAndNoTimeouts() async throws {
        let (directory, events, clock) = (TemporaryDirectory(), Events(), SetClock())
        let dag = DAG(name: "Back", key: "back", of: Int.self) { dag, input in
            let slept = dag.addTimer("sleep", after: input, for: .seconds(3600))
            let options = NodeOptions(retry: .constant(max: 1, every: .zero), timeout: .seconds(30))
            let slow = dag.addNode("slow", after: input, options: options) { step, value in
                events.add("slow \(step.attempt)")
                if step.attempt == 1 { try await Task.sleep(for: .seconds(600)) }
                return value
            }
            let quick = dag.addNode("quick", after: slow) { _, value in value }
            return dag.addNode("sum", after: slept, quick) { _, a, b in a + b }
        }
        let (storage, runner) = try await clock.open(directory, [dag])
        let task = try await runner.process(4, by: dag, id: "t")
        try await eventually {
            task.live.state.withLock { $0.running["slow"] != nil && $0.waiting["sleep"]?.path != nil }
                && runner.statistics.timers == 2
        }
        let due = try #require(task.live.state.withLock { $0.journal.steps["sleep"]?.wait?.due })
        clock.set(by: Self.day * -1)
        // The attempt times out after 30 s, whatever the wall clock shows.
        try await eventually { clock.steady.sleeperCount == 2 }
        clock.steady.advance(by: .seconds(30))
        try await eventually { task.live.state.withLock { $0.journal.steps["quick"]?.result != nil } }
        #expect(events.all == ["slow 1", "slow 2"])
        // Rows are still written, although the last one has a later time.
        #expect(task.live.state.withLock(\.lastRow) <= clock.now)
        // The wait keeps its due time, which is a day further away.
        clock.steady.advance(by: .seconds(3600))
        try await eventually { clock.steady.sleeperCount == 1 }
        #expect(task.state.reason.hasPrefix("sleeping until") && clock.now < due)
        clock.set(by: due - clock.now)
        try await eventually {
            clock.steady.advance(by: .seconds(60))
            return task.state.status == .completed
        }
        #expect(try await task.result() == 8)
        await runner.close()
        try await storage.close()
    }

    /// The receiver of the end would wait for a day.
    @Test func theCallbackIsCalledAgainAfterTheClockWasSetBack() async throws {
        let (directory, calls, clock) = (TemporaryDirectory(), Events(), SetClock())
        let dag = DAG(name: "Call", key: "call", of: Int.self) { dag, input in
            dag.addNode("a", after: input) { _, value in value }
        }
        let storage = try await openStorage(directory)
        let steady = FlowClock(clock.steady, from: clock.now)
        let runner = try await FlowRunner(storage, [dag], .test, clock.wall, steady, nil) { _ in
            calls.add("call")
            if calls.all.count == 1 { throw TestError("not now") }
        }
        _ = try await runner.process(1, by: dag, id: "t")
        try await eventually { runner.statistics.timers == 1 && clock.steady.sleeperCount == 1 }
        clock.set(by: Self.day * -1)
        clock.steady.advance(by: .milliseconds(100))
        try await eventually { runner.liveTasks.isEmpty }
        #expect(calls.all.count == 2)
        await runner.close()
        try await storage.close()
    }

    /// The receiver would get the end of the retry twice: from its own delivery, and from that of the end before.
    @Test func anEndThatARetryTookBackIsNotDeliveredAgain() async throws {
        let (directory, clock, ends, isBroken) = (TemporaryDirectory(), ManualClock(), Events(), Monitor(true))
        let dag = DAG(name: "Retry", key: "retry", of: Int.self) { dag, input in
            dag.addNode("call", after: input) { _, value in
                if isBroken.withLock({ $0 }) { throw PermanentError("broken") }
                return value
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test, clock: clock) { result in
            ends.add("\(result.status)")
            if result.status == .failed { throw TestError("not now") }
        }
        let task = try await runner.process(1, by: dag, id: "t")
        await #expect(throws: FlowError.self) { try await task.result() }
        try await eventually { runner.statistics.timers == 1 }
        isBroken.withLock { $0 = false }
        try await runner.retry("t")
        #expect(try await task.result() == 1)
        try await eventually { runner.liveTasks.isEmpty }
        // It is called after the action that calls the callback again.
        let isDue = Monitor(false)
        runner.timeouts.add(at: runner.steady.now() + .milliseconds(100)) { isDue.withLock { $0 = true } }
        clock.advance(by: .milliseconds(100))
        try await eventually {
            isDue.withLock { $0 } && runner.statistics.runningSteps == 0 && runner.statistics.readySteps == 0
        }
        #expect(ends.all == ["failed", "completed"])
        await runner.close()
        try await storage.close()
    }

    /// The error said that the task hadn't failed. Another attempt would run beside the one that ignores its timeout.
    @Test func aRetryOfATaskWhoseStepHasNotReturnedSaysSo() async throws {
        let (directory, gate, clock) = (TemporaryDirectory(), Gate(), ManualClock())
        let options = NodeOptions(retry: .never, timeout: .seconds(30))
        let dag = DAG(name: "Deaf", key: "deaf", of: Int.self) { dag, input in
            dag.addNode("deaf", after: input, options: options) { _, value in
                await gate.wait()
                return value
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test, clock: clock)
        let task = try await runner.process(1, by: dag, id: "t")
        try await eventually { runner.statistics.timers == 1 }
        clock.advance(by: .seconds(30))
        await #expect(throws: FlowError.self) { try await task.result() }
        await #expect { try await runner.retry("t") } throws: { error in
            guard let error = error as? FlowError else { return false }
            return error.code == .wrongState && error.message.contains("haven't returned: deaf.")
        }
        gate.open()
        try await eventually { task.state.running.isEmpty }
        try await runner.retry("t")
        #expect(try await task.result() == 1)
        await runner.close()
        try await storage.close()
    }
}
