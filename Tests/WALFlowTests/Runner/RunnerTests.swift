import Foundation
import TestSupport
import Testing
import WAL
import WALTasks
import WALTesting

@testable import WALFlow

@Suite struct RunnerTests {
    struct Line: Codable, Hashable, Sendable { var item: String; var count: Int }
    struct Order: Codable, Hashable, Sendable { var id: String; var total: Int; var lines: [Line] }
    struct Receipt: Codable, Hashable, Sendable { var total: Int; var parcels: [String]; var way: String }

    static func orders(_ events: Events = Events()) -> DAG<Order, Receipt> {
        let shipping = DAG(name: "Shipping", key: "shipping", of: [String].self) { dag, parcels in
            dag.addNode("label", after: parcels) { step, parcels in
                events.add(step.path)
                return parcels.map { "ship " + $0 }
            }
        }
        return DAG(name: "Orders", key: "orders", of: Order.self) { dag, order in
            let checked = dag.addNode("validate", after: order) { step, order in
                events.add(step.path)
                step.logActivity("processing", "checking \(order.id)")
                guard !order.lines.isEmpty else { throw PermanentError("an empty order") }
                return order
            }
            let charged = dag.addNode(
                "charge", after: checked, options: NodeOptions(timeout: .seconds(30), durability: .durable)
            ) { step, order in
                events.add(step.path)
                return order.total
            }
            let packed = dag.addIterator("lines", over: checked, { $0.lines }, concurrency: 4) { body, line in
                let picked = body.addNode("pick", after: line) { step, line in
                    events.add(step.path)
                    return line.item
                }
                return body.addNode("pack", after: picked) { _, item in "box of " + item }
            }
            let way = dag.addBranch("risk", after: charged) { _, total in total > 1000 ? "review" : "pass" }
            let reviewed = dag.addWait("approve", after: way["review"], for: String.self, timeout: .seconds(3 * 86_400))
            let passed = dag.addNode("auto", after: way["pass"]) { _, _ in "auto" }
            let approved = dag.merge(reviewed, passed)
            let shipped = dag.addDAG("ship", shipping, after: packed)
            return dag.addNode("receipt", after: charged, approved, shipped) { step, total, way, parcels in
                events.add(step.path)
                return Receipt(total: total, parcels: parcels, way: way)
            }
        }
    }

    static func order(_ id: String, total: Int = 10, lines: Int = 3) -> Order {
        Order(id: id, total: total, lines: (0..<lines).map { Line(item: "item \($0)", count: 1) })
    }

