import Foundation
import Testing

@testable import WAL

/// Swift's tasks share as many threads as there are processors: one that blocks in a sync is taken from everybody.
@Suite struct CooperativePoolTests {
    @Test(arguments: [WriteAheadLog.SyncPolicy.always, .manual])
    func othersRunWhileTasksWaitForASync(_ policy: WriteAheadLog.SyncPolicy) async throws {
        let directory = TemporaryDirectory()
        let gate = SyncGate()
        StorageHooks.install(gate, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let log = try WriteAheadLog(at: directory.path, configuration: .small(policy))
        gate.close(for: .seconds(10))
        // If each took a thread, there would be none left.
        let count = 8 * ProcessInfo.processInfo.activeProcessorCount
        let appending = (0..<count).map { number in
            Task {
                let sequence = try await log.append(payload(number))
                try await log.waitUntilDurable(sequence)
            }
        }
        while log.lastSequence.rawValue < count || !gate.isHoldingOne { await Task.yield() }
        for _ in 0..<count { await Task {}.value }
        #expect(gate.isClosed, "the others ran only when the sync had ended")
        gate.open()
        for task in appending { try await task.value }
        try log.close()
    }
}
