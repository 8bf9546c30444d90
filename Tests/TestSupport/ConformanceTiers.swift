internal import Foundation
package import WALTesting

extension SinkConformance {
    /// The checks that claim and apply by themselves: each statement of a store comes in one of these. The others bring the same
    /// statements through flushers.
    package static let withoutFlushers = allCases.filter { check in
        switch check {
        case .setsPoisonAside, .deliversEverything, .resumesAfterEveryBatch, .survivesLostReplies,
            .survivesLostCommits, .survivesLostRequests, .survivesRefusedConnections, .survivesCutsWhileDelivering,
            .survivesRestarts:
            false
        default: true
        }
    }

    /// For a form of a store, or a way to it, whose statements another one has brought through all checks already: through flushers
    /// comes what its own statements have a part in. All of them with `WAL_LONG` in the environment.
    package static let ofAnotherForm =
        ProcessInfo.processInfo.environment["WAL_LONG"] != nil
        ? allCases : withoutFlushers + [.setsPoisonAside, .survivesLostReplies, .survivesLostCommits]
}
