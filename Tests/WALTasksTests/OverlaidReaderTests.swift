import Foundation
import TestSupport
import Testing
import WAL
import WALDelivery
import WALTesting

@testable import WALTasks

/// Reads of one's own writes without a flusher: the tests apply mutations to the store as a flusher would.
@Suite struct OverlaidReaderTests {
    private final class Position: Sendable {
        let value = Monitor(SequenceNumber.zero)
    }

    /// A log, and the overlay that learns of its mutations. Both exist until the test ends.
    private final class Buffer: Sendable {
        let log: WriteAheadLog
        let overlay: TaskOverlay

        init(
            progress: TaskSinkProgress, memoryMax: Int, listLimits: OverlayListLimits?,
            _ position: @escaping @Sendable () -> SequenceNumber?
        ) throws {
            var configuration = WriteAheadLog.Configuration()
            configuration.segmentSize = 64 << 10
            configuration.syncPolicy = .manual
            log = try WriteAheadLog.openBlocking(
                at: NSTemporaryDirectory() + "wal-overlay-\(UUID().uuidString)", configuration: configuration)
            overlay = try TaskOverlay(
                log: log, after: .zero, progress: progress, memoryMax: memoryMax, patience: .seconds(60),
                listLimits: listLimits, failed: { _ in }, flushed: position)
        }

        deinit {
            overlay.close()
            try? log.closeBlocking()
            try? FileManager.default.removeItem(atPath: log.directory)
        }
    }

    private struct Fixture {
        let store = MemoryTaskStore()
        let log = LogID(low: 1, high: 1)
        let position = Position()
        let progress = TaskSinkProgress()
        let buffer: Buffer
        var overlay: TaskOverlay { buffer.overlay }
        let view: View
        var mutations: [TaskMutation] = []

        init(memoryMax: Int = 1 << 20, listLimits: OverlayListLimits? = nil) async throws {
            buffer = try Buffer(progress: progress, memoryMax: memoryMax, listLimits: listLimits) { [position] in
                position.value.withLock { $0 }
            }
            view = View(reader: OverlaidReader(reach: StoreReach(store: store), overlay: buffer.overlay), store: store)
            _ = try await store.claim(0..<1, of: 1, log: log)
        }

        mutating func add(_ mutation: TaskMutation) {
            mutations.append(mutation)
            _ = try? overlay.add(mutation) { (payload) throws(WALError) in try buffer.log.appendBlocking(payload) }
        }

        /// Makes the overlay forget all mutations, as if the store had them.
        func forgetAll() {
            position.value.withLock { $0 = SequenceNumber(rawValue: UInt64(mutations.count)) }
            overlay.prune()
        }

        func apply(_ indexes: some Sequence<Int>) async throws {
            let operations = indexes.map {
                TaskBatch.Operation(record: SinkRecord(mutations[$0], at: UInt64($0 + 1)), mutation: mutations[$0])
            }
            _ = try await store.apply(TaskBatch(log: log, laneCount: 1, lanes: [], position: 0, operations: operations))
        }
    }

    /// A storage with the queries of a reader.
    private struct View: TaskStorage {
        let reader: OverlaidReader<MemoryTaskStore>
        let store: MemoryTaskStore

