/// What every `Sink` has to do, whatever is behind it: one case a check.
///
/// ```swift
/// @Test(arguments: SinkConformance.allCases)
/// func conformance(check: SinkConformance) async throws {
///     try await check.run(on: MyFixture())
/// }
/// ```
public enum SinkConformance: String, CaseIterable, Hashable, Sendable {
    /// Lanes that were never seen.
    case startsAtZero
    /// Epochs of claims by several owners.
    case raisesEpochs
    /// Positions as a new owner is told them.
    case keepsPositions
    /// A claim with another number of lanes.
    case refusesOtherLaneCount
    /// Two logs in one destination.
    case keepsLogsApart
    /// Values of a key, within batches and over them.
    case keepsOrder
    /// Deletes, before and after values.
    case deletes
    /// Events, each once.
    case keepsEvents
    /// Batches without records.
    case movesWithoutRecords
    /// The largest batches that are promised.
    case takesLargestBatch
    /// Batches of several lanes at the same time.
    case appliesLanesConcurrently
    /// Batches that were applied before.
    case refusesReplay
    /// Batches from other positions and epochs than the lanes'.
    case fencesOtherPositions
    /// Batches of which one lane is another's.
    case fencesLanesTogether
    /// Batches of earlier owners.
    case fencesEarlierOwners
    /// Owners who lost some of their lanes.
    case fencesLanesAlone
    /// Claims while a batch is under way.
    case claimsSettleOpenBatches
    /// Errors of others.
    case classifiesForeignErrors
    /// Closing one of several sinks.
    case closesAlone
    /// A bad record in a batch.
    case setsPoisonAsideWhole
    /// Bad records at each place, through a flusher.
    case setsPoisonAside
    /// Delivery through flushers of several shapes.
    case deliversEverything
    /// Flushers that stop after each batch.
    case resumesAfterEveryBatch
    /// Replies that are lost inside of the process.
    case survivesLostReplies
    /// Connections that break between the commit and its reply.
    case survivesLostCommits
    /// Connections that break while a request is sent.
    case survivesLostRequests
    /// Connections that are refused.
    case survivesRefusedConnections
    /// Connections that break before each reply, and within the requests, under a flusher.
    case survivesCutsWhileDelivering
    /// Restarts of the destination's server under a flusher.
    case survivesRestarts

    /// What is checked, in one sentence.
    public var summary: String {
        switch self {
        case .startsAtZero: "Lanes that were never seen are claimed with epoch 1 and position zero."
        case .raisesEpochs: "Each claim raises the epoch of its lanes by one, and of no others."
        case .keepsPositions: "A new sink is told the positions that batches of another have moved."
        case .refusesOtherLaneCount: "A claim with another number of lanes fails for good, and changes nothing."
        case .keepsLogsApart: "Lanes of two logs in one destination don't touch each other."
        case .keepsOrder: "The last value of a key stays, within a batch and over batches."
        case .deletes: "Deletes and values of a key work in their order."
        case .keepsEvents: "Each event is there once."
        case .movesWithoutRecords: "A batch without records moves its lanes, and no others."
        case .takesLargestBatch: "The largest batch and the largest values arrive."
        case .appliesLanesConcurrently: "Batches of several lanes are applied at the same time."
        case .refusesReplay: "A batch that was applied is refused as fenced, and changes nothing."
        case .fencesOtherPositions: "A batch from another position or epoch is refused as fenced."
        case .fencesLanesTogether: "Where one of a batch's lanes has moved, none moves and no row is written."
        case .fencesEarlierOwners: "After a claim the earlier owner's batches are refused as fenced."
        case .fencesLanesAlone: "Who lost one lane keeps the others."
        case .claimsSettleOpenBatches: "What a claim tells stays true, though a batch was under way."
        case .classifiesForeignErrors: "An error that isn't the sink's own blames no record and no other owner."
        case .closesAlone: "After one sink was closed, another over the destination goes on."
        case .setsPoisonAsideWhole: "A batch with a bad record leaves rows, positions and receipt in agreement."
        case .setsPoisonAside: "Of a batch with bad records all others arrive, and each bad one is a dead letter once."
        case .deliversEverything: "Through flushers of several shapes every record arrives once, in order for its key."
        case .resumesAfterEveryBatch: "A flusher that stops after each batch loses and doubles nothing."
        case .survivesLostReplies: "Where replies are lost, the next claim tells whether the batch was applied."
        case .survivesLostCommits: "A connection that breaks before a reply loses and doubles nothing."
        case .survivesLostRequests: "A connection that breaks within a request loses and doubles nothing."
        case .survivesRefusedConnections: "While connections are refused, batches fail for now; then they go on."
        case .survivesCutsWhileDelivering: "Connections that break at any time lose and double nothing."
        case .survivesRestarts: "Restarts of the server lose and double nothing."
        }
    }
}
