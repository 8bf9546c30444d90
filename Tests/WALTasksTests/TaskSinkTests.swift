import TestSupport
import Testing
import WAL
import WALDelivery

@testable import WALTasks

@Suite struct TaskSinkTests {
    private let log = LogID(low: 1, high: 2)

    private func apply(_ records: [SinkRecord], to sink: TaskSink<MemoryTaskStore>) async throws -> SinkReceipt {
        let lanes = try await sink.claim(0..<4, of: 4, log: log)
        return try await sink.apply(
            SinkBatch(log: log, laneCount: 4, lanes: lanes, position: records.last?.sequence ?? 9, records: records))
    }

    @Test(arguments: [true, false])
    func appliesAndCounts(coalescing: Bool) async throws {
        let store = MemoryTaskStore()
        let sink = TaskSink(store: store, coalescing: coalescing)
        var task = PersistentTask(id: "a", dagID: "d", nodeID: "n")
        let mutations: [TaskMutation] = [
            .save(task), .updateStatus(id: "a", status: .running, error: nil, time: Timestamp(rawValue: 5)),
        ]
        let receipt = try await apply(mutations.enumerated().map { SinkRecord($1, at: UInt64($0 + 1)) }, to: sink)
        task.update(to: .running, error: nil, at: Timestamp(rawValue: 5))
        #expect(try await store.task(id: "a") == task)
        #expect(receipt.coalescedCount == (coalescing ? 1 : 0))
        #expect(receipt.rowCount == (coalescing ? 1 : 2))
    }

    @Test func undecodableRecordsBecomeDeadLetters() async throws {
        let store = MemoryTaskStore()
        let task = PersistentTask(id: "a", dagID: "d", nodeID: "n")
        let records = [
            SinkRecord(sequence: 1, time: .now, payload: [9, 9]), SinkRecord(.save(task), at: 2),
            SinkRecord(sequence: 3, time: .now, payload: []),
        ]
        let receipt = try await apply(records, to: TaskSink(store: store))
        #expect(receipt.deadLetters.map(\.sequence) == [1, 3])
        #expect(receipt.deadLetters.map(\.code) == ["unknownVersion", "truncated"])
        #expect(store.deadLetters == receipt.deadLetters)
        #expect(try await store.task(id: "a") == task)
    }

    /// Activities are kept in their encoding. An undecodable one is found before any part of the batch is applied.
    @Test(arguments: [
        [9, 9], [1, 2, 2, 65], [1, 2, 2, 65, 2, 66, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1], [1, 1, 2],
    ])
    func undecodableRecordsAmongActivities(payload: [UInt8]) async throws {
        let store = MemoryTaskStore()
        let activities = ["a", "b", "a"].map { id in
            TaskActivityLog(
                id: id, taskID: "t", dagID: "d", nodeID: "n", action: "x", createdAt: Timestamp(rawValue: 7))
        }
        var records = activities.enumerated().map { SinkRecord(.log($1), at: UInt64($0 + 1)) }
        records.append(SinkRecord(sequence: 4, time: .now, payload: payload[...]))
        let receipt = try await apply(records, to: TaskSink(store: store))
        #expect(receipt.rowCount == 2 && receipt.deadLetters.map(\.sequence) == [4])
        let (byTask, byDAG) = (
            try await store.activities(taskID: "t", limit: 9, offset: 0),
            try await store.activities(dagID: "d", limit: 9, offset: 0)
        )
        #expect(byTask == Array(activities.prefix(2)) && byDAG == byTask)
        try await store.removeActivities(createdBefore: Timestamp(rawValue: 8))
        #expect(try await store.activities(taskID: "t", limit: 9, offset: 0).isEmpty)
    }

    @Test func emptyBatchesMoveLanes() async throws {
        let store = MemoryTaskStore()
        _ = try await apply([], to: TaskSink(store: store))
        #expect(try await store.claim(0..<1, of: 4, log: log) == [SinkLane(index: 0, epoch: 2, position: 9)])
    }
}
