import TestSupport
import Testing

@testable import WAL

/// The duties of a log that closes or has failed.
@Suite struct DutyTests {
    private let directory = TemporaryDirectory()

    /// The closing sync can take long. A turn whose time is past would repeat at once.
    @Test func aClosingLogHasNoMaintenance() async throws {
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        let catalog = log.engine.catalog
        try await eventually { log.statistics.preparedSegmentCount >= 2 }
        catalog.state.withLock { $0.phase = .closing }
        var duty = MaintenanceDuty(log.engine)
        for _ in 1...3 {
            guard case .wait(until: nil) = duty.turn() else {
                Issue.record("another turn is planned")
                break
            }
        }
        catalog.state.withLock { $0.phase = .open }
        try await log.close()
    }

    /// Its syncs fail at once. With a short interval, its turns would take a whole processor while the disk fails.
    @Test func aLogWhoseSyncFailedWaitsForItsRecovery() throws {
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small(.interval(.zero)))
        let commit = log.engine.commit
        for duty in [log.appender.syncRequests.duty, log.engine.catalog.maintenance] { duty.end() }
        try log.appendBlocking([1])
        commit.poison(WALError(.inputOutput, "A sync failed."))
        var duty = SyncDuty(commit)
        var isWaiting = false
        for _ in 1...10 where !isWaiting {
            if case .wait(until: nil) = duty.turn() { isWaiting = true }
        }
        #expect(isWaiting)
        #expect(commit.recoverFromPoisoning())
        #expect(log.durableSequence == 1)
        try log.closeBlocking()
    }
}
