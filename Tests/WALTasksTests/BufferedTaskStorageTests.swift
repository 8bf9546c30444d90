import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import WAL
import WALDelivery
import WALTesting

@testable import WALTasks

/// A directory that exists until its last reference is gone.
final class TemporaryDirectory {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appending(path: "wal-tasks-\(UUID().uuidString)").path()
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// A store in memory that fails on demand, and outlives the storage.
final class StubbornStore: TaskStore {
    struct Refusal: Error {}

    struct FinalRefusal: Error {}

    let memory = MemoryTaskStore()
    let isFailing = Atomic<Bool>(false)
    /// Calls that change something don't return, even if they are canceled, like those of a blocking client library.
    let isHanging = Atomic<Bool>(false)
    /// Every batch fails with an error that isn't retried.
    let isRefusing = Atomic<Bool>(false)
    /// The number of batches.
    let callCount = Atomic<Int>(0)
    /// Runs once before the next read of a task, and after that of a list.
    let hook = Monitor<(@Sendable () async throws -> Void)?>(nil)

    private func runHook() async throws {
        try await hook.withLock { $0.take() }?()
    }
    var name: String { memory.name }
    var maxConcurrency: Int { memory.maxConcurrency }

    func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
        try await memory.claim(lanes, of: laneCount, log: log)
    }
    func apply(_ batch: TaskBatch) async throws -> SinkReceipt {
        callCount.add(1, ordering: .relaxed)
        if isFailing.load(ordering: .relaxed) { throw Refusal() }
        if isRefusing.load(ordering: .relaxed) { throw FinalRefusal() }
        while isHanging.load(ordering: .relaxed) { await Task { try? await Task.sleep(for: .milliseconds(5)) }.value }
        return try await memory.apply(batch)
    }
    func classify(_ error: any Error) -> SinkFailure {
        error is Refusal ? .transient : error is FinalRefusal ? .fatal : memory.classify(error)
    }
    func save(_ task: PersistentTask) async throws { try await memory.save(task) }
    func save(_ tasks: [PersistentTask]) async throws { try await memory.save(tasks) }
    func task(id: String) async throws -> PersistentTask? {
        try await runHook()
        return try await memory.task(id: id)
    }
    func tasks(dagID: String, limit: Int, offset: Int) async throws -> [PersistentTask] {
        try await memory.tasks(dagID: dagID, limit: limit, offset: offset)
    }
    func tasks(status: TaskStatus, limit: Int, offset: Int) async throws -> [PersistentTask] {
        try await memory.tasks(status: status, limit: limit, offset: offset)
    }
    func pendingTasks(limit: Int) async throws -> [PersistentTask] {
        let tasks = try await memory.pendingTasks(limit: limit)
        try await runHook()
        return tasks
    }
    func resumableTasks(dagID: String) async throws -> [PersistentTask] {
        try await memory.resumableTasks(dagID: dagID)
    }
    func updateStatus(id: String, to status: TaskStatus, error: String?, at time: Timestamp) async throws {
        try await memory.updateStatus(id: id, to: status, error: error, at: time)
    }
    func deleteTask(id: String) async throws { try await memory.deleteTask(id: id) }
    func deleteTasks(dagID: String) async throws { try await memory.deleteTasks(dagID: dagID) }
    func log(_ activity: TaskActivityLog) async throws { try await memory.log(activity) }
    func activities(taskID: String, limit: Int, offset: Int) async throws -> [TaskActivityLog] {
        try await memory.activities(taskID: taskID, limit: limit, offset: offset)
    }
    func activities(dagID: String, limit: Int, offset: Int) async throws -> [TaskActivityLog] {
        try await memory.activities(dagID: dagID, limit: limit, offset: offset)
    }
    func removeTasks(endedBefore time: Timestamp) async throws { try await memory.removeTasks(endedBefore: time) }
    func removeActivities(createdBefore time: Timestamp) async throws {
        try await memory.removeActivities(createdBefore: time)
    }
    func ping() async throws { try await memory.ping() }
    func close() async throws {}
}

