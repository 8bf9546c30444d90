import Logging
import TestSupport
import Testing
import WAL
import WALTasks

@testable import WALFlow

/// Who looks at the log from outside sees which tasks are parked, and why.
@Suite struct ParkedTests {
    private let directory = TemporaryDirectory()

    private static func dag(_ middle: String, isOnce: Bool = false, _ events: Events = Events()) -> DAG<Int, Int> {
        DAG(name: "Orders", key: "orders", of: Int.self) { dag, input in
            let options = NodeOptions(execution: isOnce ? .atMostOnce : .atLeastOnce)
            let step = dag.addNode(middle, after: input, options: options) { step, value in
                events.add(step.path)
                return value
            }
            let answer = dag.addWait("answer", after: step, for: Int.self)
            return dag.addNode("sum", after: step, answer) { _, x, y in x * 100 + y }
        }
    }

    private func open(
        _ dags: [any FlowDAG], _ logger: Logger? = nil
    ) async throws -> (BufferedTaskStorage<MemoryTaskStore>, FlowRunner) {
        let storage = try await openStorage(directory)
        return (
            storage, try await FlowRunner(storage: storage, dags: dags, configuration: .test, logger: logger)
        )
    }

    private func close(_ storage: BufferedTaskStorage<MemoryTaskStore>, _ runner: FlowRunner) async throws {
        await runner.close()
        try await storage.close()
    }

    /// Leaves a task that waits for an answer.
    private func leave(_ dag: DAG<Int, Int>) async throws {
        let (storage, runner) = try await open([dag])
        let task = try await runner.process(7, by: dag, id: "t")
        try await eventually { task.state.reason == "waiting for answer" }
        try await close(storage, runner)
    }

    /// What another process reads.
    private func outside() throws -> (table: JournalTable, reason: String) {
        let log = try ReadOnlyLog(at: directory.path)
        var table = JournalTable()
        try table.read(log.reader(from: try log.cursors[JournalTable.cursor]?.next), through: nil)
        let task = try #require(table.tasks["t"])
        return (table, TaskView.reason(task, table.graphs[task.graph], now: .now))
    }

    @Test func aParkedTaskIsSeenFromOutside() async throws {
        try await leave(Self.dag("charge"))
        #expect(try outside().table.tasks["t"]?.parked == nil)

        let recording = RecordingLog()
        var (storage, runner) = try await open([], recording.logger)
        let unknown = "parked: the runner has no DAG with the key orders; change the program, or cancel the task"
        #expect(try outside().reason == unknown)
        let warning = try #require(recording.messages.all.first { $0.level == .warning })
        #expect(warning.metadata["wal.count"] == "1")
        #expect(warning.metadata["wal.tasks"]?.hasPrefix("t of orders: the runner has no DAG with the key") == true)
        // A checkpoint lets the log drop the row before.
        try await runner.checkpoint.write(runner)
        #expect(try outside().reason == unknown)
        try await runner.pause("t")
        #expect(try outside().reason == unknown)
        try await runner.resume("t")
        try await close(storage, runner)
        #expect(recording.messages.all.last?.text == "closed the flows; the next start resumes the live tasks")

        (storage, runner) = try await open([Self.dag("pay")], recording.logger)
        let changed =
            "parked: graph changed: the step charge has a result that answer needs, and the new graph doesn't have it; "
            + "accept it, retry it from a step, or cancel it"
        #expect(try outside().reason == changed)
        #expect(
            recording.messages.all.last { $0.level == .warning }?.metadata["wal.tasks"]
                == "t of orders: " + changed.dropFirst("parked: ".count))
        try await close(storage, runner)
        #expect(try outside().reason == changed)

