import Foundation
import TestSupport
import Testing
import WAL
import WALTasks
import WALTesting

@testable import WALFlow

/// Rare sequences of events: callers with the same id, and concurrent retries, timeouts and ends.
@Suite struct RaceTests {
    @Test func callersWithTheSameIDGetOneTask() async throws {
        let (directory, events) = (TemporaryDirectory(), Events())
        let dag = DAG(name: "Same", key: "same", of: Int.self) { dag, input in
            dag.addNode("once", after: input) { step, value in
                events.add(step.key)
                return value
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        for round in 0..<50 {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let task = try? await runner.process(round, by: dag, id: "r\(round)")
                        #expect(await (try? task?.result()) == round)
                    }
                }
            }
            #expect(events.count("r\(round)/once") == 1)
        }
        await runner.close()
        try await storage.close()
    }

    @Test func anIteratorOfTimersGoesOnAfterARestart() async throws {
        let (directory, clock) = (TemporaryDirectory(), ManualClock())
        let dag = DAG(name: "Timers", key: "timers", of: Int.self) { dag, input in
            let each = dag.addIterator("each", over: input, { Array(0..<$0) }, concurrency: 2) { body, value in
                let first = body.addNode("first", after: value) { _, value in value * 10 }
                return body.addTimer("pause", after: first, for: .seconds(60))
            }
            return dag.addNode("sum", after: each) { _, values in values }
        }
        var storage = try await openStorage(directory)
        var runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test, clock: clock)
        let task = try await runner.process(5, by: dag, id: "t")
        try await eventually { task.state.reason.hasPrefix("sleeping") }
        clock.advance(by: .seconds(61))
        try await eventually { runner.statistics.timers == 2 && task.state.reason.hasPrefix("sleeping") }
        await runner.close()
        storage = try await reopened(storage, directory)
        let later = ManualClock()
        runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test, clock: later)
        let again = try #require(runner.task(id: "t", of: dag))
        try await eventually {
            later.advance(by: .seconds(61))
            return again.state.status == .completed
        }
        #expect(try await again.result() == [0, 10, 20, 30, 40])
        await runner.close()
        try await storage.close()
    }

    private func reopened(
        _ storage: BufferedTaskStorage<MemoryTaskStore>, _ directory: TemporaryDirectory
    ) async throws -> BufferedTaskStorage<MemoryTaskStore> {
        try await storage.close()
        return try await openStorage(directory)
    }

    @Test func retriesAtTheSameTimeRunAStepOnce() async throws {
        let (directory, events, isBroken) = (TemporaryDirectory(), Events(), Monitor(true))
        let dag = DAG(name: "Retry", key: "retry", of: Int.self) { dag, input in
            dag.addNode("call", after: input) { _, value in
                events.add("call")
                if isBroken.withLock({ $0 }) { throw PermanentError("broken") }
                return value
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process(1, by: dag, id: "t")
        await #expect(throws: FlowError.self) { try await task.result() }
        isBroken.withLock { $0 = false }
        let accepted = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 { group.addTask { (try? await runner.retry("t")) != nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(accepted == 1)
        #expect(try await task.result() == 1)
        #expect(events.count("call") == 2)
        await runner.close()
        try await storage.close()
    }

    /// A retry may come while the runner forgets the task. Otherwise the task would continue in no list and in no
    /// checkpoint.
    @Test func aRetriedTaskIsNotForgotten() async throws {
        let (directory, isBroken) = (TemporaryDirectory(), Monitor(true))
        let dag = DAG(name: "Retry", key: "retry", of: Int.self) { dag, input in
            let call = dag.addNode("call", after: input) { _, value in
                if isBroken.withLock({ $0 }) { throw PermanentError("broken") }
                return value
            }
            let answer = dag.addWait("answer", after: call, for: Int.self)
            return dag.addNode("sum", after: call, answer) { _, a, b in a + b }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process(1, by: dag, id: "t")
        await #expect(throws: FlowError.self) { try await task.result() }
        let end = try #require(task.live.state.withLock { $0.journal.end })
        isBroken.withLock { $0 = false }
        try await runner.retry("t")
        runner.remove(task.live, after: end)
        #expect(runner.liveTasks == ["t"])
        try await runner.submit(2, to: "answer", of: "t")
        #expect(try await task.result() == 3)
        await runner.close()
        try await storage.close()
    }

    /// The attempts of a retried step count from 1 again, and stores ignore an activity whose id they have.
    @Test func theActivitiesOfARetriedStepAreKept() async throws {
        let (directory, events) = (TemporaryDirectory(), Events())
        let dag = DAG(name: "Retry", key: "retry", of: Int.self) { dag, input in
            dag.addNode("call", after: input) { step, value in
                events.add("run")
                step.logActivity("called", "\(events.all.count)")
                if events.all.count < 3 { throw PermanentError("broken \(events.all.count)") }
                return value
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process(1, by: dag, id: "t")
        for _ in 0..<2 {
            await #expect(throws: FlowError.self) { try await task.result() }
            try await runner.retry("t")
        }
        #expect(try await task.result() == 1)
        let activities = try await storage.activities(taskID: "t", limit: 100, offset: 0)
        func texts(_ action: String, _ text: (TaskActivityLog) -> String?) -> Set<String?> {
            Set(activities.filter { $0.action == action }.map(text))
        }
        #expect(texts("called", \.message) == ["1", "2", "3"])
        #expect(texts("node_failed", \.message) == ["broken 1", "broken 2"])
        let begunAt = try #require(task.live.state.withLock(\.beginning)?.createdAt)
        let owner = "t@" + String(begunAt.rawValue, radix: 36)
        #expect(texts("node_failed", \.id) == [owner + "/call/1/node_failed", owner + "/call/1#1/node_failed"])
        await runner.close()
        try await storage.close()
    }

    /// In a full log, what follows a step may wait until a retry has begun another walk.
    @Test func aWaitOfTheWalkBeforeARetryIsLeftAlone() async throws {
        let (directory, gate, isBroken) = (TemporaryDirectory(), Gate(), Monitor(true))
        let dag = DAG(name: "Stale", key: "stale", of: Int.self) { dag, input in
            let answer = dag.addWait("answer", after: input, for: Int.self)
            let call = dag.addNode("call", after: input) { _, value in
                await gate.wait()
                if isBroken.withLock({ $0 }) { throw PermanentError("broken") }
                return value
            }
            return dag.addNode("sum", after: answer, call) { _, x, y in x + y }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process(1, by: dag, id: "t")
        func place() -> StepPlace? { task.live.state.withLock { $0.waiting["answer"] } }
        try await eventually { place() != nil }
        let old = try #require(place())
        gate.open()
        await #expect(throws: FlowError.self) { try await task.result() }
        isBroken.withLock { $0 = false }
        try await runner.retry("t")
        let new = try #require(place())
        #expect(await runner.beginWait(task.live, old).isEmpty)
        // The answer would never come.
        try #require(place() === new && new !== old)
        try await runner.submit(41, to: "answer", of: "t")
        #expect(try await task.result() == 42)
        await runner.close()
        try await storage.close()
    }

    /// Two steps may find the same end of their task. In a full log, the second may write it after a retry has begun
    /// another walk.
    @Test func theEndOfTheWalkBeforeARetryIsLeftAlone() async throws {
        let (directory, isBroken) = (TemporaryDirectory(), Monitor(true))
        let dag = DAG(name: "Stale", key: "stale", of: Int.self) { dag, input in
            let answer = dag.addWait("answer", after: input, for: Int.self)
            return dag.addNode("sum", after: answer) { _, value in
                if isBroken.withLock({ $0 }) { throw PermanentError("broken") }
                return value + 1
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process(1, by: dag, id: "t")
        let old = try #require(task.live.state.withLock { $0.waiting["answer"] })
        try await runner.submit(41, to: "answer", of: "t")
        await #expect(throws: FlowError.self) { try await task.result() }
        let end = try #require(task.live.state.withLock { $0.journal.end })
        isBroken.withLock { $0 = false }
        try await runner.retry("t", from: "answer")
        let new = try #require(task.live.state.withLock { $0.waiting["answer"] })
        #expect(await runner.end(task.live, end, of: old.scope.root).isEmpty)
        #expect(new !== old && task.live.state.withLock { $0.journal.end } == nil)
        try await runner.submit(42, to: "answer", of: "t")
        #expect(try await task.result() == 43)
        await runner.close()
        try await storage.close()
    }

    /// Within one tick of the clock, a retried task can fail as before. After a crash, its callback would never be called.
    @Test func theCallbackOfAnEndDoesNotSettleTheNextOne() async throws {
        let (directory, clock, calls, gate) = (TemporaryDirectory(), ManualClock(), Events(), Gate())
        let known = Monitor<FlowRunner?>(nil)
        let dag = DAG(name: "Fail", key: "fail", of: Int.self) { dag, input in
            dag.addNode("call", after: input) { _, _ -> Int in throw PermanentError("broken") }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test, clock: clock) { result in
            calls.add("\(result.status)")
            guard calls.all.count == 1 else { return await gate.wait() }
            try await known.withLock { $0 }?.retry("t")
            try await eventually { calls.all.count == 2 }
        }
        known.withLock { $0 = runner }
        let task = try await runner.process(1, by: dag, id: "t")
        // The first call returns while the second one, for the next end, still waits.
        try await eventually { calls.all.count == 2 && runner.statistics.runningSteps == 1 }
        #expect(!task.live.state.withLock(\.journal.isDelivered))
        gate.open()
        try await eventually { task.live.state.withLock(\.journal.isDelivered) }
        #expect(calls.all == ["failed", "failed"])
        await runner.close()
        try await storage.close()
    }

    /// A worker can be canceled before its `Task` is known. Then the `Task` is canceled later, whatever job it has by
    /// then.
    @Test func aCanceledWorkerTakesNoFurtherJob() {
        let worker = Worker()
        #expect(!worker.beginJob())
        worker.cancel(job: worker.job)
        #expect(worker.beginJob())
    }

    /// A value that is in the log may still wait for the disk, or for the next start, before its wait takes it.
    @Test func aValueInTheLogComesBeforeTheTimeoutOfItsWait() async throws {
        let directory = TemporaryDirectory()
        let dag = DAG(name: "Wait", key: "wait", of: Int.self) { dag, input in
            dag.addWait("answer", after: input, for: Int.self, timeout: .seconds(3600))
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        // The wait has begun before the call returns.
        let task = try await runner.process(1, by: dag, id: "t")
        let wait = try #require(task.live.state.withLock { $0.waiting["answer"] })
        _ = try await runner.commit(task.live) { _ in
            Transition(events: [.signal(path: "answer", id: "first", payload: Array("7".utf8))])
        } then: { _ in
        }
        #expect(await runner.expire(task.live, wait).isEmpty)
        #expect(task.live.state.withLock { $0.journal.steps["answer"]?.hasFailed } == false)
        try await runner.submit(8, to: "answer", of: "t")
        #expect(try await task.result() == 7)
        await runner.close()
        try await storage.close()
    }

    /// A task fails after too many restarts while another of its steps waits for a place. The walk of a retry has its own
    /// step for that place.
    @Test(arguments: [1, 2]) func aStepOfTheWalkBeforeARetryDoesNotRun(_ places: Int) async throws {
        let (directory, gate, events, life) = (TemporaryDirectory(), Gate(), Events(), Monitor(0))
        @Sendable func block(_ step: FlowStep) async throws {
            let number = life.withLock { $0 }
            events.add("\(step.taskID) \(step.path) \(number)")
            if step.taskID != "t" { return await gate.wait() }
            if number < 2 { try await Task.sleep(for: .seconds(600)) }
        }
        let inner = DAG(name: "Inner", key: "inner", of: Int.self, concurrency: places) { dag, input in
            dag.addNode("b", after: input) { step, value in
                try await block(step)
                return value
            }
        }
        let outer = DAG(name: "Outer", key: "outer", of: Int.self) { dag, input in
            let a = dag.addNode("a", after: input) { step, value in
                try await block(step)
                return value
            }
            let sub = dag.addDAG("sub", inner, after: input)
            return dag.addNode("sum", after: a, sub) { _, x, y in x + y }
        }
        let holder = DAG(name: "Holder", key: "holder", of: Int.self) { dag, input in
            dag.addDAG("sub", inner, after: input)
        }
        var configuration = FlowConfiguration.test
        configuration.closeTimeout = .milliseconds(20)
        configuration.maxResumptions = 1
        for number in 0..<2 {
            life.withLock { $0 = number }
            let storage = try await openStorage(directory)
            let runner = try await FlowRunner(storage: storage, dags: [outer], configuration: configuration)
            if number == 0 { _ = try await runner.process(1, by: outer, id: "t") }
            try await eventually { events.count("t a \(number)") == 1 }
            await runner.close()
            try await storage.close()
        }
        life.withLock { $0 = 2 }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [holder], configuration: configuration)
        for number in 0..<places { _ = try await runner.process(1, by: holder, id: "h\(number)") }
        try await eventually { (0..<places).allSatisfy { events.count("h\($0) sub/b 2") == 1 } }
        try await runner.add(outer)
        let task = try #require(runner.task(id: "t", of: outer))
        await #expect(throws: FlowError.self) { try await task.result() }
        try await runner.retry("t")
        gate.open()
        // Two attempts with the same number could lose both results.
        try await eventually { task.state.status == .completed }
        #expect(events.count("t sub/b 2") == 1)
        await runner.close()
        try await storage.close()
    }

    @Test func aRetryOfAFinishedElementRunsAllOfIt() async throws {
        let (directory, events) = (TemporaryDirectory(), Events())
        let dag = DAG(name: "Elements", key: "elements", of: [Int].self) { dag, input in
            let each = dag.addIterator("each", over: input, { $0 }) { body, value in
                let a = body.addNode("a", after: value) { step, value in
                    events.add(step.path)
                    return value
                }
                return body.addNode("b", after: a) { step, value in
                    events.add(step.path)
                    return value
                }
            }
            return dag.addNode("end", after: each) { _, values in
                if events.count("each[0]/a") < 2 { throw PermanentError("not yet") }
                return values
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process([7, 8], by: dag, id: "t")
        await #expect(throws: FlowError.self) { try await task.result() }
        try await runner.retry("t", from: "each[0]/b")
        #expect(try await task.result() == [7, 8])
        #expect(events.count("each[0]/a") == 2 && events.count("each[1]/a") == 1)
        await runner.close()
        try await storage.close()
    }

    @Test func handlersOfIteratorsAndSubDAGsRun() async throws {
        let (directory, events) = (TemporaryDirectory(), Events())
        let inner = DAG(name: "Inner", key: "inner", of: Int.self) { dag, value in
            dag.addNode("check", after: value) { _, value in
                if value < 0 { throw PermanentError("negative") }
                return value
            }
        }
        let dag = DAG(name: "Outer", key: "outer", of: [Int].self) { dag, input in
            let each = dag.addIterator("each", over: input, { $0 }) { body, value in
                body.addDAG("sub", inner, after: value)
            }
            dag.onFailure(of: each, "undo") { _, failure in events.add(failure.path) }
            return each
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        await #expect(throws: FlowError.self) { try await runner.process([1, -1], by: dag).result() }
        #expect(events.all == ["each[1]/sub/check"])
        await runner.close()
        try await storage.close()
    }

    @Test func aPausedTaskOutlivesAnyNumberOfRestarts() async throws {
        let (directory, gate) = (TemporaryDirectory(), Gate())
        let dag = DAG(name: "Paused", key: "paused", of: Int.self) { dag, input in
            let a = dag.addNode("a", after: input) { _, value in
                await gate.wait()
                return value
            }
            return dag.addNode("b", after: a) { _, value in value }
        }
        var configuration = FlowConfiguration.test
        configuration.maxResumptions = 2
        var storage = try await openStorage(directory)
        var runner = try await FlowRunner(storage: storage, dags: [dag], configuration: configuration)
        let task = try await runner.process(1, by: dag, id: "t")
        try await task.pause()
        gate.open()
        for _ in 0..<5 {
            await runner.close()
            storage = try await reopened(storage, directory)
            runner = try await FlowRunner(storage: storage, dags: [dag], configuration: configuration)
            #expect(runner.task(id: "t", of: dag)?.state.reason == "paused")
        }
        try await runner.resume("t")
        try await eventually { runner.liveTasks.isEmpty }
        #expect(try await storage.task(id: "t")?.status == .completed)
        await runner.close()
        try await storage.close()
    }

    @Test func aResultThatIsTooLargeFailsItsTaskAlone() async throws {
        let directory = TemporaryDirectory()
        let dag = DAG(name: "Large", key: "large", of: Int.self) { dag, size in
            dag.addIterator("each", over: size, { Array(0..<$0) }) { body, number in
                body.addNode("text", after: number) { _, _ in String(repeating: "x", count: 400_000) }
            }
        }
        let small = DAG(name: "Small", key: "small", of: Int.self) { dag, input in
            dag.addNode("a", after: input) { step, value in
                // The value is larger than a segment, so it is left out.
                step.logActivity("note", data: "\"\(String(repeating: "y", count: 20 << 20))\"")
                return value
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag, small], configuration: .test)
        await #expect { try await runner.process(4, by: dag).result() } throws: {
            ($0 as? FlowError)?.failure?.message.contains("valueTooLarge") == true
        }
        #expect(try await runner.process(5, by: small).result() == 5)
        await runner.close()
        try await storage.close()
    }

    @Test func aStepThatIgnoresClosingDoesNotJournalLater() async throws {
        let (directory, gate, events) = (TemporaryDirectory(), Gate(), Events())
        let dag = DAG(name: "Deaf", key: "deaf", of: Int.self) { dag, input in
            dag.addNode("a", after: input) { _, value in
                events.add("begun")
                await gate.wait()
                return value
            }
        }
        var configuration = FlowConfiguration.test
        configuration.closeTimeout = .milliseconds(20)
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: configuration)
        _ = try await runner.process(1, by: dag, id: "t")
        try await eventually { events.count("begun") == 1 }
        await runner.close()
        let last = storage.writeAheadLog.lastSequence
        gate.open()
        let second = try await FlowRunner(storage: storage, dags: [dag], configuration: configuration)
        try await eventually { second.liveTasks.isEmpty }
        #expect(events.count("begun") == 2)
        let results = try results(storage.writeAheadLog, after: last)
        #expect(results == 1)
        await second.close()
        try await storage.close()
    }

    private func results(_ log: WriteAheadLog, after last: SequenceNumber) throws -> Int {
        let reader = log.reader(from: last.next)
        var count = 0
        while reader.nextSequence <= log.lastSequence,
            let isResult = try reader.next({ record -> Bool in
                guard let flow = (try? FlowRecord(record.payload)) ?? nil, case .result = flow.event else {
                    return false
                }
                return true
            })
        {
            if isResult { count += 1 }
        }
        return count
    }
}
