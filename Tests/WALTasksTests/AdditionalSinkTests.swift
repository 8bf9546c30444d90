import Foundation
import Synchronization
import TestSupport
import Testing
import WAL
import WALDelivery

@testable import WALTasks

/// A log with a store and a second sink. One must not hold up the other, and a required sink must get every record.
@Suite(.timeLimit(.minutes(10))) struct AdditionalSinkTests {
    /// A second store, which fails on demand.
    private struct Second: Sink {
        let store = StubbornStore()
        let name: String
        let maxConcurrency: Int

        init(name: String = "second", maxConcurrency: Int = 1) {
            self.name = name
            self.maxConcurrency = maxConcurrency
        }

        var base: TaskSink<StubbornStore> { TaskSink(store: store, coalescing: false) }

        func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
            try await base.claim(lanes, of: laneCount, log: log)
        }
        func apply(_ batch: SinkBatch) async throws -> SinkReceipt { try await base.apply(batch) }
        func classify(_ error: any Error) -> SinkFailure { base.classify(error) }
        func close() async {}

        var taskCount: Int {
            get async throws { try await store.tasks(dagID: "d", limit: 1000, offset: 0).count }
        }
    }

    private let directory = TemporaryDirectory()
    private let store = StubbornStore()

    private func open(
        _ sinks: AdditionalSink..., drainTimeout: Duration = .seconds(60)
    ) async throws -> BufferedTaskStorage<StubbornStore> {
        var configuration = TaskBufferConfiguration()
        configuration.segmentSize = 256 << 10
        configuration.flushInterval = .milliseconds(5)
        configuration.drainTimeout = drainTimeout
        return try await BufferedTaskStorage.open(
            at: directory.path, store: store, additionalSinks: sinks, configuration: configuration)
    }

    private func save(_ numbers: Range<Int>, in storage: BufferedTaskStorage<StubbornStore>) async throws {
        for number in numbers {
            try await storage.save(PersistentTask(id: "t\(number)", dagID: "d", nodeID: "n"))
        }
    }

    private var taskCount: Int {
        get async throws { try await store.tasks(dagID: "d", limit: 1000, offset: 0).count }
    }

    @Test(arguments: [1, 4]) func bothGetEveryChange(maxConcurrency: Int) async throws {
        let second = Second(maxConcurrency: maxConcurrency)
        let storage = try await open(AdditionalSink(second))
        try await save(0..<40, in: storage)
        // A change without a key is a barrier for sinks with several workers.
        try await storage.deleteTasks(dagID: "other")
        try await save(40..<60, in: storage)
        try await storage.drain()
        #expect(try await second.taskCount == 60)
        #expect(try await taskCount == 60)
        let health = storage.health
        #expect(health.additionalSinks.map(\.name) == ["second"])
        #expect(health.additionalSinks.map(\.delivery.lag.records) == [0])
        #expect(try await storage.close() == 0)
    }

    /// The store gets all records meanwhile, and the next start delivers the rest to the sink.
    @Test func aRequiredSinkThatIsAwayKeepsItsRecordsInTheLog() async throws {
        let second = Second()
        second.store.isFailing.store(true, ordering: .relaxed)
        let storage = try await open(AdditionalSink(second), drainTimeout: .milliseconds(500))
        try await save(0..<40, in: storage)
        try await storage.flusher.drain()
        #expect(try await taskCount == 40)
        #expect(storage.health.isDelivering)
        #expect(try await storage.close() == 40)
        #expect(try await second.taskCount == 0)

        second.store.isFailing.store(false, ordering: .relaxed)
        let next = try await open(AdditionalSink(second))
        #expect(try await next.close() == 0)
        #expect(try await second.taskCount == 40)
        #expect(try await taskCount == 40)
    }

    @Test func aRequiredSinkThatRefusesForGoodIsAnErrorWithItsName() async throws {
        let second = Second()
        second.store.isRefusing.store(true, ordering: .relaxed)
        let storage = try await open(AdditionalSink(second))
        try await save(0..<1, in: storage)
        let error = await #expect(throws: TaskStorageError.self) { try await storage.run() }
        #expect(error?.code == .deliveryFailed && error?.remaining == 1)
        #expect(error?.message.contains("second") == true)
        #expect(!storage.health.isDelivering)
        #expect(try await taskCount == 1)
    }

    @Test func theEndOfABestEffortSinkIsNoFailure() async throws {
        let second = Second()
        second.store.isRefusing.store(true, ordering: .relaxed)
        let storage = try await open(AdditionalSink(second, attachment: .bestEffort(maxLagBytes: 1 << 20)))
        try await save(0..<10, in: storage)
        try await eventually { !storage.health.additionalSinks[0].delivery.isDelivering }
        #expect(storage.health.isDelivering)
        try await storage.ping()
        #expect(try await storage.close() == 0)
        #expect(try await taskCount == 10)
    }

    /// A stream joins a log whose first records were removed, or aren't wanted.
    @Test func aNewSinkCanBeginInTheMiddle() async throws {
        let first = try await open()
        try await save(0..<10, in: first)
        #expect(try await first.close() == 0)
        let second = Second()
        let storage = try await open(AdditionalSink(second, startSequence: 8))
        try await save(10..<12, in: storage)
        #expect(try await storage.close() == 0)
        #expect(try await second.taskCount == 5)
    }

    @Test func twoDestinationsOfOneNameAreRefused() async throws {
        for sinks in [[Second(name: store.name)], [Second(), Second()]] {
            let error = await #expect(throws: TaskStorageError.self) {
                _ = try await BufferedTaskStorage.open(
                    at: directory.path, store: store, additionalSinks: sinks.map { AdditionalSink($0) })
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains(sinks[0].name) == true)
        }
    }
}
