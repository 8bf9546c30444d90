import Foundation
import Logging
import TestSupport
import Testing
import WAL

@testable import WALLogging

/// An error is often the last line before a power loss, so it is synced soon. A log call doesn't wait for that sync.
@Suite struct SyncTests {
    /// Holds all syncs while it is closed.
    private final class SyncGate: StorageHook {
        private let state = Monitor((isClosed: false, isHolding: false))

        var isHolding: Bool { state.withLock { $0.isHolding } }

        func close() { state.withLock { $0.isClosed = true } }

        func open() {
            state.withLock { $0.isClosed = false }
            state.notifyAll()
        }

        func before(_ call: StorageCall) -> StorageVerdict {
            if case .sync = call {
                state.wait { state in
                    state.isHolding = state.isClosed
                    return state.isClosed ? nil : ()
                }
            }
            return .proceed
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    /// Under the policy `.manual`, only the request causes a sync.
    private func open(_ path: String) throws -> LineLog {
        let configuration = WriteAheadLog.Configuration(syncPolicy: .manual, segmentSize: 1 << 20)
        let log = try WriteAheadLog.openBlocking(at: path, configuration: configuration)
        return LineLog(log, segmentSize: configuration.segmentSize, level: .trace)
    }

    @Test(arguments: [Logger.Level.error, .critical]) func errorsBecomeDurable(_ level: Logger.Level) async throws {
        let directory = TemporaryDirectory()
        let lines = try open(directory.path)
        lines.logger().warning("not yet")
        lines.logger().log(level: level, "now")
        let last = lines.log.lastSequence
        try await eventually { lines.log.durableSequence >= last }
        try await lines.close()
    }

    @Test func theCallDoesNotWaitForTheSync() async throws {
        let directory = TemporaryDirectory()
        let gate = SyncGate()
        StorageHooks.install(gate, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let lines = try open(directory.path)
        gate.close()
        lines.logger().error("one")
        try await eventually { gate.isHolding }
        // The gate holds the sync until these calls have returned.
        for _ in 0..<1000 { lines.logger().error("more") }
        let last = lines.log.lastSequence
        #expect(lines.log.durableSequence < last)
        gate.open()
        try await eventually { lines.log.durableSequence >= last }
        try await lines.close()
    }
}
