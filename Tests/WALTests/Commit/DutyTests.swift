import TestSupport
import Testing

@testable import WAL

/// The duties of a log that closes.
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
}
