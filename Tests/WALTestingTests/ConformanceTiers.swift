import WALTesting

extension SinkConformance {
    /// The checks that claim and apply by themselves: each statement of a store comes in one of these. The others bring the same
    /// statements through flushers.
    static let withoutFlushers = allCases.filter { check in
        switch check {
        case .setsPoisonAside, .deliversEverything, .resumesAfterEveryBatch, .survivesLostReplies,
            .survivesLostCommits, .survivesLostRequests, .survivesRefusedConnections, .survivesCutsWhileDelivering,
            .survivesRestarts:
            false
        default: true
        }
    }
}
