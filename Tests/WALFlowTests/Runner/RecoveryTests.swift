import Foundation
import TestSupport
import Testing
import WAL
import WALTasks
import WALTesting

@testable import WALFlow

@Suite struct RecoveryTests {
    /// Runs a DAG of three steps. The second step waits in the first life, and runs again in the next.
    @Test func aRestartGoesOnWhereTheTaskWas() async throws {
        let (directory, events, ends) = (TemporaryDirectory(), Events(), Events())
        func dag(_ isBlocked: Bool) -> DAG<Int, Int> {
            DAG(name: "Steps", key: "steps", of: Int.self) { dag, input in
                let a = dag.addNode("a", after: input) { _, value in
                    events.add("a")
                    return value + 1
                }
                let b = dag.addNode("b", after: a) { _, value in
                    events.add("b")
                    if isBlocked { try await Task.sleep(for: .seconds(600)) }
                    return value * 2
                }
                return dag.addNode("c", after: b) { _, value in
                    events.add("c")
                    return value + 100
                }
            }
        }
        let callback: FlowRunner.Callback = {
            ends.add("\($0.taskID) \($0.status) \(String(decoding: $0.output ?? [], as: UTF8.self))")
        }
        var configuration = FlowConfiguration.test
        configuration.closeTimeout = .milliseconds(50)
        var storage = try await openStorage(directory)
        var runner = try await FlowRunner(
            storage: storage, dags: [dag(true)], configuration: configuration, onResult: callback)
        let task = try await runner.process(1, by: dag(true), id: "t")
        try await eventually { events.count("b") == 1 }
        await runner.close()
        await #expect { try await task.result() } throws: { ($0 as? FlowError)?.code == .closed }
        try await storage.close()
        #expect(ends.all.isEmpty)

        storage = try await openStorage(directory)
        runner = try await FlowRunner(
            storage: storage, dags: [dag(false)], configuration: configuration, onResult: callback)
        try await eventually { runner.liveTasks.isEmpty }
        #expect(events.all == ["a", "b", "b", "c"])
        #expect(ends.all == ["t completed 104"])
        await runner.close()
        try await storage.close()

        // An ended task isn't live again.
        storage = try await openStorage(directory)
        runner = try await FlowRunner(
            storage: storage, dags: [dag(false)], configuration: configuration, onResult: callback)
        #expect(runner.liveTasks.isEmpty && ends.all.count == 1)
        await runner.close()
        try await storage.close()
    }

    /// The most urgent task would wait for long steps of others, which the restart happened to begin first.
    @Test(arguments: [false, true]) func aRestartBeginsWithTheMostUrgentTasks(_ isAddedLater: Bool) async throws {
        let (directory, events, clock) = (TemporaryDirectory(), Events(), ManualClock())
        func dag(_ isBlocked: Bool) -> DAG<Int, Int> {
            DAG(name: "Urgent", key: "urgent", of: Int.self) { dag, input in
                dag.addNode("work", after: input) { step, value in
                    if isBlocked { try await Task.sleep(for: .seconds(600)) }
                    events.add(step.taskID)
                    return value
                }
            }
        }
        var configuration = FlowConfiguration.test
        configuration.concurrency = 1
        configuration.closeTimeout = .milliseconds(20)
        var storage = try await openStorage(directory)
        var runner = try await FlowRunner(
            storage: storage, dags: [dag(true)], configuration: configuration, clock: clock)
        for (number, priority) in [0, 5, 0, 9, 5, 0, 9, 1].enumerated() {
            _ = try await runner.process(number, by: dag(true), id: "\(number)", priority: priority)
            clock.advance(by: .seconds(1))
        }
        await runner.close()
        try await storage.close()
        storage = try await openStorage(directory)
        runner = try await FlowRunner(
            storage: storage, dags: isAddedLater ? [] : [dag(false)], configuration: configuration, clock: clock)
        if isAddedLater { try await runner.add(dag(false)) }
        try await eventually { runner.liveTasks.isEmpty }
        #expect(events.all == ["3", "6", "1", "4", "7", "0", "2", "5"])
        await runner.close()
        try await storage.close()
    }