        func task(id: String) async throws -> PersistentTask? { try await reader.task(id: id) }
        func tasks(dagID: String, limit: Int, offset: Int) async throws -> [PersistentTask] {
            try await reader.tasks(dagID: dagID, Page(limit: limit, offset: offset))
        }
        func tasks(status: TaskStatus, limit: Int, offset: Int) async throws -> [PersistentTask] {
            try await reader.tasks(status: status, Page(limit: limit, offset: offset))
        }
        func pendingTasks(limit: Int) async throws -> [PersistentTask] {
            try await reader.pendingTasks(Page(limit: limit))
        }
        func resumableTasks(dagID: String) async throws -> [PersistentTask] {
            try await reader.resumableTasks(dagID: dagID)
        }
        func activities(taskID: String, limit: Int, offset: Int) async throws -> [TaskActivityLog] {
            try await reader.activities(taskID: taskID, Page(limit: limit, offset: offset))
        }
        func activities(dagID: String, limit: Int, offset: Int) async throws -> [TaskActivityLog] {
            try await reader.activities(dagID: dagID, Page(limit: limit, offset: offset))
        }
        func save(_ task: PersistentTask) async throws {}
        func save(_ tasks: [PersistentTask]) async throws {}
        func updateStatus(id: String, to status: TaskStatus, error: String?, at time: Timestamp) async throws {}
        func deleteTask(id: String) async throws {}
        func deleteTasks(dagID: String) async throws {}
        func log(_ activity: TaskActivityLog) async throws {}
        func removeTasks(endedBefore time: Timestamp) async throws {}
        func removeActivities(createdBefore time: Timestamp) async throws {}
        func ping() async throws {}
        func close() async throws {}
    }

    private static let pages = [(1000, 0), (1, 0), (2, 1), (1, 3), (0, 0)]

    /// For any part of the log in the store, the answers are those of a store with the whole log.
    ///
    /// A flusher can produce this part: everything up to a position that it has reported, and of each task some more, up to the
    /// next mutation without a task id.
    ///
    /// The answers don't depend on the part in memory either: all mutations, or the last of each stripe.
    @Test(arguments: 0..<Cases.count(40, long: 300))
    func answersDoNotDependOnTheFlusher(seed: Int) async throws {
        var random = RandomMutations(seed: UInt64(seed) + 1000)
        random.barrierChance = seed % 3 == 0 ? 0 : 0.08
        let limits = OverlayListLimits(sizeMax: 1000, directMax: 5, partMax: 20)
        var fixture = try await Fixture(
            memoryMax: seed % 2 == 0 ? 1 << 20 : 0, listLimits: seed % 4 < 2 ? nil : limits)
        let reference = MemoryTaskStore()
        _ = try await reference.claim(0..<1, of: 1, log: fixture.log)
        for mutation in random.list(Int.random(in: 1..<60, using: &random.generator)) { fixture.add(mutation) }
        let applied = Int.random(in: 0...fixture.mutations.count, using: &random.generator)
        try await fixture.apply(0..<applied)
        // The store had everything, and has lost its last commits.
        if seed % 5 < 2 { fixture.forgetAll() }
        fixture.position.value.withLock { $0 = SequenceNumber(rawValue: UInt64(applied)) }
        let end = fixture.mutations[applied...].firstIndex { $0.taskID == nil } ?? fixture.mutations.endIndex
        let ahead = Set(RandomMutations.taskIDs.filter { _ in Bool.random(using: &random.generator) })
        let early = (applied..<end).filter { fixture.mutations[$0].taskID.map(ahead.contains) ?? false }
        try await fixture.apply(early)
        // The sink knows before the flusher that a mutation without a task id was applied.
        if end < fixture.mutations.endIndex, Bool.random(using: &random.generator) {
            try await fixture.apply((applied...end).filter { !early.contains($0) })
            fixture.progress.begin(SequenceNumber(rawValue: UInt64(end + 1)))
            fixture.progress.end(SequenceNumber(rawValue: UInt64(end + 1)))
        }
        let all = fixture.mutations.enumerated().map {
            TaskBatch.Operation(record: SinkRecord($1, at: UInt64($0 + 1)), mutation: $1)
        }
        _ = try await reference.apply(
            TaskBatch(log: fixture.log, laneCount: 1, lanes: [], position: 0, operations: all))
        let seen = try await StorageContents(of: fixture.view, pages: Self.pages)
        let expected = try await StorageContents(of: reference, pages: Self.pages)
        #expect(seen.tasks == expected.tasks)
        #expect(seen.lists == expected.lists)
        #expect(seen.activities == expected.activities)
    }