@Suite(.timeLimit(.minutes(10))) struct BufferedTaskStorageTests {
    private let directory = TemporaryDirectory()

    private var quick: TaskBufferConfiguration {
        var configuration = TaskBufferConfiguration()
        configuration.segmentSize = 256 << 10
        configuration.flushInterval = .milliseconds(5)
        return configuration
    }

    /// Delivers nothing without a drain, so that every answer comes from the overlay.
    private var slow: TaskBufferConfiguration {
        var configuration = quick
        configuration.flushInterval = .seconds(600)
        configuration.batchSize = 100_000
        return configuration
    }

    private func apply(_ mutation: TaskMutation, to storage: some TaskStorage) async throws {
        switch mutation {
        case .save(let task): try await storage.save(task)
        case .log(let activity): try await storage.log(activity)
        case .updateStatus(let id, let status, let error, let time):
            try await storage.updateStatus(id: id, to: status, error: error, at: time)
        case .delete(let id): try await storage.deleteTask(id: id)
        case .deleteDAG(let id): try await storage.deleteTasks(dagID: id)
        case .removeTasks(let time): try await storage.removeTasks(endedBefore: time)
        case .removeActivities(let time): try await storage.removeActivities(createdBefore: time)
        }
    }

    @Test(arguments: TaskStorageConformance.allCases, [true, false])
    func conformance(check: TaskStorageConformance, delivers: Bool) async throws {
        let storage = try await BufferedTaskStorage.memory(log: directory.path, configuration: delivers ? quick : slow)
        try await check.run(on: storage)
        _ = try? await storage.close()
    }

    /// While batches are delivered, every answer is that of a store with all changes.
    @Test(arguments: 0..<Cases.count(3, long: 6))
    func readsItsOwnWritesWhileFlushing(seed: Int) async throws {
        var configuration = quick
        configuration.batchSize = 3
        configuration.flushInterval = .milliseconds(1)
        let storage = try await BufferedTaskStorage.memory(log: directory.path, configuration: configuration)
        let reference = MemoryTaskStore()
        var random = RandomMutations(seed: UInt64(seed))
        for mutation in random.list(Cases.count(75, long: 150)) {
            try await apply(mutation, to: storage)
            try await apply(mutation, to: reference)
            let seen = try await StorageContents(of: storage, pages: [(1000, 0), (2, 1)])
            let expected = try await StorageContents(of: reference, pages: [(1000, 0), (2, 1)])
            #expect(seen == expected)
        }
        try await storage.drain()
        #expect(try await StorageContents(of: storage.store) == StorageContents(of: reference))
        try await storage.close()
    }

    @Test func closingDelivers() async throws {
        let store = StubbornStore()
        let storage = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: slow)
        for number in 0..<500 { try await storage.save(PersistentTask(id: "t\(number)", dagID: "d", nodeID: "n")) }
        #expect(storage.statistics.recordsBuffered == 500)
        try await storage.close()
        #expect(try await store.tasks(dagID: "d", limit: 1000, offset: 0).count == 500)
        #expect(storage.statistics.recordsApplied == 500)
        #expect(storage.statistics.batchesApplied >= 1)
        await #expect(throws: TaskStorageError.self) { try await storage.ping() }
    }

    /// `targetSegmentRecords` ends segments, and rejects nothing.
    @Test func moreTasksThanASegmentShouldHaveAreTakenAtOnce() async throws {
        var configuration = quick
        configuration.targetSegmentRecords = 10
        let storage = try await BufferedTaskStorage.memory(log: directory.path, configuration: configuration)
        try await storage.save((0..<100).map { PersistentTask(id: "t\($0)", dagID: "d", nodeID: "n") })
        for number in 100..<300 { try await storage.save(PersistentTask(id: "t\(number)", dagID: "d", nodeID: "n")) }
        try await storage.drain()
        #expect(try await storage.store.tasks(dagID: "d", limit: 1000, offset: 0).count == 300)
        try await storage.close()
    }

    /// The store is unreachable until the storage is closed. After the next start, the remaining changes are readable at once,
    /// and are delivered.
    @Test func whatRemainsIsDeliveredAtTheNextStart() async throws {
        let store = StubbornStore()
        store.isFailing.store(true, ordering: .relaxed)
        let first = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: quick)
        for number in 0..<50 { try await first.save(PersistentTask(id: "t\(number)", dagID: "d", nodeID: "n")) }
        try await eventually { first.statistics.failedBatches != 0 }
        try await first.deleteTask(id: "t7")
        #expect(try await first.close(within: .milliseconds(200)) == 51)
        #expect(try await first.close() == 51, "a second call returns another number")
        #expect(first.statistics.failedBatches > 0)
        #expect(try await store.tasks(dagID: "d", limit: 100, offset: 0).isEmpty)

        let second = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: quick)
        #expect(second.statistics.recordsRecovered == 51)
        #expect(try await second.tasks(dagID: "d", limit: 100, offset: 0).count == 49)
        #expect(try await second.task(id: "t7") == nil)
        store.isFailing.store(false, ordering: .relaxed)
        try await second.drain()
        #expect(try await store.tasks(dagID: "d", limit: 100, offset: 0).count == 49)
        try await second.close()
    }

    /// The database is restored from an older copy before the start. Queries must not return its old rows while it gets
    /// the later changes again.
    @Test func whatARestoredStoreLacksIsReadAtOnce() async throws {
        let first = try await BufferedTaskStorage.open(
            at: directory.path, store: StubbornStore(), configuration: quick)
        for number in 0..<50 { try await first.save(PersistentTask(id: "t\(number)", dagID: "d", nodeID: "n")) }
        #expect(try await first.close() == 0)

        let older = StubbornStore()
        older.isFailing.store(true, ordering: .relaxed)
        let second = try await BufferedTaskStorage.open(at: directory.path, store: older, configuration: quick)
        try await second.flusher.waitUntilAsked()
        #expect(try await second.task(id: "t7") != nil)
        #expect(try await second.tasks(dagID: "d", limit: 100, offset: 0).count == 50)
        older.isFailing.store(false, ordering: .relaxed)
        try await second.drain()
        #expect(try await older.tasks(dagID: "d", limit: 100, offset: 0).count == 50)
        try await second.close()
    }

    /// A start finds the flusher's cursor, and doesn't read again the records that were delivered long ago.
    @Test func recoveryStartsBehindWhatWasDelivered() async throws {
        let store = StubbornStore()
        let first = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: quick)
        for number in 0..<100 { try await first.save(PersistentTask(id: "t\(number)", dagID: "d", nodeID: "n")) }
        try await first.close()
        let second = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: quick)
        #expect(second.statistics.recordsRecovered == 0)
        try await second.close()
    }

    /// More callers than a pool has threads wait for space. If each blocked its thread, the store's calls couldn't run.
    @Test(.timeLimit(.minutes(10))) func callersThatWaitForRoomLeaveTheirThreadsToOthers() async throws {
        let store = StubbornStore()
        store.isFailing.store(true, ordering: .relaxed)
        var configuration = quick
        configuration.segmentSize = 64 << 10
        configuration.segmentRetention = .zero
        configuration.diskBudget = 4 * configuration.segmentSize
        configuration.whenFull = .wait(.seconds(3600))
        // The breaker would wait for 5 seconds.
        configuration.maxFlushRetries = 1_000_000
        let storage = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: configuration)
        let payload = "\"\(String(repeating: "x", count: 2000))\""
        try await withThrowingTaskGroup { group in
            for writer in 0..<100 {
                group.addTask {
                    for number in 0..<5 {
                        var task = PersistentTask(id: "w\(writer)", dagID: "d", nodeID: "n", payload: payload)
                        task.retryCount = Int32(number)
                        if number == 4 { try await storage.save([task]) } else { try await storage.save(task) }
                    }
                }
            }
            group.addTask {
                try await Task.sleep(for: .milliseconds(300))
                #expect(try await storage.task(id: "none") == nil)
                #expect(storage.statistics.recordsBuffered < 500)
                store.isFailing.store(false, ordering: .relaxed)
            }
            try await group.waitForAll()
        }
        try await storage.drain()
        #expect(
            try await store.tasks(dagID: "d", limit: 1000, offset: 0).map(\.retryCount)
                == Array(repeating: 4, count: 100))
        try await storage.close()
    }

    @Test func recoveryCanBeOff() async throws {
        let store = StubbornStore()
        store.isFailing.store(true, ordering: .relaxed)
        var configuration = quick
        configuration.recoveryEnabled = false
        let first = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: configuration)
        try await first.save(PersistentTask(id: "a", dagID: "d", nodeID: "n"))
        _ = try? await first.close(within: .zero)
        let second = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: configuration)
        #expect(try await second.task(id: "a") == nil)
        store.isFailing.store(false, ordering: .relaxed)
        try await second.drain()
        #expect(try await second.task(id: "a") != nil)
        try await second.close()
    }

    /// A runner of flows would begin a task again that has ended.
    @Test func withoutRecoveryARunnerWaitsForTheChangesOfTheLastProcess() async throws {
        let store = StubbornStore()
        store.isFailing.store(true, ordering: .relaxed)
        var configuration = quick
        configuration.recoveryEnabled = false
        configuration.recoveryTimeout = .zero
        let first = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: configuration)
        try await first.waitForEarlierChanges()
        try await first.save(PersistentTask(id: "a", dagID: "d", nodeID: "n"))
        _ = try? await first.close(within: .zero)
        let second = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: configuration)
        let error = await #expect(throws: TaskStorageError.self) { try await second.waitForEarlierChanges() }
        #expect(error?.code == .storeAway && error?.isRetriable == true)
        store.isFailing.store(false, ordering: .relaxed)
        try await second.drain()
        try await second.waitForEarlierChanges()
        #expect(try await second.task(id: "a") != nil)
        try await second.close()
    }

    /// Several writers change one task each. The store gets each writer's changes in order.
    @Test func keepsOrderPerTask() async throws {
        let store = StubbornStore()
        var configuration = quick
        configuration.batchSize = 7
        configuration.syncPolicy = .always
        let storage = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: configuration)
        try await withThrowingTaskGroup { group in
            for writer in 0..<8 {
                group.addTask {
                    for number in 0..<100 {
                        var task = PersistentTask(id: "w\(writer)", dagID: "d", nodeID: "n")
                        task.retryCount = Int32(number)
                        try await storage.save(task)
                        #expect(try await storage.task(id: task.id)?.retryCount == Int32(number))
                    }
                }
            }
            try await group.waitForAll()
        }
        try await storage.close()
        for writer in 0..<8 { #expect(try await store.task(id: "w\(writer)")?.retryCount == 99) }
    }

    @Test func hurriesWhenTheBufferIsFull() async throws {
        let store = StubbornStore()
        var configuration = slow
        configuration.maxBufferSize = 20
        let storage = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: configuration)
        for number in 0..<20 { try await storage.save(PersistentTask(id: "t\(number)", dagID: "d", nodeID: "n")) }
        try await eventually { storage.statistics.depth == 0 }
        #expect(try await store.tasks(dagID: "d", limit: 100, offset: 0).count == 20)
        try await storage.close()
    }

    @Test func cancellingTheServiceCloses() async throws {
        let store = StubbornStore()
        let storage = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: slow)
        try await storage.save(PersistentTask(id: "a", dagID: "d", nodeID: "n"))
        let service = Task { try await storage.run() }
        service.cancel()
        _ = await service.result
        await #expect(throws: TaskStorageError.self) { try await storage.task(id: "a") }
    }

    @Test func gracefulShutdownDelivers() async throws {
        let store = StubbornStore()
        let storage = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: slow)
        let group = ServiceGroup(services: [storage], logger: Logger(label: "test"))
        let service = Task { try await group.run() }
        for number in 0..<100 { try await storage.save(PersistentTask(id: "t\(number)", dagID: "d", nodeID: "n")) }
        await group.triggerGracefulShutdown()
        try await service.value
        #expect(try await store.tasks(dagID: "d", limit: 1000, offset: 0).count == 100)
        await #expect(throws: TaskStorageError.self) { try await storage.task(id: "t1") }
    }

    /// Another owner claims the lanes. Delivery ends and all calls report it, but the changes stay in the log.
    @Test func aFencedStorageSaysSo() async throws {
        let store = StubbornStore()
        let storage = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: quick)
        try await storage.save(PersistentTask(id: "a", dagID: "d", nodeID: "n"))
        try await storage.drain()
        let laneCount = Flusher<TaskSink<StubbornStore>>.Configuration().laneCount
        _ = try await store.claim(0..<laneCount, of: laneCount, log: storage.writeAheadLog.id)
        try await storage.save(PersistentTask(id: "b", dagID: "d", nodeID: "n"))
        await #expect(throws: (any Error).self) { try await storage.run() }
        await #expect(throws: TaskStorageError.self) { try await storage.close() }
        #expect(try await store.task(id: "b") == nil)
        let next = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: quick)
        try await next.drain()
        #expect(try await store.task(id: "b") != nil)
        try await next.close()
    }

    @Test func metricsTellWhatIsLeft() async throws {
        let store = StubbornStore()
        store.isFailing.store(true, ordering: .relaxed)
        let storage = try await BufferedTaskStorage.open(at: directory.path, store: store, configuration: quick)
        for number in 0..<10 { try await storage.save(PersistentTask(id: "t", dagID: "d", nodeID: "\(number)")) }
        try await eventually { storage.statistics.lag >= .milliseconds(40) }
        let before = storage.statistics
        #expect(before.depth == 10)
        #expect(before.recordsApplied == 0)
        store.isFailing.store(false, ordering: .relaxed)
        try await storage.drain()
        let after = storage.statistics
        #expect(after.depth == 0)
        #expect(after.lag == .zero)
        #expect(after.recordsApplied == 10)
        #expect(after.rowsWritten + after.recordsCoalesced == 10)
        #expect(after.averageFlushTime > .zero)
        #expect(after.lastFlushTime != nil)
        try await storage.close()
    }
}
