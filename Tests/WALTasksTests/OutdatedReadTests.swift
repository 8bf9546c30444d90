import Foundation
import Synchronization
import TestSupport
import Testing
import WAL

@testable import WALTasks

/// Reads during which delivery, retention or another caller goes ahead.
@Suite(.timeLimit(.minutes(10))) struct OutdatedReadTests {
    private let directory = TemporaryDirectory()
    private let store = StubbornStore()

    private func open() async throws -> BufferedTaskStorage<StubbornStore> {
        var configuration = TaskBufferConfiguration()
        configuration.segmentSize = 64 << 10
        configuration.flushInterval = .milliseconds(5)
        configuration.segmentRetention = .zero
        // The store fails for as long as the test needs, and delivery must go on at once.
        configuration.maxFlushRetries = 1_000_000
        return try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: configuration)
    }

    private func task(_ id: String) -> PersistentTask {
        PersistentTask(id: id, dagID: "d", nodeID: "n")
    }

    /// The answer was a mixture that the task never was.
    @Test func anOlderChangeIsNotRepeatedOverANewerRow() async throws {
        let storage = try await open()
        try await storage.save(task("t"))
        try await storage.drain()
        store.isFailing.store(true, ordering: .relaxed)
        try await storage.updateStatus(id: "t", to: .failed, error: "e", at: .now)
        store.hook.withLock { hook in
            hook = { [store] in
                var again = try await store.memory.task(id: "t")
                again?.retryCount = 1
                if let again { try await storage.save(again) }
                store.isFailing.store(false, ordering: .relaxed)
                try await storage.drain()
            }
        }
        let read = try #require(try await storage.task(id: "t"))
        #expect(read.retryCount == 1 && read.status == .pending && read.error == nil, "\(read)")
        try await storage.close()
    }

    /// The rows were read before the delivery, and the log after retention had removed the delivered records.
    @Test func aListHasWhatRetentionRemovesMeanwhile() async throws {
        let storage = try await open()
        store.isFailing.store(true, ordering: .relaxed)
        try await storage.save(task("wanted"))
        store.hook.withLock { hook in
            hook = { [store] in
                store.isFailing.store(false, ordering: .relaxed)
                let log = storage.writeAheadLog
                let payload = "\"\(String(repeating: "x", count: 3000))\""
                for number in 0..<100 {
                    try await storage.save(PersistentTask(id: "t\(number)", dagID: "d", nodeID: "n", payload: payload))
                }
                try await storage.drain()
                try await log.sync()
                try await eventually { log.firstSequence > 1 }
            }
        }
        let pending = try await storage.pendingTasks(limit: 1000)
        #expect(pending.contains { $0.id == "wanted" })
        #expect(pending.count == 101)
        try await storage.close()
    }

    /// A query that its caller gives up says nothing about the store.
    @Test func aCanceledQueryLeavesTheStoreReachable() async throws {
        let reach = StoreReach(store: store)
        let query = Task {
            try await reach.ask(.usual) { _ in
                try? await Task.sleep(for: .seconds(600))
                throw StubbornStore.Refusal()
            }
        }
        try await eventually { reach.callCount > 0 }
        query.cancel()
        _ = await query.result
        try await eventually { reach.callCount == 0 }
        #expect(try await reach.ask(.usual) { _ in 1 } == 1)
    }

    /// Lists may have all connections. A query that waits for one of them doesn't know that the store is away.
    @Test func aQueryBesideAListLeavesTheStoreReachable() async throws {
        let reach = StoreReach(store: store)
        let list = Task { try await reach.ask(.long) { _ in try await Task.sleep(for: .seconds(600)) } }
        try await eventually { reach.callCount > 0 }
        await #expect(throws: TaskStorageError.self) {
            try await reach.ask(.short) { _ in try await Task.sleep(for: .seconds(600)) }
        }
        #expect(try await reach.ask(.usual) { _ in 1 } == 1)
        list.cancel()
    }
}
