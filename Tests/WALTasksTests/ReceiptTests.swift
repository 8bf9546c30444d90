import Foundation
import Synchronization
import TestSupport
import Testing
import WAL
import WALDelivery

@testable import WALTasks

@Suite(.timeLimit(.minutes(10))) struct ReceiptTests {
    private final class Writing: Sendable {
        let isDone = Atomic<Bool>(false)
    }

    private let directory = TemporaryDirectory()

    /// Doesn't deliver or sync for a long time.
    private var slow: TaskBufferConfiguration {
        var configuration = TaskBufferConfiguration()
        configuration.segmentSize = 256 << 10
        configuration.flushInterval = .seconds(600)
        configuration.batchSize = 100_000
        return configuration
    }

    private static func task(_ id: String) -> PersistentTask { PersistentTask(id: id, dagID: "d", nodeID: "n") }

    private static func activity(_ id: String, of task: String) -> TaskActivityLog {
        TaskActivityLog(id: id, taskID: task, dagID: "d", nodeID: "n", action: "made")
    }

    @Test func everyChangeHasAReceiptToWaitOn() async throws {
        let storage = try await BufferedTaskStorage.memory(log: directory.path, configuration: slow)
        let receipts = [
            try await storage.save(Self.task("a")),
            try await storage.save([Self.task("b"), Self.task("c")]),
            try await storage.log(Self.activity("x", of: "a")),
            try await storage.updateStatus(id: "a", to: .running, error: nil, at: .now),
            try await storage.apply([.updateStatus(id: "b", status: .running), .delete(id: "c")]),
            try await storage.deleteTask(id: "b"),
            try await storage.deleteTasks(dagID: "other"),
            try await storage.removeTasks(endedBefore: .now),
            try await storage.removeActivities(createdBefore: Timestamp(rawValue: 0)),
        ]
        #expect(receipts.map(\.sequence.rawValue) == [1, 3, 4, 5, 7, 8, 9, 10, 11])
        try await storage.waitUntilDurable(receipts[8])
        #expect(storage.writeAheadLog.durableSequence >= receipts[8].sequence)
        try await storage.waitUntilApplied(receipts[8])
        #expect(try await storage.store.task(id: "a")?.status == .running)
        #expect(try await storage.store.task(id: "b") == nil)
        #expect(try await storage.store.activities(taskID: "a", limit: 10, offset: 0).count == 1)
        try await storage.close()
    }

    @Test func nothingToChangeIsNothingToWaitFor() async throws {
        let storage = try await BufferedTaskStorage.memory(log: directory.path, configuration: slow)
        for receipt in [try await storage.apply([]), try await storage.save([])] {
            try await storage.waitUntilDurable(receipt)
            try await storage.waitUntilApplied(receipt)
        }
        try await storage.close()
    }

    /// If one of several changes is bad, none is made.
    @Test func whatCannotBeStoredLeavesTheOthersOut() async throws {
        let storage = try await BufferedTaskStorage.memory(log: directory.path, configuration: slow)
        let error = await #expect(throws: TaskStorageError.self) {
            try await storage.apply([.save(Self.task("a")), .save(Self.task(""))])
        }
        #expect(error?.code == .invalidID)
        let large = TaskMutation.save(
            PersistentTask(
                id: "b", dagID: "d", nodeID: "n", payload: "\"\((0..<300_000).map { "\($0)" }.joined())\""))
        let tooLarge = await #expect(throws: TaskStorageError.self) {
            try await storage.apply([.save(Self.task("a")), large])
        }
        #expect(tooLarge?.code == .logFailed)
        #expect((tooLarge?.cause as? WALError)?.code == .recordTooLarge)
        #expect(try await storage.task(id: "a") == nil)
        try await storage.close()
    }

    /// Lists of changes read the same as single changes, before a restart and after it.
    @Test(arguments: 0..<Cases.count(2, long: 6))
    func listsOfChangesAreReadAsSingleOnes(seed: Int) async throws {
        let store = StubbornStore()
        store.isFailing.store(true, ordering: .relaxed)
        let reference = MemoryTaskStore()
        var random = RandomMutations(seed: UInt64(seed))
        var storage = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: slow)
        for round in 0..<20 {
            let mutations = random.list(round % 7 + 1)
            try await storage.apply(mutations)
            for mutation in mutations { try await reference.take(mutation) }
            #expect(try await StorageContents(of: storage) == StorageContents(of: reference))
        }
        try await storage.close(within: .zero)
        storage = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: slow)
        #expect(try await StorageContents(of: storage) == StorageContents(of: reference))
        store.isFailing.store(false, ordering: .relaxed)
        try await storage.drain()
        #expect(try await StorageContents(of: store) == StorageContents(of: reference))
        try await storage.close()
    }

    /// One list empties a graph and fills it again, repeatedly. A query never sees the graph empty.
    @Test func aQueryByIdSeesAllOfAListOrNothing() async throws {
        var quick = slow
        quick.flushInterval = .milliseconds(1)
        let storage = try await BufferedTaskStorage.memory(log: directory.path, configuration: quick)
        try await storage.save(Self.task("a"))
        let writing = Writing()
        try await withThrowingTaskGroup { group in
            group.addTask {
                for _ in 0..<500 { try await storage.apply([.deleteDAG(id: "d"), .save(Self.task("a"))]) }
                writing.isDone.store(true, ordering: .releasing)
            }
            for _ in 0..<2 {
                group.addTask {
                    var missed = 0
                    while !writing.isDone.load(ordering: .acquiring) {
                        if try await storage.task(id: "a") == nil { missed += 1 }
                    }
                    #expect(missed == 0)
                }
            }
            try await group.waitForAll()
        }
        try await storage.close()
    }
}

extension TaskStorage {
    /// Makes a change by its own function.
    func take(_ mutation: TaskMutation) async throws {
        switch mutation {
        case .save(let task): try await save(task)
        case .log(let activity): try await log(activity)
        case .updateStatus(let id, let status, let error, let time):
            try await updateStatus(id: id, to: status, error: error, at: time)
        case .delete(let id): try await deleteTask(id: id)
        case .deleteDAG(let id): try await deleteTasks(dagID: id)
        case .removeTasks(let time): try await removeTasks(endedBefore: time)
        case .removeActivities(let time): try await removeActivities(createdBefore: time)
        }
    }
}
