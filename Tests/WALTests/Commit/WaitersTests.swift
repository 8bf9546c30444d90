import Foundation
import TestSupport
import Testing

@testable import WAL

/// Each waiter of a sync must learn the sync's result, or its thread blocks forever.
@Suite struct WaitersTests {
    @Test(.timeLimit(.minutes(10))) func aSyncThatFailsTellsAllWhoWait() async throws {
        let directory = TemporaryDirectory()
        let gate = SyncGate()
        StorageHooks.install(gate, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        try await eventually { log.statistics.preparedSegmentCount >= 2 }
        for number in 1...4 { try await log.append(payload(number)) }
        gate.close(for: .seconds(240))
        // The first waiter leads. Of the others, one waits for a record of that sync, and one for a record that came after it
        // began.
        async let leader = outcome(of: log, 3)
        try await eventually { gate.isHoldingOne }
        try await log.append(payload(5))
        async let served = outcome(of: log, 2)
        async let late = outcome(of: log, 5)
        async let task = { () async -> WALError? in
            do throws(WALError) { try await log.waitUntilDurable(4) } catch { return error }
            return nil
        }()
        try await eventually { log.engine.commit.state.withLock { $0.waitingCount } >= 3 }
        gate.open(breakingTheDisk: true)
        for error in await [leader, served, late, task] {
            #expect(error?.code == .indeterminate, "\(String(describing: error))")
        }
        gate.open()
        try await log.close()
    }

    private func outcome(of log: WriteAheadLog, _ sequence: SequenceNumber) async -> WALError? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                do throws(WALError) {
                    try log.waitUntilDurableBlocking(sequence)
                    continuation.resume(returning: nil)
                } catch {
                    continuation.resume(returning: error)
                }
            }
        }
    }
}

extension SyncState {
    fileprivate var waitingCount: Int { threads[round] + threads[round + 1] + tasks.count }
}
