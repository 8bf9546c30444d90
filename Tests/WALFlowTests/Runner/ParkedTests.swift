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
        // The journal's JSON of graphs without such steps has no field for it.
        #expect(try Self.dag("a").graphJSON().contains("once") == false)
    }
}