    @Test func aTaskRunsToItsOutput() async throws {
        let (directory, events) = (TemporaryDirectory(), Events())
        let orders = Self.orders(events)
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [orders], configuration: .test)
        let task = try await runner.process(Self.order("o-1"), by: orders, id: "o-1")
        let receipt = try await task.result()
        #expect(receipt.parcels == ["ship box of item 0", "ship box of item 1", "ship box of item 2"])
        #expect(receipt.way == "auto")
        #expect(
            events.all.sorted() == [
                "charge", "lines[0]/pick", "lines[1]/pick", "lines[2]/pick", "receipt", "ship/label", "validate",
            ])
        let row = try #require(try await storage.task(id: "o-1"))
        #expect(row.status == .completed && row.dagID == "orders" && row.processingState == "completed")
        let actions = try await storage.activities(taskID: "o-1", limit: 100, offset: 0).map(\.action)
        #expect(actions.first == "task_created" && actions.contains("task_completed") && actions.contains("processing"))
        #expect(actions.count { $0 == "node_completed" } == 12)
        try await eventually { runner.liveTasks.isEmpty }
        // The same id names the same task, whose output the store has.
        let again = try await runner.process(Self.order("o-1"), by: orders, id: "o-1")
        #expect(try await again.result() == receipt)
        await #expect(throws: FlowError.self) {
            try await runner.process(Self.order("o-1", total: 11), by: orders, id: "o-1")
        }
        #expect(events.count("receipt") == 1)
        await runner.close()
        try await storage.close()
    }

    @Test func aPersonAnswersBeforeAndAfterTheWait() async throws {
        let directory = TemporaryDirectory()
        let orders = Self.orders()
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [orders], configuration: .test)
        let late = try await runner.process(Self.order("late", total: 2000), by: orders, id: "late")
        try await eventually { late.state.reason.hasPrefix("waiting for approve until") }
        try await runner.submit("Ann", to: "approve", of: "late", id: "mail-1")
        #expect(try await late.result().way == "Ann")
        let gate = Gate()
        let slow = DAG(name: "Slow", key: "slow", of: Int.self) { dag, input in
            let first = dag.addNode("first", after: input) { _, value in
                await gate.wait()
                return value
            }
            let answer = dag.addWait("answer", after: first, for: Int.self)
            let second = dag.addWait("second", after: answer, for: Int.self)
            return dag.addNode("sum", after: answer, second) { _, a, b in a * 10 + b }
        }
        try await runner.add(slow)
        let early = try await runner.process(1, by: slow, id: "early")
        try await runner.submit(4, to: "answer", of: "early", id: "mail-1")
        try await runner.submit(5, to: "answer", of: "early", id: "mail-1")
        try await runner.submit(2, to: "second", of: "early")
        gate.open()
        #expect(try await early.result() == 42)
        await runner.close()
        try await storage.close()
    }

    @Test func anAttemptIsRepeatedAndThenFails() async throws {
        let (directory, events, clock) = (TemporaryDirectory(), Events(), ManualClock())
        let dag = DAG(name: "Flaky", key: "flaky", of: Int.self) { dag, input in
            dag.addNode(
                "call", after: input,
                options: NodeOptions(retry: .exponential(max: 3, from: .seconds(1), to: .seconds(300)))
            ) {
                step, value in
                events.add("\(step.attempt) \(step.key)")
                if step.attempt <= value { throw TestError("away") }
                return value
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test, clock: clock)
        let good = try await runner.process(2, by: dag, id: "good")
        try await eventually {
            clock.advance(by: .seconds(5))
            return good.state.status == .completed
        }
        #expect(events.all == ["1 good/call", "2 good/call", "3 good/call"])
        let bad = try await runner.process(9, by: dag, id: "bad")
        try await eventually {
            clock.advance(by: .seconds(5))
            return bad.state.status == .failed
        }
        #expect(events.count("4 bad/call") == 1 && events.count("5 bad/call") == 0)
        await #expect { try await bad.result() } throws: {
            ($0 as? FlowError)?.failure == FlowFailure(path: "call", message: "away")
        }
        let row = try #require(try await storage.task(id: "bad"))
        #expect(row.status == .failed && row.error == "call: away" && row.retryCount == 4)
        await runner.close()
        try await storage.close()
    }

    @Test func aFailedTaskIsRetriedFromAStep() async throws {
        let (directory, events, isBroken) = (TemporaryDirectory(), Events(), Monitor(true))
        let dag = DAG(name: "Retry", key: "retry", of: Int.self) { dag, input in
            let a = dag.addNode("a", after: input) { _, value in
                events.add("a")
                return value + 1
            }
            let b = dag.addNode("b", after: a) { _, value in
                events.add("b")
                if isBroken.withLock({ $0 }) { throw PermanentError("broken") }
                return value * 2
            }
            return dag.addNode("c", after: b) { _, value in
                events.add("c")
                return value
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process(1, by: dag, id: "t")
        await #expect(throws: FlowError.self) { try await task.result() }
        await #expect(throws: FlowError.self) { try await runner.retry("t", from: "nothing") }
        isBroken.withLock { $0 = false }
        try await runner.retry("t")
        #expect(try await task.result() == 4)
        #expect(events.all == ["a", "b", "b", "c"])
        await runner.close()
        try await storage.close()
    }

    /// A customer would be charged again.
    @Test func aRetryLeavesFailuresAfterWhichTheTaskContinued() async throws {
        let (directory, events) = (TemporaryDirectory(), Events())
        let dag = DAG(name: "Retry", key: "retry", of: [Int].self) { dag, input in
            let extra = dag.addOptionalNode("extra", after: input) { _, _ -> Int in throw PermanentError("no extra") }
            let each = dag.addCollectingIterator("each", over: input, { $0 }) { body, value in
                body.addNode("check", after: value) { _, value in
                    if value < 0 { throw PermanentError("negative") }
                    return value
                }
            }
            let options = NodeOptions(execution: .atMostOnce)
            let charge = dag.addNode("charge", after: extra, each, options: options) { _, _, results in
                events.add("charge")
                return results.count
            }
            return dag.addNode("ship", after: charge) { _, count in
                events.add("ship")
                if events.count("ship") == 1 { throw PermanentError("no truck") }
                return count
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process([1, -1], by: dag, id: "t")
        await #expect(throws: FlowError.self) { try await task.result() }
        try await runner.retry("t")
        #expect(try await task.result() == 2)
        #expect(events.all == ["charge", "ship", "ship"])
        await runner.close()
        try await storage.close()
    }

    @Test func cancelReachesRunningStepsAndRefusesTheirResults() async throws {
        let (directory, events, started) = (TemporaryDirectory(), Events(), Gate())
        let dag = DAG(name: "Cancel", key: "cancel", of: Int.self) { dag, input in
            let a = dag.addNode("a", after: input) { _, value in
                started.open()
                try? await Task.sleep(for: .seconds(600))
                events.add(Task.isCancelled ? "canceled" : "slept")
                return value
            }
            return dag.addNode("b", after: a) { _, value in
                events.add("b")
                return value
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process(1, by: dag, id: "t")
        await started.wait()
        try await task.cancel()
        await #expect { try await task.result() } throws: { ($0 as? FlowError)?.code == .taskCancelled }
        try await eventually { events.count("canceled") == 1 && runner.statistics.runningSteps == 0 }
        #expect(events.count("b") == 0)
        #expect(try await storage.task(id: "t")?.status == .cancelled)
        await runner.close()
        try await storage.close()
    }

    @Test func aPausedTaskBeginsNoStep() async throws {
        let (directory, events, gate) = (TemporaryDirectory(), Events(), Gate())
        let dag = DAG(name: "Pause", key: "pause", of: Int.self) { dag, input in
            let a = dag.addNode("a", after: input) { _, value in
                await gate.wait()
                return value
            }
            return dag.addNode("b", after: a) { _, value in
                events.add("b")
                return value
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process(1, by: dag, id: "t")
        try await eventually { task.state.running == ["a"] }
        try await task.pause()
        gate.open()
        try await eventually { task.state.running.isEmpty }
        #expect(task.state.reason == "paused" && events.all.isEmpty)
        #expect(try await storage.task(id: "t")?.processingState == "paused")
        try await task.resume()
        #expect(try await task.result() == 1)
        await runner.close()
        try await storage.close()
    }

    @Test func anAttemptEndsAtItsTimeout() async throws {
        let (directory, events, clock) = (TemporaryDirectory(), Events(), ManualClock())
        let dag = DAG(name: "Timeout", key: "timeout", of: Int.self) { dag, input in
            dag.addNode(
                "slow", after: input,
                options: NodeOptions(retry: .constant(max: 1, every: .seconds(1)), timeout: .seconds(30))
            ) {
                step, value in
                events.add("\(step.attempt)")
                if step.attempt == 1 { try await Task.sleep(for: .seconds(600)) }
                return value
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test, clock: clock)
        let task = try await runner.process(7, by: dag)
        try await eventually { events.all == ["1"] }
        try await eventually {
            if task.state.retryCount == 0 { clock.advance(by: .seconds(31)) }
            return task.state.retryCount == 1 && task.state.running.isEmpty
        }
        // The clock stands still while the second attempt runs.
        clock.advance(by: .seconds(2))
        try await eventually { task.state.status == .completed }
        #expect(events.all == ["1", "2"])
        await runner.close()
        try await storage.close()
    }

    @Test func aFailedElementFailsTheTaskOrIsCollected() async throws {
        let directory = TemporaryDirectory()
        let strict = DAG(name: "Strict", key: "strict", of: [Int].self) { dag, input in
            dag.addIterator("each", over: input, { $0 }) { body, value in
                body.addNode("check", after: value) { _, value in
                    if value < 0 { throw PermanentError("negative") }
                    return value
                }
            }
        }
        let lenient = DAG(name: "Lenient", key: "lenient", of: [Int].self) { dag, input in
            let each = dag.addCollectingIterator("each", over: input, { $0 }) { body, value in
                body.addNode("check", after: value) { _, value in
                    if value < 0 { throw PermanentError("negative") }
                    return value
                }
            }
            return dag.addNode("describe", after: each) { _, results in
                results.map { result in
                    switch result {
                    case .success(let value): "\(value)"
                    case .failure(let failure): failure.description
                    }
                }
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [strict, lenient], configuration: .test)
        await #expect { try await runner.process([1, -1, 2], by: strict).result() } throws: {
            ($0 as? FlowError)?.failure == FlowFailure(path: "each[1]/check", message: "negative")
        }
        #expect(try await runner.process([1, -1, 2], by: lenient).result() == ["1", "each[1]/check: negative", "2"])
        #expect(try await runner.process([], by: strict).result() == [])
        #expect(try await runner.process([5], by: strict).result() == [5])
        await runner.close()
        try await storage.close()
    }

    @Test func anOptionalNodeAndAHandlerTakeAFailure() async throws {
        let (directory, events) = (TemporaryDirectory(), Events())
        let dag = DAG(name: "Undo", key: "undo", of: Int.self) { dag, input in
            let extra = dag.addOptionalNode("extra", after: input) { _, value in
                if value > 0 { throw PermanentError("no extra") }
                return value
            }
            let charge = dag.addNode("charge", after: extra) { _, extra in
                if extra == nil { throw PermanentError("no money") }
                return 1
            }
            dag.onFailure(of: charge, "refund") { step, failure in events.add("\(step.path) \(failure)") }
            return charge
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        #expect(try await runner.process(0, by: dag).result() == 1)
        #expect(events.all.isEmpty)
        await #expect(throws: FlowError.self) { try await runner.process(1, by: dag).result() }
        #expect(events.all == ["refund charge: no money"])
        await runner.close()
        try await storage.close()
    }

    @Test func manyElementsComeOutInOrder() async throws {
        let directory = TemporaryDirectory()
        let dag = DAG(name: "Many", key: "many", of: Int.self) { dag, count in
            dag.addIterator("each", over: count, { Array(0..<$0) }, concurrency: 64) { body, value in
                body.addNode("double", after: value) { _, value in value * 2 }
            }
        }
        let storage = try await openStorage(directory)
        var configuration = FlowConfiguration.test
        configuration.activities = .tasks
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: configuration)
        let count = ProcessInfo.processInfo.environment["WAL_LONG"] == nil ? 4000 : 100_000
        let result = try await runner.process(count, by: dag).result()
        #expect(result == (0..<count).map { $0 * 2 })
        await runner.close()
        try await storage.close()
    }

    @Test func limitsHold() async throws {
        let (directory, running, most) = (TemporaryDirectory(), Monitor(0), Monitor(0))
        @Sendable func work() async throws {
            let now = running.withLock { running in
                running += 1
                return running
            }
            most.withLock { $0 = max($0, now) }
            // Each step waits until the limit is reached. One more would show after that.
            try await eventually { most.withLock { $0 } >= 3 }
            try await Task.sleep(for: .milliseconds(2))
            running.withLock { $0 -= 1 }
        }
        let dag = DAG(name: "Limit", key: "limit", of: Int.self) { dag, count in
            dag.addIterator("each", over: count, { Array(0..<$0) }, concurrency: 64) { body, value in
                body.addNode("work", after: value, options: NodeOptions(concurrency: 3)) { _, value in
                    try await work()
                    return value
                }
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        #expect(try await runner.process(60, by: dag).result() == Array(0..<60))
        #expect(most.withLock { $0 } == 3)
        await runner.close()
        try await storage.close()
    }

    /// Its end would wait for the steps of other tasks.
    @Test func aTaskThatFailsDoesNotWaitForAStepThatWaitsForItsTurn() async throws {
        let (directory, gate, events) = (TemporaryDirectory(), Gate(), Events())
        let dag = DAG(name: "Turn", key: "turn", of: Int.self) { dag, input in
            let a = dag.addNode("a", after: input) { step, value in
                if step.taskID == "failing" { throw PermanentError("no") }
                return value
            }
            dag.onFailure(of: a, "undo") { step, _ in events.add(step.key) }
            let b = dag.addNode("b", after: input, options: NodeOptions(concurrency: 1)) { step, value in
                events.add(step.key)
                await gate.wait()
                return value
            }
            return dag.addNode("sum", after: a, b) { _, x, y in x + y }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let holder = try await runner.process(1, by: dag, id: "holder")
        try await eventually { events.all == ["holder/b"] }
        let failing = try await runner.process(1, by: dag, id: "failing")
        try await eventually { failing.state.status == .failed }
        #expect(events.all == ["holder/b", "failing/undo"])
        gate.open()
        #expect(try await holder.result() == 2)
        #expect(events.count("failing/b") == 0)
        await runner.close()
        try await storage.close()
    }

    private enum Caller {
        @TaskLocal static var tenant: String?
    }

    /// The steps of one customer would otherwise read the data of another: a worker runs the steps of all tasks.
    @Test func aStepHasTheTaskLocalValuesOfNoCaller() async throws {
        let (directory, gate, tenants) = (TemporaryDirectory(), Gate(), Events())
        let dag = DAG(name: "Tenant", key: "tenant", of: Int.self) { dag, input in
            dag.addNode("read", after: input) { step, value in
                tenants.add("\(step.taskID) \(Caller.tenant ?? "nil")")
                if step.taskID == "a" { await gate.wait() }
                return value
            }
        }
        let storage = try await openStorage(directory)
        var configuration = FlowConfiguration.test
        configuration.concurrency = 1
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: configuration) { result in
            tenants.add("\(result.taskID) ended \(Caller.tenant ?? "nil")")
        }
        let first = try await Caller.$tenant.withValue("A") { try await runner.process(1, by: dag, id: "a") }
        let second = try await Caller.$tenant.withValue("B") { try await runner.process(2, by: dag, id: "b") }
        gate.open()
        #expect(try await first.result() == 1)
        #expect(try await second.result() == 2)
        try await eventually { runner.liveTasks.isEmpty }
        #expect(Set(tenants.all) == ["a nil", "a ended nil", "b nil", "b ended nil"])
        await runner.close()
        try await storage.close()
    }

    @Test func aBlockingStepRunsOnItsExecutor() async throws {
        let directory = TemporaryDirectory()
        let executor = try ThreadExecutor(threads: 2)
        let dag = DAG(name: "Block", key: "block", of: Int.self) { dag, count in
            dag.addNode("block", after: count, options: NodeOptions(executor: executor)) { _, value in
                let name = try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
                return name.split(separator: "\n").first.map(String.init) ?? ""
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let name = try await runner.process(1, by: dag).result()
        #expect(name == "wal-flow-step")
        await runner.close()
        try await storage.close()
    }

    @Test func onceComputesAPartOnceOverAllAttempts() async throws {
        let (directory, events) = (TemporaryDirectory(), Events())
        let dag = DAG(name: "Once", key: "once", of: Int.self) { dag, input in
            dag.addNode("call", after: input, options: NodeOptions(retry: .constant(max: 3, every: .zero))) {
                step, value in
                let quote = try await step.once("quote") {
                    events.add("quote")
                    return value * 2
                }
                if step.attempt < 3 { throw TestError("away") }
                return quote
            }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        #expect(try await runner.process(21, by: dag).result() == 42)
        #expect(events.all == ["quote"])
        await runner.close()
        try await storage.close()
    }

    @Test func aBranchWithoutATargetIsAnError() async throws {
        let directory = TemporaryDirectory()
        let dag = DAG(name: "Branch", key: "branch", of: Int.self) { dag, input in
            let way = dag.addBranch("way", after: input) { _, value in value == 0 ? "zero" : "other" }
            return dag.addNode("zero", after: way["zero"]) { _, value in value }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        #expect(try await runner.process(0, by: dag).result() == 0)
        await #expect { try await runner.process(1, by: dag).result() } throws: {
            ($0 as? FlowError)?.failure?.message.contains("\"other\"") == true
        }
        await runner.close()
        try await storage.close()
    }

    /// Databases refuse such a row, so they would show the task as running for good.
    @Test func theRowOfAFailureHasNoNul() async throws {
        let directory = TemporaryDirectory()
        let dag = DAG(name: "Branch", key: "branch", of: Int.self) { dag, input in
            let way = dag.addBranch("way", after: input) { _, _ in "a\0b" }
            return dag.addNode("b", after: way["b"]) { _, value in value }
        }
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process(1, by: dag, id: "t")
        await #expect(throws: FlowError.self) { try await task.result() }
        let row = try #require(try await storage.task(id: "t"))
        let error = try #require(row.error)
        #expect(row.status == .failed && error.hasPrefix("way: unknownLabel: ") && error.contains("a\u{FFFD}b"))
        #expect(!error.utf8.contains(0))
        await runner.close()
        try await storage.close()
    }
}
