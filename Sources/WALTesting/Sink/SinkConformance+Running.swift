extension SinkConformance {
    /// The outcome of a check that hasn't failed.
    public enum Outcome: Hashable, Sendable {
        /// The sink follows the rule.
        case passed
        /// The fixture or the sink doesn't support the check, for this reason.
        case skipped(String)
    }

    /// Runs the check. An error of the fixture or of the sink also counts as a failure.
    ///
    /// - Parameter fixture: The fixture that opens the sink.
    /// - Returns: Whether the check has passed or was skipped.
    /// - Throws: The broken rule.
    @discardableResult
    public func run(on fixture: some SinkFixture) async throws(ConformanceFailure) -> Outcome {
        let examination = SinkExamination(fixture: fixture, check: self)
        let result = await result(of: examination)
        await examination.leftovers.closeAll()
        return try result.get()
    }

    private func result<Fixture>(
        of examination: SinkExamination<Fixture>
    ) async -> Result<Outcome, ConformanceFailure> {
        do {
            try await examine(examination)
            return .success(.passed)
        } catch let skipped as CheckSkipped {
            return .success(.skipped(skipped.reason))
        } catch {
            return .failure(examination.rule(summary).failure(for: error))
        }
    }

    private func examine<Fixture>(_ examination: SinkExamination<Fixture>) async throws {
        switch self {
        case .startsAtZero: try await examination.startsAtZero()
        case .raisesEpochs: try await examination.raisesEpochs()
        case .keepsPositions: try await examination.keepsPositions()
        case .refusesOtherLaneCount: try await examination.refusesOtherLaneCount()
        case .keepsLogsApart: try await examination.keepsLogsApart()
        case .reportsPositions: try await examination.reportsPositions()
        case .keepsOrder: try await examination.keepsOrder()
        case .deletes: try await examination.deletes()
        case .keepsEvents: try await examination.keepsEvents()
        case .movesWithoutRecords: try await examination.movesWithoutRecords()
        case .takesLargestBatch: try await examination.takesLargestBatch()
        case .appliesLanesConcurrently: try await examination.appliesLanesConcurrently()
        case .refusesReplay: try await examination.refusesReplay()
        case .fencesOtherPositions: try await examination.fencesOtherPositions()
        case .fencesLanesTogether: try await examination.fencesLanesTogether()
        case .fencesEarlierOwners: try await examination.fencesEarlierOwners()
        case .fencesLanesAlone: try await examination.fencesLanesAlone()
        case .claimsSettleOpenBatches: try await examination.claimsSettleOpenBatches()
        case .classifiesForeignErrors: try await examination.classifiesForeignErrors()
        case .closesAlone: try await examination.closesAlone()
        case .setsPoisonAsideWhole: try await examination.setsPoisonAsideWhole()
        case .setsPoisonAside: try await examination.setsPoisonAside()
        case .deliversEverything: try await examination.deliversEverything()
        case .resumesAfterEveryBatch: try await examination.resumesAfterEveryBatch()
        case .survivesLostReplies: try await examination.survivesLostReplies()
        case .survivesLostCommits: try await examination.survivesLostCommits()
        case .survivesLostRequests: try await examination.survivesLostRequests()
        case .survivesRefusedConnections: try await examination.survivesRefusedConnections()
        case .survivesCutsWhileDelivering: try await examination.survivesCutsWhileDelivering()
        case .survivesRestarts: try await examination.survivesRestarts()
        }
    }

    /// Runs all checks one after another, and continues after failures.
    ///
    /// - Parameter fixture: The fixture that opens the sink.
    public static func runAll(on fixture: some SinkFixture) async -> ConformanceReport {
        var report = ConformanceReport()
        for check in allCases {
            do throws(ConformanceFailure) {
                switch try await check.run(on: fixture) {
                case .passed: report.passed.append(check)
                case .skipped(let reason): report.skipped[check] = reason
                }
            } catch {
                report.failures.append(error)
            }
        }
        return report
    }
}

/// The results of ``SinkConformance/runAll(on:)``.
public struct ConformanceReport: Sendable, CustomStringConvertible {
    /// The checks that passed.
    public var passed: [SinkConformance] = []
    /// The skipped checks, with the reason for each.
    public var skipped: [SinkConformance: String] = [:]
    /// The failures of the other checks, with the broken rules.
    public var failures: [ConformanceFailure] = []

    /// Makes an empty report.
    public init() {}

    public var description: String {
        let skips = skipped.sorted { $0.key.rawValue < $1.key.rawValue }.map { "skipped \($0.key): \($0.value)" }
        let head = "\(passed.count) passed, \(skipped.count) skipped, \(failures.count) failed"
        return ([head] + failures.map(\.description) + skips).joined(separator: "\n")
    }
}
