internal import Foundation
package import WALTesting

extension SinkConformance {
    /// The checks that call `claim` and `apply` directly. They execute each statement of a store. The other checks execute the
    /// same statements through flushers.
    package static let withoutFlushers = allCases.filter { check in
        switch check {
        case .setsPoisonAside, .deliversEverything, .resumesAfterEveryBatch, .survivesLostReplies,
            .survivesLostCommits, .survivesLostRequests, .survivesRefusedConnections, .survivesCutsWhileDelivering,
            .survivesRestarts:
            false
        default: true
        }
    }

    /// The checks for a variant of a store, or of its connection, if another variant passes all checks with the same statements or
    /// the same connections. Of the checks with flushers, these are the ones that the variant's own statements affect. All checks
    /// if `WAL_LONG` is set.
    package static let ofAnotherForm =
        ProcessInfo.processInfo.environment["WAL_LONG"] != nil
        ? allCases : withoutFlushers + [.setsPoisonAside, .survivesLostReplies, .survivesLostCommits]
}