    /// A page of a long list from which the overlay removes many rows, so that one more read isn't enough.
    @Test func readsOnUntilThePageIsFull() async throws {
        var fixture = try await Fixture()
        for number in 0..<1000 {
            fixture.add(
                .save(
                    PersistentTask(
                        id: "t\(number)", dagID: number < 900 ? "gone" : "kept", nodeID: "n", status: .completed,
                        createdAt: Timestamp(rawValue: Int64(number)))))
        }
        try await fixture.apply(0..<1000)
        fixture.position.value.withLock { $0 = 1000 }
        fixture.add(.deleteDAG(id: "gone"))
        let page = try await fixture.view.tasks(status: .completed, limit: 3, offset: 2)
        #expect(page.map(\.id) == ["t902", "t903", "t904"])
        for number in 900..<990 { fixture.add(.delete(id: "t\(number)")) }
        #expect(
            try await fixture.view.tasks(dagID: "kept", limit: 100, offset: 0).map(\.id)
                == (990..<1000).map { "t\($0)" })
        #expect(try await fixture.view.tasks(status: .completed, limit: 2, offset: 0).map(\.id) == ["t990", "t991"])
    }

    @Test func appliedMutationsAreForgotten() async throws {
        var fixture = try await Fixture()
        for number in 0..<500 {
            fixture.add(.save(PersistentTask(id: "t\(number)", dagID: "d", nodeID: "n")))
        }
        fixture.add(.removeTasks(endedBefore: .now))
        #expect(fixture.overlay.undelivered?.count == 501)
        fixture.position.value.withLock { $0 = 501 }
        #expect(fixture.overlay.undelivered == nil)
        #expect(try await fixture.overlay.snapshot(of: "t7", .changes).isEmpty)
    }

    /// A standby without the last commits is promoted. Queries must not return its old rows while it gets the changes
    /// again.
    @Test(arguments: [0, 1 << 20]) func whatTheStoreHasLostIsReadFromTheLog(memoryMax: Int) async throws {
        var fixture = try await Fixture(memoryMax: memoryMax)
        fixture.add(.save(PersistentTask(id: "t", dagID: "d", nodeID: "n")))
        fixture.add(.save(PersistentTask(id: "u", dagID: "gone", nodeID: "n")))
        try await fixture.apply(0..<2)
        fixture.add(.updateStatus(id: "t", status: .running, error: nil, time: .now))
        fixture.add(.deleteDAG(id: "gone"))
        fixture.add(.log(TaskActivityLog(id: "a", taskID: "t", dagID: "d", nodeID: "n", action: "x")))
        fixture.progress.begin(4)
        fixture.progress.end(4)
        fixture.forgetAll()
        #expect(try await fixture.overlay.snapshot(of: "t", .changes).isEmpty)

        fixture.position.value.withLock { $0 = 2 }
        fixture.progress.claimed([SinkLane(index: 0, epoch: 2, position: 2)])
        #expect(fixture.overlay.undelivered == 3...5)
        #expect(try await fixture.view.task(id: "t")?.status == .running)
        #expect(try await fixture.view.task(id: "u") == nil)
        #expect(try await fixture.view.activities(taskID: "t", limit: 10, offset: 0).map(\.id) == ["a"])
        #expect(try await fixture.view.tasks(status: .running, limit: 10, offset: 0).map(\.id) == ["t"])
        #expect(try await fixture.view.tasks(dagID: "gone", limit: 10, offset: 0).isEmpty)

        // The store has them again.
        try await fixture.apply(2..<5)
        fixture.forgetAll()
        #expect(fixture.overlay.undelivered == nil)
        #expect(try await fixture.view.task(id: "t")?.status == .running)
    }

    /// A refused append leaves no mutation, and the next one is kept.
    @Test func whatTheLogDoesNotTakeIsNotThere() async throws {
        let fixture = try await Fixture()
        let task = PersistentTask(id: "t", dagID: "d", nodeID: "n")
        #expect(fixture.overlay.add(.save(task)) { _ in nil } == nil)
        #expect(try await fixture.overlay.snapshot(of: "t", .changes).isEmpty)
        _ = fixture.overlay.add(.delete(id: "t")) { _ in 1 }
        #expect(try await fixture.overlay.snapshot(of: "t", .changes).tasks.values.map(\.count) == [1])
    }
}