        // The program of before continues it, and is the newest again.
        (storage, runner) = try await open([Self.dag("charge")])
        let (table, reason) = try outside()
        #expect(reason == "waiting for answer")
        #expect(table.newestGraphs["orders"] == (try Self.dag("charge").frozen().shape))
        #expect(try await storage.task(id: "t")?.processingState == "waiting for answer")
        try await close(storage, runner)
    }

    @Test func anAcceptedTaskIsNoLongerParked() async throws {
        try await leave(Self.dag("charge"))
        let (storage, runner) = try await open([Self.dag("pay")])
        #expect(try outside().table.tasks["t"]?.parked != nil)
        try await runner.accept("t")
        try await eventually { try outside().reason == "waiting for answer" }
        try await eventually { try await storage.task(id: "t")?.processingState == "waiting for answer" }
        await #expect { try await runner.accept("t") } throws: { ($0 as? FlowError)?.code == .wrongState }
        try await close(storage, runner)
    }

    @Test func theRowShowsWhatAControlLeaves() async throws {
        try await leave(Self.dag("charge"))
        let (storage, runner) = try await open([Self.dag("charge")])
        func state() async throws -> String? { try await storage.task(id: "t")?.processingState }
        try await runner.pause("t")
        #expect(try await state() == "paused")
        try await runner.resume("t")
        #expect(try await state() == "waiting for answer")
        try await close(storage, runner)
    }

    /// A branch never chooses again, so the task would fail for good.
    @Test func aTaskWhoseLabelIsGoneIsParked() async throws {
        func dag(_ label: String) -> DAG<Int, Int> {
            DAG(name: "Orders", key: "orders", of: Int.self) { dag, input in
                let way = dag.addBranch("way", after: input) { _, _ in label }
                return dag.addWait("answer", after: way[label], for: Int.self)
            }
        }
        try await leave(dag("review"))
        let (storage, runner) = try await open([dag("check")])
        let task = try #require(runner.task(id: "t", of: dag("check")))
        let reason = "parked: graph changed: the branch way chose the label review, which the new graph doesn't have"
        #expect(task.state.reason == reason)
        // No step has failed, so the task would continue as it is, and fail.
        await #expect { try await runner.retry("t") } throws: { ($0 as? FlowError)?.code == .wrongState }
        #expect(task.state.reason == reason)
        try await runner.retry("t", from: "way")
        try await eventually { task.state.reason == "waiting for answer" }
        try await runner.submit(9, to: "answer", of: "t")
        #expect(try await task.result() == 9)
        try await close(storage, runner)
    }

    /// Another graph doesn't help, so a retry would fail the task.
    @Test func aTaskWhoseInputIsUndecodableStaysParked() async throws {
        func dag<Value: Codable & Sendable>(_ type: Value.Type) -> DAG<Value, Value> {
            DAG(name: "Orders", key: "orders", of: Value.self) { dag, input in
                let step = dag.addNode("step", after: input) { _, value in value }
                return dag.addWait("answer", after: step, for: Value.self)
            }
        }
        try await leave(dag(Int.self))
        let (storage, runner) = try await open([dag(String.self)])
        let task = try #require(runner.task(id: "t", of: dag(String.self)))
        func staysParked(_ body: () async throws -> Void) async {
            await #expect { try await body() } throws: { error in
                guard let error = error as? FlowError else { return false }
                return error.code == .wrongState && error.message.contains("needs another program: the input")
            }
            #expect(task.state.reason.hasPrefix("parked: the input can't be decoded"))
        }
        await staysParked { try await runner.retry("t") }
        await staysParked { try await runner.retry("t", from: "step") }
        await staysParked { try await runner.accept("t") }
        try await close(storage, runner)
    }

    /// A retry would take the cancellation back while the callback still waits for it.
    @Test func aParkedTaskThatIsCanceledIsNotRetried() async throws {
        try await leave(Self.dag("charge"))
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [Self.dag("pay")], configuration: .test) { _ in
            throw TestError("not now")
        }
        try await runner.cancel("t")
        func isRefusal(_ error: any Error) -> Bool { (error as? FlowError)?.code == .wrongState }
        await #expect { try await runner.retry("t", from: "answer") } throws: { isRefusal($0) }
        await #expect { try await runner.accept("t") } throws: { isRefusal($0) }
        #expect(runner.liveTasks == ["t"])
        try await close(storage, runner)
    }

    /// The nodes after the branch would all be skipped.
    @Test func aStepThatBecomesABranchParksItsTask() throws {
        func dag(_ isBranch: Bool) -> DAG<Int, Int> {
            DAG(name: "Orders", key: "orders", of: Int.self) { dag, input in
                let sub = DAG<Int, Int>(name: "Sub", key: "sub", of: Int.self) { dag, input in
                    guard isBranch else {
                        _ = dag.addNode("way", after: input) { _, value in value }
                        return dag.addWait("answer", after: input, for: Int.self)
                    }
                    let way = dag.addBranch("way", after: input) { _, _ in "yes" }
                    _ = dag.addNode("next", after: way["yes"]) { _, value in value }
                    return dag.addWait("answer", after: input, for: Int.self)
                }
                return dag.addDAG("sub", sub, after: input)
            }
        }
        let change = GraphChange(from: try dag(false).frozen().shape, to: try dag(true).frozen().shape)
        var journal = TaskJournal(id: "t")
        #expect(change.conflict(with: journal) == nil)
        journal.apply(.result(path: "sub/way", attempt: 1, time: .now, label: nil, bytes: [0x31]))
        #expect(change.conflict(with: journal) == "the step sub/way is now a branch, and its result has no label")
    }

    /// A customer would be charged again.
    @Test func aRenamedStepThatMustNotRunTwiceIsNotAcceptedWithoutItsName() async throws {
        try await leave(Self.dag("charge", isOnce: true))
        let events = Events()
        let (storage, runner) = try await open([Self.dag("pay", isOnce: true, events)])
        func isRefusal(_ error: any Error) -> Bool {
            guard let error = error as? FlowError else { return false }
            return error.code == .wrongState && error.message.contains("doesn't have: charge.")
        }
        await #expect { try await runner.accept("t") } throws: { isRefusal($0) }
        await #expect { try await runner.accept("t", dropping: ["pay"]) } throws: { isRefusal($0) }
        await #expect { try await runner.retry("t", from: "answer") } throws: { isRefusal($0) }
        #expect(events.all.isEmpty)
        try await runner.accept("t", dropping: ["charge"])
        try await eventually { events.all == ["pay"] }
        try await close(storage, runner)
    }

    /// A customer would be charged again: the journal of an element that has ended has only its output.
    @Test func anElementWithAnotherEndIsNotAcceptedWithoutItsSteps() async throws {
        let events = Events()
        func dag(_ end: String) -> DAG<Int, Int> {
            DAG(name: "Orders", key: "orders", of: Int.self) { dag, input in
                let each = dag.addIterator("lines", over: input, { Array(0..<$0) }) { body, line in
                    let charge = body.addNode("charge", after: line, options: NodeOptions(execution: .atMostOnce)) {
                        step, value in
                        events.add(step.path)
                        return value
                    }
                    return body.addNode(end, after: charge) { _, value in value }
                }
                let answer = dag.addWait("answer", after: each, for: Int.self)
                return dag.addNode("sum", after: each, answer) { _, values, answer in values.reduce(answer, +) }
            }
        }
        var (storage, runner) = try await open([dag("pack")])
        let task = try await runner.process(2, by: dag("pack"), id: "t")
        try await eventually { task.state.reason == "waiting for answer" }
        // It leaves out what the journal has forgotten.
        try await runner.checkpoint.write(runner)
        try await close(storage, runner)
        let charges = ["lines[0]/charge", "lines[1]/charge"]
        #expect(Set(events.all) == Set(charges))

        (storage, runner) = try await open([dag("pack2")])
        #expect(
            try outside().reason.contains("the element lines[0] has ended, and its new graph has another end"))
        func refuses(_ unnamed: [String], _ body: () async throws -> Void) async {
            await #expect { try await body() } throws: { error in
                guard let error = error as? FlowError else { return false }
                return error.code == .wrongState
                    && error.message.contains("doesn't have: \(unnamed.joined(separator: ", ")).")
            }
        }
        await refuses(charges) { try await runner.accept("t") }
        await refuses([charges[1]]) { try await runner.accept("t", dropping: ["lines[0]"]) }
        await refuses(charges) { try await runner.retry("t", from: "answer") }
        #expect(events.all.count == 2)
        let accepted = try #require(runner.task(id: "t", of: dag("pack2")))
        try await runner.accept("t", dropping: ["lines"])
        try await runner.submit(3, to: "answer", of: "t")
        #expect(try await accepted.result() == 4)
        #expect(events.all.count == 4)
        try await close(storage, runner)
    }

    /// The element of an optional step that failed has ended, and has no result.
    @Test func anElementWithoutAResultKeepsItsStepsOverACheckpoint() async throws {
        let events = Events()
        let dag = DAG(name: "Optional", key: "optional", of: Int.self) { dag, input in
            let each = dag.addIterator("lines", over: input, { Array(0..<$0) }) { body, line in
                let charge = body.addNode("charge", after: line, options: NodeOptions(execution: .atMostOnce)) {
                    step, value in
                    events.add(step.path)
                    return value
                }
                return body.addOptionalNode("pack", after: charge) { _, _ -> Int in throw PermanentError("empty") }
            }
            let answer = dag.addWait("answer", after: each, for: Int.self)
            return dag.addNode("sum", after: each, answer) { _, values, answer in values.count + answer }
        }
        for life in 0..<3 {
            let (storage, runner) = try await open([dag])
            if life == 0 { _ = try await runner.process(2, by: dag, id: "t") }
            let task = try #require(runner.task(id: "t", of: dag))
            try await eventually { task.state.reason == "waiting for answer" }
            try await runner.checkpoint.write(runner)
            try await close(storage, runner)
        }
        #expect(events.all.count == 2)
    }

    /// A failed task is never parked, and its graph may change all the same.
    @Test func aFailedTaskContinuesWithAnotherGraph() async throws {
        func dag(_ name: String, _ events: Events? = nil) -> DAG<Int, Int> {
            DAG(name: "Pay", key: "pay", of: Int.self) { dag, input in
                let a = dag.addNode("a", after: input) { _, value in value + 1 }
                return dag.addNode(name, after: a, options: NodeOptions(execution: .atMostOnce)) { step, value in
                    guard let events else { throw PermanentError("away") }
                    events.add(step.path)
                    return value * 2
                }
            }
        }
        var (storage, runner) = try await open([dag("charge")])
        let first = try await runner.process(20, by: dag("charge"), id: "t")
        await #expect(throws: FlowError.self) { try await first.result() }
        await #expect { try await runner.accept("t") } throws: {
            ($0 as? FlowError)?.message == "The task t has failed at charge. Retry it first."
        }
        try await close(storage, runner)
        let events = Events()
        (storage, runner) = try await open([dag("pay", events)])
        func isRefusal(_ error: any Error) -> Bool {
            guard let error = error as? FlowError else { return false }
            return error.code == .wrongState && error.message.contains("doesn't have: charge.")
                && error.message.contains("accept the graph and name each step")
        }
        await #expect { try await runner.retry("t") } throws: { isRefusal($0) }
        await #expect { try await runner.retry("t", from: "a") } throws: { isRefusal($0) }
        await #expect { try await runner.accept("t") } throws: { isRefusal($0) }
        #expect(events.all.isEmpty)
        let task = try #require(runner.task(id: "t", of: dag("pay")))
        try await runner.accept("t", dropping: ["charge"])
        #expect(try await task.result() == 42)
        #expect(events.all == ["pay"])
        try await close(storage, runner)
    }

    /// No unfinished step needs the result, but another name would run the step again.
    @Test func aStepThatMustNotRunTwiceParksItsTaskIfItIsGone() throws {
        func dag(_ name: String) -> DAG<Int, Int> {
            DAG(name: "Leaf", key: "leaf", of: Int.self) { dag, input in
                _ = dag.addNode(name, after: input, options: NodeOptions(execution: .atMostOnce)) { _, value in value }
                return dag.addWait("answer", after: input, for: Int.self)
            }
        }
        let change = GraphChange(from: try dag("charge").frozen().shape, to: try dag("pay").frozen().shape)
        var journal = TaskJournal(id: "t")
        #expect(change.conflict(with: journal) == nil)
        journal.apply(.started(path: "charge", attempt: 1))
        #expect(
            change.conflict(with: journal) == "the step charge must not run twice, and the new graph doesn't have it")
        // The journal's JSON of graphs without such nodes has no member for them.
        let json = try Self.dag("a").graphJSON()
        for member in ["once", "optional", "collects"] { #expect(!json.contains(member)) }
    }

    /// A customer would be charged again: the graph of the task's beginning doesn't have the step.
    @Test func aTaskIsComparedWithTheGraphThatItHadLast() async throws {
        func dag(_ added: String?, _ events: Events = Events()) -> DAG<Int, Int> {
            DAG(name: "Orders", key: "orders", of: Int.self) { dag, input in
                if let added {
                    _ = dag.addNode(added, after: input, options: NodeOptions(execution: .atMostOnce)) { step, value in
                        events.add(step.path)
                        return value
                    }
                }
                return dag.addWait("answer", after: input, for: Int.self)
            }
        }
        try await leave(dag(nil))
        let events = Events()
        var (storage, runner) = try await open([dag("charge", events)])
        try await eventually { events.all == ["charge"] }
        // A checkpoint keeps the graph.
        try await runner.checkpoint.write(runner)
        try await close(storage, runner)
        let task = try #require(try outside().table.tasks["t"])
        #expect(task.graph == (try dag("charge").frozen().hash))
        #expect(task.steps["charge"]?.result != nil)

        (storage, runner) = try await open([dag("pay", events)])
        let reason = "parked: graph changed: the step charge must not run twice, and the new graph doesn't have it"
        #expect(try outside().reason.hasPrefix(reason))
        try await close(storage, runner)
        #expect(events.all == ["charge"])
    }

    /// The task would fail for good, after it continued.
    @Test func aFailureThatTheNewGraphDoesNotPassOverParksItsTask() throws {
        func dag(_ isOptional: Bool) -> DAG<Int, Int> {
            DAG(name: "Extra", key: "extra", of: Int.self) { dag, input in
                if isOptional {
                    _ = dag.addOptionalNode("extra", after: input) { _, value in value }
                } else {
                    _ = dag.addNode("extra", after: input) { _, value in value }
                }
                return dag.addWait("answer", after: input, for: Int.self)
            }
        }
        let (old, new) = (try dag(true).frozen().shape, try dag(false).frozen().shape)
        var journal = TaskJournal(id: "t")
        #expect(GraphChange(from: old, to: new).conflict(with: journal) == nil)
        journal.apply(.failure(path: "extra", attempt: 1, time: .now, error: "no", retryAt: nil))
        #expect(
            GraphChange(from: old, to: new).conflict(with: journal)
                == "the task continued after the failure of the step extra, which fails it with the new graph")
        #expect(GraphChange(from: new, to: old).conflict(with: journal) == nil)
    }
}
