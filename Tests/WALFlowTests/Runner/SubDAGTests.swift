import TestSupport
import Testing
import WAL
import WALTasks
import WALTesting

@testable import WALFlow

/// A DAG within another one keeps what it says of its steps.
@Suite struct SubDAGTests {
    /// A storage that counts the waits for durability, and holds them until its gate opens.
    private struct WatchedStorage: WrappingStorage {
        let base: BufferedTaskStorage<MemoryTaskStore>
        var gate: Gate?
        let waits = Monitor(0)

        func waitUntilDurable(through sequence: SequenceNumber) async throws(TaskStorageError) {
            waits.withLock { $0 += 1 }
            await gate?.wait()
            try await base.waitUntilDurable(through: sequence)
        }
    }

    /// A power loss would otherwise take results that the inner DAG promises to keep.
    @Test func theStepsOfADurableDAGAreDurable() async throws {
        let directory = TemporaryDirectory()
        let inner = DAG(name: "Inner", key: "inner", of: Int.self, durability: .durable) { dag, input in
            let first = dag.addNode("first", after: input) { step, value in
                try await step.once("part") { value }
            }
            let each = dag.addIterator("each", over: first, { Array(0..<$0) }) { body, value in
                body.addNode("e", after: value) { _, value in value }
            }
            let extra = dag.addOptionalNode("extra", after: first) { _, _ -> Int in throw PermanentError("no extra") }
            return dag.addNode("sum", after: each, extra, options: NodeOptions(durability: .written)) {
                _, values, extra in
                values.count + (extra ?? 0)
            }
        }
        let outer = DAG(name: "Outer", key: "outer", of: Int.self) { dag, input in
            let before = dag.addNode("before", after: input) { _, value in value }
            let ended = dag.addDAG("sub", inner, after: before)
            return dag.addNode("after", after: ended) { _, value in value }
        }
        let storage = WatchedStorage(base: try await openStorage(directory))
        let runner = try await FlowRunner(storage, [outer], .test, .system, .steady, nil, nil)
        #expect(try await runner.process(2, by: outer, id: "t").result() == 2)
        // The part and the result of `first`, the results of two elements, and the failure of `extra`.
        #expect(storage.waits.withLock { $0 } == 5)
        await runner.close()
        try await storage.base.close()
    }

    /// The failure of a step whose time is up isn't durable yet as the step returns. Its handler may still follow.
    @Test func aTaskDoesNotEndBeforeADurableTimeout() async throws {
        let (directory, clock, events) = (TemporaryDirectory(), ManualClock(), Events())
        let (hasBegun, mayReturn, isDurable) = (Gate(), Gate(), Gate())
        let options = NodeOptions(
            retry: .constant(max: 0, every: .zero), timeout: .seconds(30), durability: .durable)
        let dag = DAG(name: "Fail", key: "fail", of: Int.self) { dag, input in
            let first = dag.addNode("first", after: input) { _, _ -> Int in
                await hasBegun.wait()
                throw PermanentError("broken")
            }
            let second = dag.addNode("second", after: input, options: options) { _, value -> Int in
                hasBegun.open()
                await mayReturn.wait()
                return value
            }
            dag.onFailure(of: second, "undo") { _, failure in events.add(failure.path) }
            return dag.addNode("sum", after: first, second) { _, a, b in a + b }
        }
        let storage = WatchedStorage(base: try await openStorage(directory), gate: isDurable)
        let runner = try await FlowRunner(storage, [dag], .test, .system, FlowClock(clock, from: .now), nil, nil)
        let task = try await runner.process(1, by: dag, id: "t")
        try await eventually { task.live.state.withLock { $0.execution?.failure != nil && $0.running.count == 1 } }
        try await eventually { runner.statistics.timers == 1 }
        clock.advance(by: .seconds(30))
        try await eventually { storage.waits.withLock { $0 } == 1 }
        mayReturn.open()
        try await eventually {
            task.live.state.withLock { state in
                guard case .timedOut? = state.running["second"]?.end else { return true }
                return false
            }
        }
        isDurable.open()
        try await eventually { task.state.status == .failed }
        #expect(events.all == ["second"])
        await runner.close()
        try await storage.base.close()
    }

