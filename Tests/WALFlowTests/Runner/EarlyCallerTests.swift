import TestSupport
import Testing
import WAL
import WALTasks

@testable import WALFlow

/// A caller that finds a runner by its storage before the runner has recovered: the second DAG of names that gets a storage.
@Suite struct EarlyCallerTests {
    private let directory = TemporaryDirectory()

    /// A storage whose log comes only once the test lets it, so that a recovery takes as long.
    private final class SlowStorage: WrappingStorage {
        let base: BufferedTaskStorage<MemoryTaskStore>
        private let isOpen = Monitor(false)

        init(_ base: BufferedTaskStorage<MemoryTaskStore>) { self.base = base }

        func open() {
            isOpen.withLock { $0 = true }
            isOpen.notifyAll()
        }

        /// Blocks the thread of its caller.
        var writeAheadLog: WriteAheadLog {
            _ = isOpen.wait { $0 ? true : nil }
            return base.writeAheadLog
        }
    }

    /// Begins to open a runner, and returns the storage, the runner as others find it, and the opening.
    private func beginOpening() async throws -> (SlowStorage, FlowRunner, Task<FlowRunner, any Error>) {
        let storage = SlowStorage(try await openStorage(directory))
        let opening = Task(executorPreference: try ThreadExecutor(threads: 1)) {
            try await FlowRunner(storage, [], .test, .system, .steady, nil, nil)
        }
        func found() -> FlowRunner? { storage.attachment.withLock { $0 } as? FlowRunner }
        try await eventually { found() != nil }
        return (storage, try #require(found()), opening)
    }

    /// Begins a call, and returns when it has ended or has to wait.
    private func begin<Value: Sendable>(
        _ call: @escaping @Sendable () async throws -> Value
    ) async throws -> Task<Value, any Error> {
        let executor = try ThreadExecutor(threads: 1)
        let task = Task(executorPreference: executor) { try await call() }
        // One thread runs both, one after the other.
        await Task(executorPreference: executor) {}.value
        return task
    }

    /// The runner would begin a live task again, and forget what its journal says.
    @Test func aTaskOfTheJournalIsNotBegunAgain() async throws {
        let events = Events()
        let dag = DAG(name: "Orders", key: "orders", of: Int.self) { dag, input in
            let charge = dag.addNode("charge", after: input) { step, value in
                events.add(step.path)
                return value
            }
            let answer = dag.addWait("answer", after: charge, for: Int.self)
            return dag.addNode("sum", after: charge, answer) { _, x, y in x + y }
        }
        let first = try await openStorage(directory)
        var runner = try await FlowRunner(storage: first, dags: [dag], configuration: .test)
        let begun = try await runner.process(1, by: dag, id: "o-7")
        try await eventually { begun.state.reason == "waiting for answer" }
        await runner.close()
        try await first.close()

        let (storage, found, opening) = try await beginOpening()
        let call = try await begin {
            try await found.add(dag)
            return try await found.process(1, by: dag, id: "o-7")
        }
        storage.open()
        runner = try await opening.value
        let task = try await call.value
        try await runner.submit(41, to: "answer", of: "o-7")
        #expect(try await task.result() == 42)
        #expect(events.all == ["charge"] && runner === found)
        await runner.close()
        try await storage.base.close()
    }

    @Test func aFailedRecoveryReleasesEarlyCallers() async throws {
        let (storage, found, opening) = try await beginOpening()
        let call = try await begin { try await found.add(DAG(name: "A", key: "a", of: Int.self) { _, input in input }) }
        try await storage.base.close()
        storage.open()
        func isFailure(_ error: any Error) -> Bool { (error as? FlowError)?.code == .storageFailed }
        await #expect { try await opening.value } throws: { isFailure($0) }
        await #expect { try await call.value } throws: { isFailure($0) }
        #expect(storage.attachment.withLock { $0 } == nil)
    }

    @Test func closingReleasesEarlyCallers() async throws {
        let life = RunnerLife()
        let call = try await begin { try await life.waitUntilOpen() }
        #expect(life.beginClosing())
        await #expect { try await call.value } throws: { ($0 as? FlowError)?.code == .closed }
    }

    /// A storage that a closing runner can't leave before the test lets it.
    private final class HeldStorage: WrappingStorage {
        private struct State {
            var isHeld = false
            var isAsked = false
        }

        let base: BufferedTaskStorage<MemoryTaskStore>
        private let state = Monitor(State())

        init(_ base: BufferedTaskStorage<MemoryTaskStore>) { self.base = base }

        var isAsked: Bool { state.withLock(\.isAsked) }

        func hold() { state.withLock { $0.isHeld = true } }

        func letGo() {
            state.withLock { $0.isHeld = false }
            state.notifyAll()
        }

        /// Blocks the thread of its caller.
        var attachment: Monitor<(any AnyObject & Sendable)?> {
            _ = state.wait { state -> Bool? in
                state.isAsked = state.isHeld
                return state.isHeld ? nil : true
            }
            return base.attachment
        }
    }

    /// Its caller could not open the next runner of the storage yet.
    @Test func aSecondCallOfCloseReturnsAfterTheFirstOne() async throws {
        let (gate, events) = (Gate(), Events())
        let dag = DAG(name: "Slow", key: "slow", of: Int.self) { dag, input in
            dag.addNode("slow", after: input) { _, value in
                events.add("begun")
                await gate.wait()
                return value
            }
        }
        let storage = HeldStorage(try await openStorage(directory))
        let runner = try await FlowRunner(storage, [dag], .test, .system, .steady, nil, nil)
        _ = try await runner.process(1, by: dag, id: "t")
        try await eventually { events.all == ["begun"] }
        let first = Task(executorPreference: try ThreadExecutor(threads: 1)) { await runner.close() }
        try await eventually { runner.life.isClosing }
        let executor = try ThreadExecutor(threads: 1)
        let second = Task(executorPreference: executor) {
            await runner.close()
            events.add("closed")
        }
        // One thread runs both, one after the other.
        await Task(executorPreference: executor) {}.value
        storage.hold()
        gate.open()
        try await eventually { storage.isAsked }
        await Task(executorPreference: executor) {}.value
        #expect(events.all == ["begun"])
        storage.letGo()
        await first.value
        await second.value
        #expect(events.all == ["begun", "closed"] && storage.base.attachment.withLock { $0 } == nil)
        try await storage.base.close()
    }
}
