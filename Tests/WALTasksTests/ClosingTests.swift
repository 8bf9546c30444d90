import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import UnixSignals
import WAL
import WALDelivery

@testable import WALTasks

/// Sends this process a SIGTERM once the service group catches it.
struct Terminator: Service {
    func run() async throws {
        kill(getpid(), SIGTERM)
        try await gracefulShutdown()
    }
}

/// A storage closes in order whatever its store does. Undelivered changes stay in the log.
@Suite(.timeLimit(.minutes(10))) struct ClosingTests {
    private let directory = TemporaryDirectory()

    private static var configuration: TaskBufferConfiguration {
        var configuration = TaskBufferConfiguration()
        configuration.segmentSize = 256 << 10
        configuration.flushInterval = .milliseconds(5)
        configuration.drainTimeout = .milliseconds(300)
        return configuration
    }

    private func requireNextStartToDeliver(_ count: Int) async throws {
        let store = StubbornStore()
        let storage = try await BufferedTaskStorage.open(
            at: directory.path, store: store, configuration: Self.configuration)
        try await storage.drain()
        #expect(try await store.tasks(dagID: "d", limit: 1000, offset: 0).count == count)
        #expect(try await storage.close() == 0)
    }

    @Test func aTerminatedServiceEndsInOrderWhileTheStoreIsAway() async throws {
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            let store = StubbornStore()
            store.isFailing.store(true, ordering: .relaxed)
            let storage = try await BufferedTaskStorage.open(
                at: path, store: store, configuration: ClosingTests.configuration)
            for number in 0..<40 { try await storage.save(PersistentTask(id: "t\(number)", dagID: "d", nodeID: "n")) }
            let group = ServiceGroup(
                services: [storage, Terminator()], gracefulShutdownSignals: [.sigterm], logger: Logger(label: "test"))
            try await group.run()
        }
        try await requireNextStartToDeliver(40)
    }

    /// A call that never returns doesn't keep the process from ending.
    @Test func aStoreThatHangsHoldsUpNoEnding() async throws {
        let store = StubbornStore()
        store.isHanging.store(true, ordering: .relaxed)
        defer { store.isHanging.store(false, ordering: .relaxed) }
        let storage = try await BufferedTaskStorage.open(
            at: directory.path, store: store, configuration: Self.configuration)
        for number in 0..<40 { try await storage.save(PersistentTask(id: "t\(number)", dagID: "d", nodeID: "n")) }
        #expect(try await storage.close() == 40)
        try await requireNextStartToDeliver(40)
    }

    /// A flusher without a storage, in a service group.
    @Test func aFlusherLeavesASinkThatHangs() async throws {
        let store = StubbornStore()
        store.isHanging.store(true, ordering: .relaxed)
        defer { store.isHanging.store(false, ordering: .relaxed) }
        let log = try await WriteAheadLog.open(at: directory.path)
        var configuration = Flusher<TaskSink<StubbornStore>>.Configuration()
        configuration.drainTimeout = .milliseconds(300)
        configuration.flushInterval = .milliseconds(1)
        let flusher = Flusher(
            log: log, sink: TaskSink(store: store), configuration: configuration, key: { TaskCodec.key(of: $0) })
        try await log.append(TaskCodec.encode(.save(PersistentTask(id: "t0", dagID: "d", nodeID: "n"))))
        let group = ServiceGroup(services: [flusher], logger: Logger(label: "test"))
        async let running: Void = group.run()
        try await eventually { store.callCount.load(ordering: .relaxed) != 0 }
        await group.triggerGracefulShutdown()
        try await running
        #expect(flusher.statistics.lag.records == 1)
        try await log.close()
    }

    /// An error that needs a person is reported after the drain, too.
    @Test func aStoreThatRefusesForGoodIsAnError() async throws {
        let store = StubbornStore()
        let storage = try await BufferedTaskStorage.open(
            at: directory.path, store: store, configuration: Self.configuration)
        try await storage.drain()
        store.isRefusing.store(true, ordering: .relaxed)
        try await storage.save(PersistentTask(id: "t0", dagID: "d", nodeID: "n"))
        let error = await #expect(throws: TaskStorageError.self) { try await storage.run() }
        #expect(error?.code == .deliveryFailed)
        #expect(error?.remaining == 1)
        try await requireNextStartToDeliver(1)
    }
}
