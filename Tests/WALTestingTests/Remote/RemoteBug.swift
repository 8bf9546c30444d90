import WALTesting

/// The bugs that a sink with a destination across a network can have, or that destination.
enum RemoteBug: String, CaseIterable, Sendable {
    case lostCommitIsTransient, lostConnectionIsFatal, neverReconnects, resendsCommits
    case appliesHalfRequests, writesBeforeTheCommit, forgetsAcknowledged, doublesLostCommits
    case checksBeforeTheCommit

    /// The checks that must find the bug. Other checks may find it, too.
    var checks: [SinkConformance] {
        switch self {
        case .lostCommitIsTransient, .resendsCommits, .writesBeforeTheCommit: [.survivesLostCommits]
        case .doublesLostCommits: [.survivesLostCommits, .survivesCutsWhileDelivering]
        case .lostConnectionIsFatal, .neverReconnects:
            [.survivesLostCommits, .survivesLostRequests, .survivesRefusedConnections, .survivesCutsWhileDelivering]
        case .appliesHalfRequests: [.survivesLostRequests]
        case .forgetsAcknowledged: [.survivesRestarts]
        case .checksBeforeTheCommit: [.claimsSettleOpenBatches]
        }
    }
}
