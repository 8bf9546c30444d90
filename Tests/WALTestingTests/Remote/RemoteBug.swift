import WALTesting

/// What can be wrong with a sink whose destination is across a network, or with that destination.
enum RemoteBug: String, CaseIterable, Sendable {
    case lostCommitIsTransient, lostConnectionIsFatal, neverReconnects, resendsCommits
    case appliesHalfRequests, writesBeforeTheCommit, forgetsAcknowledged, doublesLostCommits
    case checksBeforeTheCommit

    /// The checks that must find it. Others may, too.
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
