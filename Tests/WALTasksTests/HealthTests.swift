import Foundation
import Logging
import Synchronization
import TestSupport
import Testing
import WAL
import WALDelivery

@testable import WALTasks

/// The health that a probe sees while the store is unreachable.
@Suite(.timeLimit(.minutes(10))) struct HealthTests {
    private let directory = TemporaryDirectory()

    private var configuration: TaskBufferConfiguration {
        var configuration = TaskBufferConfiguration()
        configuration.segmentSize = 64 << 10
        configuration.flushInterval = .milliseconds(5)
        configuration.segmentRetention = .zero
        configuration.drainTimeout = .milliseconds(500)
        return configuration
    }

    private func isAway(_ health: TaskStorageHealth) -> Bool { if case .away = health.store { true } else { false } }
    private func isReachable(_ health: TaskStorageHealth) -> Bool {
        if case .reachable = health.store { true } else { false }
    }

    @Test func aStoreThatIsAwayLeavesTheStorageAccepting() async throws {
        let store = StubbornStore()
        let start = Timestamp.now
        let storage = try await BufferedTaskStorage.open(
            at: directory.path, store: store, configuration: configuration)
        try await eventually { isReachable(storage.health) }
        store.isFailing.store(true, ordering: .relaxed)
        for number in 0..<10 { try await storage.save(PersistentTask(id: "t\(number)", dagID: "d", nodeID: "n")) }
        try await eventually { isAway(storage.health) }
        let away = storage.health
        guard case .away(let since, let error) = away.store else { return }
        #expect(since >= start - .milliseconds(10))
        #expect(error is StubbornStore.Refusal)
        #expect(away.isAccepting && away.isDelivering)
        #expect(away.deliveryLag.records == 10)
        #expect(away.deliveryLag.bytes > 0)
        try await eventually { storage.health.deliveryLag.age > .milliseconds(100) }
        store.isFailing.store(false, ordering: .relaxed)
        try await storage.drain()
        #expect(isReachable(storage.health))
        #expect(storage.health.deliveryLag.records == 0)
        try await storage.writeAheadLog.sync()
        #expect(storage.health.durableLag == 0)
        try await storage.close()
        #expect(storage.health.refusal?.reason == .closed)
        #expect(!storage.health.isDelivering)
    }

    @Test func aUsedUpBudgetIsSaidOnceAndEndsByItself() async throws {
        let store = StubbornStore()
        store.isFailing.store(true, ordering: .relaxed)
        var configuration = configuration
        configuration.diskBudget = 4 * configuration.segmentSize
        configuration.whenFull = .fail
        let recording = TaskRecordingLog()
        let storage = try await BufferedTaskStorage.open(
            at: directory.path, store: store, configuration: configuration, logger: recording.logger)
        let payload = "\"\(String(repeating: "x", count: 3000))\""
        func saveUntilRefused() async {
            while (try? await storage.save(PersistentTask(id: "t", dagID: "d", nodeID: "n", payload: payload))) != nil {
            }
        }
        await saveUntilRefused()
        // If the last segment is sealed late, there is room for another one.
        try await storage.writeAheadLog.untilSealed()
        await saveUntilRefused()
        let refusedCount = recording.count("no segment could be prepared: the disk budget is used up")
        #expect((1...2).contains(refusedCount))
        for _ in 0..<100 { await saveUntilRefused() }
        try await eventually { isAway(storage.health) }
        #expect(storage.health.refusal?.reason == .budgetUsedUp)
        #expect(storage.health.refusal?.error?.code == .logFull)
        #expect(recording.count("no segment could be prepared: the disk budget is used up") == refusedCount)
        store.isFailing.store(false, ordering: .relaxed)
        try await eventually { storage.health.isAccepting }
        try await storage.save(PersistentTask(id: "t", dagID: "d", nodeID: "n"))
        try await eventually { recording.count("the disk budget has room again") == refusedCount }
        #expect(recording.count("no segment could be prepared: the disk budget is used up") == refusedCount)
        #expect(recording.count("the sink is available again") == 1)
        try await storage.close()
        #expect(recording.count("opened the task buffer") == 1)
        #expect(recording.count("closed the task buffer; every change is delivered") == 1)
    }

    /// The storage still accepts changes, and delivers no more. Delivery needs a new start.
    @Test func aFencedStorageIsNotDelivering() async throws {
        let store = StubbornStore()
        let storage = try await BufferedTaskStorage.open(
            at: directory.path, store: store, configuration: configuration)
        // The storage's own claim comes first.
        try await eventually { isReachable(storage.health) }
        let laneCount = Flusher<TaskSink<StubbornStore>>.Configuration().laneCount
        _ = try await store.claim(0..<laneCount, of: laneCount, log: storage.writeAheadLog.id)
        try await storage.save(PersistentTask(id: "b", dagID: "d", nodeID: "n"))
        try await eventually { !storage.health.isDelivering }
        guard case .ended(let error) = storage.health.store else { return }
        #expect(error.code == .fenced)
        #expect(storage.health.isAccepting)
        #expect(storage.health.deliveryLag.records == 1)
        await #expect(throws: TaskStorageError.self) { try await storage.close() }
    }
}

/// Counts messages.
private struct TaskRecordingLog: LogHandler {
    private final class Texts: Sendable {
        let all = Mutex<[String]>([])
    }

    private let texts = Texts()
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let text = "\(event.message)"
        texts.all.withLock { $0.append(text) }
    }

    func count(_ text: String) -> Int { texts.all.withLock { all in all.count { $0 == text } } }
    var logger: Logger { Logger(label: "test") { [self] _ in self } }
}