    /// Another step fails while the failure of a wait isn't durable yet. The wait's handler must still run.
    @Test func aTaskDoesNotEndBeforeADurableFailureOfAWait() async throws {
        let (directory, clock, events) = (TemporaryDirectory(), ManualClock(), Events())
        let (mayFail, isDurable) = (Gate(), Gate())
        let inner = DAG(name: "Inner", key: "inner", of: Int.self, durability: .durable) { dag, input in
            let answer = dag.addWait("answer", after: input, for: Int.self, timeout: .seconds(30))
            dag.onFailure(of: answer, "undo") { _, failure in events.add(failure.path) }
            return answer
        }
        let outer = DAG(name: "Outer", key: "outer", of: Int.self) { dag, input in
            let answer = dag.addDAG("sub", inner, after: input)
            let other = dag.addNode("other", after: input) { _, _ -> Int in
                await mayFail.wait()
                throw PermanentError("broken")
            }
            return dag.addNode("sum", after: answer, other) { _, a, b in a + b }
        }
        let storage = WatchedStorage(base: try await openStorage(directory), gate: isDurable)
        let runner = try await FlowRunner(storage, [outer], .test, FlowClock(clock, from: .now), .steady, nil, nil)
        let task = try await runner.process(1, by: outer, id: "t")
        try await eventually { runner.statistics.timers == 1 && task.state.running == ["other"] }
        clock.advance(by: .seconds(30))
        try await eventually { storage.waits.withLock { $0 } == 1 }
        mayFail.open()
        try await eventually {
            task.live.state.withLock { $0.execution?.failure != nil && $0.running.isEmpty }
        }
        isDurable.open()
        try await eventually { task.state.status == .failed }
        #expect(events.all == ["sub/answer"])
        await runner.close()
        try await storage.base.close()
    }

    /// A limit protects another system, whatever DAG the step is in.
    @Test func theLimitOfADAGHoldsInOtherDAGs() async throws {
        let (directory, gate) = (TemporaryDirectory(), Gate())
        let inner = DAG(name: "Inner", key: "inner", of: Int.self, concurrency: 2) { dag, input in
            dag.addNode("work", after: input) { _, value in
                await gate.wait()
                return value
            }
        }
        let outer = DAG(name: "Outer", key: "outer", of: Int.self, concurrency: 4) { dag, input in
            dag.addIterator("each", over: input, { Array(0..<$0) }) { body, value in
                body.addDAG("sub", inner, after: value)
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [outer, inner], configuration: .test)
        let task = try await runner.process(8, by: outer)
        let alone = try await runner.process(1, by: inner)
        func counts() -> [Int] {
            let statistics = runner.statistics
            return [statistics.runningSteps, statistics.readySteps]
        }
        try await eventually { counts().reduce(0, +) == 9 }
        #expect(counts() == [2, 7])
        gate.open()
        #expect(try await task.result() == Array(0..<8))
        #expect(try await alone.result() == 1)
        await runner.close()
        try await storage.close()
    }

    /// The waiting steps would stop those that need only the other limit.
    @Test func aStepThatWaitsForOneLimitHoldsNoPlaceOfAnother() async throws {
        let (directory, gate, events) = (TemporaryDirectory(), Gate(), Events())
        let inner = DAG(name: "Inner", key: "inner", of: Int.self, concurrency: 2) { dag, input in
            dag.addNode("work", after: input) { _, value in value }
        }
        let narrow = DAG(name: "Narrow", key: "narrow", of: Int.self, concurrency: 1) { dag, input in
            let sub = dag.addDAG("sub", inner, after: input)
            return dag.addNode("plain", after: sub) { step, value in
                events.add(step.taskID)
                await gate.wait()
                return value
            }
        }
        let other = DAG(name: "Other", key: "other", of: Int.self) { dag, input in
            dag.addDAG("sub", inner, after: input)
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [narrow, other], configuration: .test)
        var waiting = try await [runner.process(0, by: narrow, id: "0")]
        try await eventually { events.all == ["0"] }
        // Their steps are queued before the calls return.
        for number in 1...2 { waiting.append(try await runner.process(number, by: narrow, id: "\(number)")) }
        let task = try await runner.process(3, by: other)
        try await eventually { task.state.status == .completed }
        #expect(events.all == ["0"] && runner.statistics.readySteps == 2)
        gate.open()
        for (number, task) in waiting.enumerated() { #expect(try await task.result() == number) }
        await runner.close()
        try await storage.close()
    }

    @Test func aPlaceOfALimitGoesToTheFirstJobThatCanBegin() async throws {
        let (scheduler, gate, events) = (Scheduler(concurrency: 8), Gate(), Events())
        let (one, two) = (Scheduler.LimitKey(name: "one", max: 1), Scheduler.LimitKey(name: "two", max: 1))
        func job(_ name: String, _ priority: Int32, _ limits: [Scheduler.LimitKey]) -> Scheduler.Job {
            Scheduler.Job(priority: priority, createdAt: Timestamp(rawValue: 0), limits: limits) { _ in
                events.add(name)
                if name == "holder" { await gate.wait() }
                return []
            }
        }
        scheduler.submit([
            job("holder", 0, [one, two]), job("low", 0, [one]), job("other", 1, [two]), job("both", 2, [one, two]),
            job("high", 3, [two, one]),
        ])
        gate.open()
        try await eventually { events.all.count == 5 }
        #expect(events.all.prefix(3) == ["holder", "high", "both"])
        try await eventually { scheduler.counts.running == 0 }
        await scheduler.close(grace: .zero)
    }
}
