import TestSupport
import Testing
import WAL
import WALDelivery
import WALTesting

@testable import WALTasks

@Suite struct MemoryTaskStoreTests {
    private let log = LogID(low: 1, high: 2)

    private func batch(
        _ lanes: [SinkLane], to position: SequenceNumber, _ mutations: [TaskMutation] = []
    ) -> TaskBatch {
        TaskBatch(
            log: log, laneCount: 4, lanes: lanes, position: position,
            operations: mutations.map { TaskBatch.Operation(record: SinkRecord($0, at: 1), mutation: $0) })
    }

    @Test(arguments: TaskStorageConformance.allCases)
    func conformance(check: TaskStorageConformance) async throws {
        try await check.run(on: MemoryTaskStore())
    }

    @Test func lanesStartAtEpochOne() async throws {
        let store = MemoryTaskStore()
        let first = try await store.claim(0..<2, of: 4, log: log)
        #expect(first == (0..<2).map { SinkLane(index: $0, epoch: 1, position: .zero) })
        #expect(try await store.claim(1..<3, of: 4, log: log).map(\.epoch) == [2, 1])
        await #expect(throws: TaskStorageError.self) { try await store.claim(0..<2, of: 8, log: self.log) }
    }

    @Test func rowsAndPositionsMoveTogether() async throws {
        let store = MemoryTaskStore()
        var lanes = try await store.claim(0..<4, of: 4, log: log)
        let task = PersistentTask(id: "a", dagID: "d", nodeID: "n")
        let receipt = try await store.apply(batch(lanes, to: 7, [.save(task)]))
        #expect(receipt.rowCount == 1)
        // Repeats the batch, whose positions are no longer those of the store.
        let again = batch(lanes, to: 7, [.delete(id: "a")])
        await #expect(throws: TaskStorageError.self) { try await store.apply(again) }
        #expect(try await store.task(id: "a") == task)
        lanes = try await store.claim(0..<4, of: 4, log: log)
        #expect(lanes == (0..<4).map { SinkLane(index: $0, epoch: 2, position: 7) })
    }

    @Test func earlierOwnersAreFenced() async throws {
        let store = MemoryTaskStore()
        let earlier = try await store.claim(0..<4, of: 4, log: log)
        _ = try await store.claim(2..<3, of: 4, log: log)
        do {
            _ = try await store.apply(batch(earlier, to: 1))
            Issue.record("an earlier owner has moved a lane")
        } catch {
            #expect(store.classify(error) == .fenced)
        }
        _ = try await store.apply(batch([earlier[0]], to: 1))
    }
}
