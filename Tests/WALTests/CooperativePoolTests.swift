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

/// Holds up the syncs of a log while it is closed.
private final class SyncGate: StorageHook {
    private struct State {
        var isClosed = false
        var held = 0
    }

    private let state = Monitor(State())

    var isClosed: Bool { state.withLock { $0.isClosed } }
    var isHoldingOne: Bool { state.withLock { $0.held > 0 } }

    /// Opens after the time by itself, so that a test that fails ends.
    func close(for time: Duration) {
        state.withLock { $0.isClosed = true }
        Thread.detachNewThread { [self] in
            state.wait(until: .now + time) { state in state.isClosed ? nil : () }
            open()
        }
    }

    func open() {
        state.withLock { $0.isClosed = false }
        state.signal()
    }

    func before(_ call: StorageCall) -> StorageVerdict {
        if case .sync = call {
            state.withLock { $0.held += 1 }
            state.wait { state in state.isClosed ? nil : () }
            state.withLock { $0.held -= 1 }
        }
        return .proceed
    }

    func after(_ call: StorageCall, result: Int) {}
}
