/// The requirements on every `Sink`, independent of its destination. Each case is a check.
///
/// ```swift
/// @Test(arguments: SinkConformance.allCases)
/// func conformance(check: SinkConformance) async throws {
///     try await check.run(on: MyFixture())
/// }
/// ```
public enum SinkConformance: String, CaseIterable, Hashable, Sendable {
    /// New lanes are claimed with epoch 1 and position zero.
    case startsAtZero
    /// Each claim increases the epoch of its lanes by one, and of no other lanes.
    case raisesEpochs
    /// A claim by a new sink returns the positions that batches of another sink have moved.
    case keepsPositions
    /// A claim with another number of lanes fails permanently and changes nothing.
    case refusesOtherLaneCount
    /// Lanes of two logs in one destination are independent.
    case keepsLogsApart
    /// The lanes that a sink reports without a claim are those of the log as they are now.
    case reportsPositions
    /// The last value of a key remains, within a batch and across batches.
    case keepsOrder
    /// Deletes and values of a key take effect in their order.
    case deletes
    /// Each event exists once.
    case keepsEvents
    /// A batch without records moves its lanes and no others.
    case movesWithoutRecords
    /// The largest batch and the largest values arrive.
    case takesLargestBatch
    /// Batches of several lanes are applied concurrently.
    case appliesLanesConcurrently
    /// A batch that was applied before is refused as fenced and changes nothing.
    case refusesReplay
    /// A batch from another position or epoch is refused as fenced.
    case fencesOtherPositions
    /// If one of a batch's lanes has moved, no lane moves and no row is written.
    case fencesLanesTogether
    /// After a claim, batches of the earlier owner are refused as fenced.
    case fencesEarlierOwners
    /// An owner that lost one lane keeps the others.
    case fencesLanesAlone
    /// The positions that a claim returns stay correct, even if a batch was in progress.
    case claimsSettleOpenBatches
    /// An error that isn't the sink's own blames no record and no other owner.
    case classifiesForeignErrors
    /// After one sink is closed, another sink of the destination continues.
    case closesAlone
    /// A batch with a bad record leaves rows, positions and receipt consistent.
    case setsPoisonAsideWhole
    /// All good records of a batch arrive, and each bad record becomes a dead letter exactly once.
    case setsPoisonAside
    /// Flushers of several sizes deliver every record once, and the records of a key in order.
    case deliversEverything
    /// A flusher that stops after each batch loses and duplicates no record.
    case resumesAfterEveryBatch
    /// If replies are lost, the next claim shows whether the batch was applied.
    case survivesLostReplies
    /// A connection that breaks before a reply loses and duplicates no record.
    case survivesLostCommits
    /// A connection that breaks within a request loses and duplicates no record.
    case survivesLostRequests
    /// While connections are refused, batches fail; then each is applied once.
    case survivesRefusedConnections
    /// Connections that break under a flusher, before each reply or within requests, lose and duplicate no record.
    case survivesCutsWhileDelivering
    /// Restarts of the destination's server under a flusher lose and duplicate no record.
    case survivesRestarts

    /// The requirement that the check verifies, in one sentence.
    public var summary: String {
        switch self {
        case .startsAtZero: "New lanes are claimed with epoch 1 and position zero."
        case .raisesEpochs: "Each claim raises the epoch of its lanes by one, and of no others."
        case .keepsPositions: "A claim by a new sink returns the positions that batches of another sink have moved."
        case .refusesOtherLaneCount: "A claim with another number of lanes fails permanently and changes nothing."
        case .keepsLogsApart: "Lanes of two logs in one destination are independent."
        case .reportsPositions: "The lanes that a sink reports without a claim are those of the log as they are now."
        case .keepsOrder: "The last value of a key remains, within a batch and across batches."
        case .deletes: "Deletes and values of a key take effect in their order."
        case .keepsEvents: "Each event exists once."
        case .movesWithoutRecords: "A batch without records moves its lanes, and no others."
        case .takesLargestBatch: "The largest batch and the largest values arrive."
        case .appliesLanesConcurrently: "Batches of several lanes are applied concurrently."
        case .refusesReplay: "A batch that was applied before is refused as fenced and changes nothing."
        case .fencesOtherPositions: "A batch from another position or epoch is refused."
        case .fencesLanesTogether: "If one of a batch's lanes has moved, no lane moves and no row is written."
        case .fencesEarlierOwners: "After a claim, batches of the earlier owner are refused as fenced."
        case .fencesLanesAlone: "An owner that lost one lane keeps the others."
        case .claimsSettleOpenBatches: "The positions from a claim stay correct, even if a batch was in progress."
        case .classifiesForeignErrors: "An error that isn't the sink's own blames no record and no other owner."
        case .closesAlone: "After one sink was closed, another sink of the destination continues."
        case .setsPoisonAsideWhole: "A batch with a bad record leaves rows, positions and receipt consistent."
        case .setsPoisonAside: "All good records of a batch arrive, and each bad one is a dead letter once."
        case .deliversEverything: "Every record arrives once through flushers of several shapes, in order for its key."
        case .resumesAfterEveryBatch: "A flusher that stops after each batch loses and duplicates no record."
        case .survivesLostReplies: "If replies are lost, the next claim shows whether the batch was applied."
        case .survivesLostCommits: "A connection that breaks before a reply loses and duplicates no record."
        case .survivesLostRequests: "A connection that breaks within a request loses and duplicates no record."
        case .survivesRefusedConnections: "While connections are refused, batches fail; then each is applied once."
        case .survivesCutsWhileDelivering: "Connections that break at any time lose and duplicate no record."
        case .survivesRestarts: "Restarts of the server lose and duplicate no record."
        }
    }
}