    @Test func aTimerGoesOnWhileTheProgramIsDown() async throws {
        let (directory, clock) = (TemporaryDirectory(), ManualClock())
        let dag = DAG(name: "Sleep", key: "sleep", of: Int.self) { dag, input in
            let slept = dag.addTimer("sleep", after: input, for: .seconds(30 * 86_400))
            return dag.addNode("end", after: slept) { _, value in value + 1 }
        }
        var storage = try await openStorage(directory)
        var runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test, clock: clock)
        let task = try await runner.process(1, by: dag, id: "t")
        try await eventually { task.state.reason.hasPrefix("sleeping until") }
        await runner.close()
        try await storage.close()
        let later = ManualClock()
        storage = try await openStorage(directory)
        runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test, clock: later)
        #expect(runner.liveTasks == ["t"])
        later.advance(by: .seconds(29 * 86_400))
        #expect(runner.liveTasks == ["t"])
        later.advance(by: .seconds(2 * 86_400))
        try await eventually { runner.liveTasks.isEmpty }
        #expect(try await storage.task(id: "t")?.status == .completed)
        await runner.close()
        try await storage.close()
    }

    @Test func aStepThatMustNotRunTwiceFailsAfterARestart() async throws {
        let (directory, events) = (TemporaryDirectory(), Events())
        func dag(_ isBlocked: Bool) -> DAG<Int, Int> {
            DAG(name: "Once", key: "once", of: Int.self) { dag, input in
                dag.addNode("send", after: input, options: NodeOptions(execution: .atMostOnce)) { _, value in
                    events.add("send")
                    if isBlocked { try await Task.sleep(for: .seconds(600)) }
                    return value
                }
            }
        }
        var configuration = FlowConfiguration.test
        configuration.closeTimeout = .milliseconds(50)
        var storage = try await openStorage(directory)
        var runner = try await FlowRunner(storage: storage, dags: [dag(true)], configuration: configuration)
        _ = try await runner.process(1, by: dag(true), id: "t")
        try await eventually { events.count("send") == 1 }
        await runner.close()
        try await storage.close()
        storage = try await openStorage(directory)
        runner = try await FlowRunner(storage: storage, dags: [dag(false)], configuration: configuration)
        let task = try #require(runner.task(id: "t", of: dag(false)))
        await #expect { try await task.result() } throws: {
            let message = ($0 as? FlowError)?.failure?.message ?? ""
            return message.hasPrefix("interrupted") && message.contains("ask the other system whether it happened")
        }
        #expect(events.all == ["send"])
        await runner.close()
        try await storage.close()
    }

    @Test func aTaskOfAnUnknownOrChangedDAGIsParked() async throws {
        let (directory, events) = (TemporaryDirectory(), Events())
        func dag(_ middle: [String], wait: Bool = true) -> DAG<Int, Int> {
            DAG(name: "Versions", key: "versions", of: Int.self) { dag, input in
                var last = dag.addNode("a", after: input) { step, value in
                    events.add(step.path)
                    return value
                }
                for id in middle {
                    last = dag.addNode(id, after: last) { step, value in
                        events.add(step.path)
                        return value
                    }
                }
                if wait { last = dag.addWait("answer", after: last, for: Int.self) }
                return dag.addNode("z", after: last) { step, value in
                    events.add(step.path)
                    return value
                }
            }
        }
        func open(_ dags: [any FlowDAG]) async throws -> (BufferedTaskStorage<MemoryTaskStore>, FlowRunner) {
            let storage = try await openStorage(directory)
            return (storage, try await FlowRunner(storage: storage, dags: dags, configuration: .test))
        }
        var (storage, runner) = try await open([dag(["b"])])
        let task = try await runner.process(5, by: dag(["b"]), id: "t")
        try await eventually { task.state.reason == "waiting for answer" }
        await runner.close()
        try await storage.close()

        (storage, runner) = try await open([])
        #expect(runner.liveTasks == ["t"])
        try await eventually {
            try await storage.task(id: "t")?.processingState == "parked: the runner has no DAG with the key versions"
        }
        // The DAG is added later, without a step that the wait depended on.
        try await runner.add(dag([]))
        let parked = try #require(runner.task(id: "t", of: dag([])))
        #expect(parked.state.reason.hasPrefix("parked: graph changed: the step b has a result that answer needs"))
        await #expect(throws: FlowError.self) { try await runner.accept("nobody") }
        await runner.close()
        try await storage.close()

        // A new node at the end is no conflict.
        (storage, runner) = try await open([dag(["b"], wait: true)])
        #expect(runner.task(id: "t", of: dag(["b"]))?.state.reason == "waiting for answer")
        await runner.close()
        try await storage.close()

        (storage, runner) = try await open([dag(["b", "new"])])
        // The new step runs first, and then the task waits again.
        try await eventually { runner.task(id: "t", of: dag(["b"]))?.state.reason == "waiting for answer" }
        #expect(events.count("new") == 1)
        await runner.close()
        try await storage.close()

        (storage, runner) = try await open([dag([], wait: true)])
        let last = try #require(runner.task(id: "t", of: dag([])))
        #expect(last.state.reason.hasPrefix("parked"))
        try await runner.accept("t")
        try await runner.submit(9, to: "answer", of: "t")
        #expect(try await last.result() == 9)
        #expect(events.count("a") == 1 && events.count("z") == 1)
        await runner.close()
        try await storage.close()
    }

    @Test func aStepThatEndsTheProcessEachTimeFailsItsTask() async throws {
        let (directory, events) = (TemporaryDirectory(), Events())
        let dag = DAG(name: "Crash", key: "crash", of: Int.self) { dag, input in
            dag.addNode("crash", after: input) { _, value in
                events.add("crash")
                try await Task.sleep(for: .seconds(600))
                return value
            }
        }
        var configuration = FlowConfiguration.test
        configuration.closeTimeout = .milliseconds(20)
        configuration.maxResumptions = 3
        for life in 0..<5 {
            let storage = try await openStorage(directory)
            let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: configuration)
            if life == 0 { _ = try await runner.process(1, by: dag, id: "t") }
            if life < 4 {
                try await eventually { events.count("crash") == life + 1 }
            } else {
                let task = try #require(runner.task(id: "t", of: dag))
                await #expect { try await task.result() } throws: {
                    ($0 as? FlowError)?.failure?.message.hasPrefix("resumed: 3 restarts") == true
                }
            }
            await runner.close()
            try await storage.close()
        }
        #expect(events.count("crash") == 4)
    }

    /// One step that ends the process each time would otherwise fail all tasks that are ready.
    @Test func aRestartCountsForATaskWhoseStepBegins() async throws {
        let (directory, events, ids) = (TemporaryDirectory(), Events(), ["a", "b", "c", "d"])
        let dag = DAG(name: "Crash", key: "crash", of: Int.self) { dag, input in
            dag.addNode("crash", after: input) { step, value in
                events.add(step.taskID)
                try await Task.sleep(for: .seconds(600))
                return value
            }
        }
        var configuration = FlowConfiguration.test
        configuration.concurrency = 1
        configuration.closeTimeout = .milliseconds(20)
        configuration.maxResumptions = 3
        for life in 0..<5 {
            let storage = try await openStorage(directory)
            let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: configuration)
            if life == 0 { for id in ids { _ = try await runner.process(1, by: dag, id: id) } }
            func failed() -> Int { ids.count { runner.task(id: $0, of: dag)?.state.status == .failed } }
            try await eventually { events.all.count > life || failed() > 1 }
            // Four restarts are too many for one task only.
            try #require(failed() <= 1)
            await runner.close()
            try await storage.close()
        }
    }

    private static func killing(_ atStep: @escaping @Sendable () -> Void) -> DAG<Int, Int> {
        DAG(name: "Kill", key: "kill", of: Int.self) { dag, input in
            dag.addNode("kill", after: input) { _, value in
                atStep()
                return value
            }
        }
    }

    /// The step leaves no time for a record after its start.
    @Test func aStepThatKillsTheProcessEachTimeFailsItsTask() async throws {
        let directory = TemporaryDirectory()
        let path = directory.path
        for life in 0..<3 {
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, life = life as Int] in
                let storage = try await BufferedTaskStorage.memory(log: path)
                let dag = RecoveryTests.killing { kill(getpid(), SIGKILL) }
                let runner = try await FlowRunner(
                    storage: storage, dags: [dag], configuration: FlowConfiguration(maxResumptions: 2))
                if life == 0 { try await runner.process(7, by: dag, id: "t") }
                try await Task.sleep(for: .seconds(600))
            }
        }
        let storage = try await openStorage(directory)
        let events = Events()
        let runner = try await FlowRunner(
            storage: storage, dags: [Self.killing { events.add("begun") }],
            configuration: FlowConfiguration(maxResumptions: 2))
        try await eventually { try await storage.task(id: "t")?.status == .failed }
        #expect(try await storage.task(id: "t")?.error?.contains("resumed: 2 restarts") == true)
        #expect(events.all.isEmpty)
        await runner.close()
        try await storage.close()
    }

    /// No count overflows, and no task stops the others.
    @Test func aRunnerOpensALogWithTheLargestNumbers() async throws {
        let directory = TemporaryDirectory()
        func dag(_ isBlocked: Bool) -> DAG<Int, Int> {
            DAG(name: "Forged", key: "forged", of: Int.self) { dag, input in
                dag.addNode("a", after: input) { _, value in
                    if isBlocked { try await Task.sleep(for: .seconds(600)) }
                    return value
                }
            }
        }
        var configuration = FlowConfiguration.test
        configuration.closeTimeout = .milliseconds(20)
        let storage = try await openStorage(directory)
        var runner = try await FlowRunner(storage: storage, dags: [dag(true)], configuration: configuration)
        for id in ["restarts", "attempts", "ends"] { try await runner.process(1, by: dag(true), id: id) }
        await runner.close()
        let (past, future) = (Timestamp(rawValue: .min), Timestamp(rawValue: .max))
        let forged: [FlowRecord] = [
            FlowRecord("restarts", .resumed(count: .max)),
            FlowRecord("attempts", .failure(path: "a", attempt: .max, time: past, error: "", retryAt: past)),
            FlowRecord("attempts", .control(FlowRecord.Control(number: .max, action: .resume, time: past))),
            FlowRecord("ends", .end(FlowRecord.Ending(status: .failed, time: future, error: "", path: "a"))),
            FlowRecord("ends", .delivered(time: future)),
        ]
        var batch = RecordBatch()
        for record in forged { record.append(to: &batch) }
        #expect(try storage.tryAppend(batch, []) != nil)
        runner = try await FlowRunner(storage: storage, dags: [dag(false)], configuration: configuration)
        try await eventually { try await storage.task(id: "attempts")?.status == .completed }
        try await eventually { try await storage.task(id: "restarts")?.error?.contains("4294967295 restarts") == true }
        try await eventually { runner.liveTasks == ["ends", "restarts"] }
        try await runner.checkpoint.write(runner)
        await runner.close()
        try await storage.close()
    }

    @Test func theCallbackComesAgainUntilItReturns() async throws {
        let (directory, events) = (TemporaryDirectory(), Events())
        let dag = DAG(name: "Call", key: "call", of: Int.self) { _, input in input }
        var storage = try await openStorage(directory)
        var runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test) { result in
            events.add("first")
            throw TestError("not now")
        }
        _ = try await runner.process(3, by: dag, id: "t")
        try await eventually { events.count("first") >= 2 }
        await runner.close()
        try await storage.close()
        storage = try await openStorage(directory)
        runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test) { result in
            events.add("\(try result.output(of: dag) ?? 0)")
        }
        try await eventually { runner.liveTasks.isEmpty }
        #expect(events.count("3") == 1)
        await runner.close()
        try await storage.close()
    }

    /// The output of an ended task doesn't depend on an activity, because users may remove activities.
    @Test func theOutputOfAnEndedTaskOutlivesItsActivities() async throws {
        let directory = TemporaryDirectory()
        let dag = DAG(name: "Keep", key: "keep", of: Int.self) { dag, input in
            dag.addNode("double", after: input) { _, value in value * 2 }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        #expect(try await runner.process(21, by: dag, id: "t").result() == 42)
        try await eventually { runner.liveTasks.isEmpty }
        try await storage.removeActivities(createdBefore: .now + .seconds(60))
        let task = try await runner.process(21, by: dag, id: "t")
        #expect(try await task.result() == 42)
        await runner.close()
        try await storage.close()
    }
}
