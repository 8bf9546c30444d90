import Foundation
import Synchronization
import TestSupport
import Testing

@testable import WAL

/// Swift's tasks share one thread per processor. A task that blocks its thread in a sync takes it from all others.
@Suite struct CooperativePoolTests {
    @Test(arguments: [WriteAheadLog.SyncPolicy.always, .manual])
    func othersRunWhileTasksWaitForASync(_ policy: WriteAheadLog.SyncPolicy) async throws {
        let directory = TemporaryDirectory()
        let gate = SyncGate()
        StorageHooks.install(gate, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(policy))
        gate.close(for: .seconds(240))
        // If each waiting task blocked a thread, none would be left.
        let count = 8 * ProcessInfo.processInfo.activeProcessorCount
        let appending = (0..<count).map { number in
            Task {
                let sequence = try await log.append(payload(number))
                try await log.waitUntilDurable(sequence)
            }
        }
        try await eventually { log.lastSequence.rawValue >= count && gate.isHoldingOne }
        for _ in 0..<count { await Task {}.value }
        #expect(gate.isClosed, "the others ran only when the sync had ended")
        gate.open()
        for task in appending { try await task.value }
        try await log.close()
    }

    /// If waiting tasks blocked their threads, 20,000 appends would stop everything else for 12 s.
    @Test(.timeLimit(.minutes(5))) func aHeartbeatGoesOnBesideAThousandTasksThatAppend() async throws {
        let directory = TemporaryDirectory()
        let gate = SyncGate()
        StorageHooks.install(gate, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(.always))
        let (taskCount, appendCount) = (1000, 20)
        gate.close(for: .seconds(240))
        let appending = Task {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<taskCount {
                    group.addTask {
                        for _ in 0..<appendCount { _ = try await log.append(payload(number)) }
                    }
                }
                try await group.waitForAll()
            }
        }
        let heart = Heart()
        let beating = Task {
            while !Task.isCancelled {
                heart.beat()
                await Task.yield()
            }
        }
        // Each task waits for the sync of its first append. The gate holds that sync.
        try await eventually { log.lastSequence.rawValue >= taskCount && gate.isHoldingOne }
        let before = heart.count
        try await eventually { heart.count >= before + 1000 }
        #expect(gate.isClosed, "the heart beat only when the sync had ended")
        gate.open()
        try await appending.value
        beating.cancel()
        #expect(log.durableSequence.rawValue == UInt64(taskCount * appendCount))
        try await log.close()
    }

    /// Opening syncs the records that it recovers. Closing syncs the records that aren't durable.
    @Test(.timeLimit(.minutes(5))) func openingAndClosingSuspend() async throws {
        let root = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: root.path, withIntermediateDirectories: true)
        let gate = SyncGate()
        let paths = (0..<4 * ProcessInfo.processInfo.activeProcessorCount).map { "\(root.path)/\($0)" }
        for path in paths { StorageHooks.install(gate, for: path) }
        defer { for path in paths { StorageHooks.remove(from: path) } }
        func whileSyncsAreHeldUp(_ body: @escaping @Sendable (String) async throws -> Void) async throws {
            gate.close(for: .seconds(120))
            let tasks = paths.map { path in Task { try await body(path) } }
            try await eventually { gate.isHoldingOne }
            for _ in 0..<1000 { await Task {}.value }
            #expect(gate.isClosed, "the others ran only when the sync had ended")
            gate.open()
            for task in tasks { try await task.value }
        }
        let logs = Monitor<[String: WriteAheadLog]>([:])
        try await whileSyncsAreHeldUp { path in
            let log = try await WriteAheadLog.open(at: path, configuration: .small(.manual))
            logs.withLock { $0[path] = log }
        }
        for log in logs.withLock({ Array($0.values) }) { _ = try await log.append([1]) }
        try await whileSyncsAreHeldUp { path in try await logs.withLock { $0[path] }?.close() }
    }
}

private final class Heart: Sendable {
    private let beats = Atomic<Int>(0)

    var count: Int { beats.load(ordering: .relaxed) }

    func beat() { beats.add(1, ordering: .relaxed) }
}
