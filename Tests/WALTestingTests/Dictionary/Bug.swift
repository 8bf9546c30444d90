import WALTesting

/// The bugs that a sink can have.
enum Bug: String, CaseIterable, Sendable {
    case startsAtEpochZero, keepsEpochs, raisesAllEpochs, forgetsPositions, claimsOldPositions
    case takesOtherLaneCount, takesFewerLanes, retriesOtherLaneCount, sharesPositions
    case reportsOldPositions, reportsOldEpochs, reportsOtherLogs, reportsAllLanes, reportsByClaiming
    case appliesTwice, reordersBatches, losesDeletes, deletesAtTheEnd
    case ignoresEpochs, ignoresPositions, takesPositionsAhead, checksOneLane, checksTheLastLane, checksOneEpoch
    case movesOneLane, movesAllLanes, cutsPositions
    case fencesAsBroken, fencesWholeLogs
    case writesBeforeTheFence, movesBeforeRows, writesPartsOfBatches, appliesOutsideOfTransactions
    case refusesEmptyBatches, takesEmptyBatches, losesLargeBatches, cutsValues, losesConcurrentBatches, closesForAll
    case swallowsPoison, dropsNeighboursOfPoison, setsPoisonAsideTwice, forgetsDeadLetters, failsAtPoison, blamesRecords

    /// The checks that must find the bug. Other checks may find it, too.
    var checks: [SinkConformance] {
        switch self {
        case .startsAtEpochZero: [.startsAtZero]
        case .keepsEpochs: [.raisesEpochs, .refusesOtherLaneCount, .fencesEarlierOwners, .fencesLanesAlone]
        case .raisesAllEpochs: [.startsAtZero, .raisesEpochs, .fencesLanesAlone]
        case .forgetsPositions: [.keepsPositions, .keepsLogsApart, .resumesAfterEveryBatch, .survivesLostReplies]
        case .claimsOldPositions: [.keepsPositions, .survivesLostReplies]
        case .takesOtherLaneCount, .takesFewerLanes, .retriesOtherLaneCount: [.refusesOtherLaneCount]
        case .sharesPositions: [.keepsLogsApart]
        case .reportsOldPositions, .reportsOldEpochs, .reportsOtherLogs, .reportsAllLanes, .reportsByClaiming:
            [.reportsPositions]
        case .appliesTwice: [.keepsEvents, .refusesReplay, .deliversEverything, .resumesAfterEveryBatch]
        case .reordersBatches: [.keepsOrder, .deletes, .deliversEverything]
        case .losesDeletes: [.deletes, .refusesReplay, .deliversEverything]
        case .deletesAtTheEnd: [.deletes]
        case .ignoresEpochs: [.fencesEarlierOwners, .fencesOtherPositions, .fencesLanesAlone]
        case .ignoresPositions: [.refusesReplay, .fencesOtherPositions, .fencesLanesTogether]
        case .takesPositionsAhead: [.fencesOtherPositions]
        case .checksOneLane, .checksTheLastLane: [.fencesLanesTogether]
        case .checksOneEpoch: [.fencesLanesAlone]
        case .movesOneLane: [.keepsPositions, .movesWithoutRecords, .refusesReplay]
        case .movesAllLanes: [.keepsPositions, .movesWithoutRecords, .fencesLanesAlone]
        case .fencesAsBroken: [.fencesEarlierOwners]
        case .fencesWholeLogs: [.fencesLanesAlone]
        case .writesBeforeTheFence: [.refusesReplay, .fencesEarlierOwners, .fencesLanesTogether]
        case .movesBeforeRows: [.setsPoisonAsideWhole, .setsPoisonAside]
        case .writesPartsOfBatches: [.setsPoisonAsideWhole]
        case .appliesOutsideOfTransactions: [.claimsSettleOpenBatches]
        case .refusesEmptyBatches, .takesEmptyBatches, .cutsPositions: [.movesWithoutRecords]
        case .losesLargeBatches, .cutsValues: [.takesLargestBatch]
        case .losesConcurrentBatches: [.appliesLanesConcurrently]
        case .closesForAll: [.closesAlone]
        case .swallowsPoison, .dropsNeighboursOfPoison, .setsPoisonAsideTwice, .forgetsDeadLetters, .failsAtPoison:
            [.setsPoisonAsideWhole, .setsPoisonAside]
        case .blamesRecords: [.classifiesForeignErrors, .fencesEarlierOwners]
        }
    }
}
