import TestSupport
import Testing
import WAL
import WALTasks

@testable import WALFlow

/// A store that lacks rows of the last process, which can't be read from the log either.
@Suite struct UnreadableStoreTests {
    private final class LateStorage: WrappingStorage {
        let base: BufferedTaskStorage<MemoryTaskStore>
        let isLate = Monitor(true)

        init(_ base: BufferedTaskStorage<MemoryTaskStore>) { self.base = base }

        func waitForEarlierChanges() async throws(TaskStorageError) {
            if isLate.withLock({ $0 }) { throw TaskStorageError(.storeAway, "later", isRetriable: true) }
        }
    }

    /// A customer would be charged again.
    @Test func aTaskThatMayHaveEndedIsNotBegunAgain() async throws {
        let (directory, events) = (TemporaryDirectory(), Events())
        let dag = DAG(name: "Orders", key: "orders", of: Int.self) { dag, input in
            dag.addNode("charge", after: input) { step, value in
                events.add(step.taskID)
                return value
            }
        }
        let storage = LateStorage(try await openStorage(directory))
        let runner = try await FlowRunner(storage, [dag], .test, .system, .steady, nil, nil)
        await #expect { try await runner.process(1, by: dag, id: "o-7") } throws: {
            ($0 as? FlowError)?.code == .storageFailed
        }
        #expect(events.all.isEmpty && runner.statistics.liveTasks == 0)
        // A new id has no end.
        #expect(try await runner.process(2, by: dag).result() == 2)
        storage.isLate.withLock { $0 = false }
        #expect(try await runner.process(1, by: dag, id: "o-7").result() == 1)
        #expect(events.count("o-7") == 1)
        await runner.close()
        try await storage.base.close()
    }
}
