import Testing

@testable import WAL
@testable import WALDelivery

@Suite struct OwnedLanesTests {
    private func lane(_ index: Int, _ position: SequenceNumber, epoch: UInt64 = 1) -> SinkLane {
        SinkLane(index: index, epoch: epoch, position: position)
    }

    @Test func everyLaneHasOneWorker() {
        for laneCount in 1...20 {
            let lanes = (0..<laneCount).map { lane($0, 0) }
            for workerCount in 1...25 {
                let parts = OwnedLanes.partition(lanes, among: workerCount)
                #expect(parts.count == min(workerCount, laneCount))
                #expect(parts.flatMap { Array($0.range) } == Array(0..<laneCount))
                let sizes = parts.map(\.range.count)
                #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
            }
        }
    }

    @Test func partsAreJoinedAndTakenOutAgain() {
        var first = OwnedLanes([lane(0, 3), lane(1, 5)])
        first.passed(to: 4)
        var second = OwnedLanes([lane(2, 0, epoch: 7)])
        second.startNew(after: 2)
        let all = OwnedLanes(joining: [first, second])
        #expect(all.range == 0..<3 && all.claimed.map(\.epoch) == [1, 1, 7] && all.scanned == [4, 5, 2])
        #expect(all.committed == 2)
        for part in [first, second] {
            let found = all.part(part.range)
            #expect(found.range == part.range && found.claimed == part.claimed && found.scanned == part.scanned)
            #expect(found.committed == part.committed)
        }
    }

    @Test func idleMovementIsNotClaimedFromTheSink() {
        var lanes = OwnedLanes([lane(0, 3), lane(1, 5)])
        #expect(lanes.scannedMin == 3)
        lanes.passed(to: 10)
        #expect(lanes.scannedMin == 10)
        #expect(lanes.committed == 3)
        #expect(
            lanes.listed(movingTo: 12).map(\.position) == [3, 5], "a batch must name the positions that the sink has")
        lanes.applied(to: 12)
        #expect(lanes.committed == 12)
        #expect(lanes.listed(movingTo: 12).isEmpty)
    }

    @Test func aLaneBeyondTheBatchIsNotListed() {
        var lanes = OwnedLanes([lane(0, 3), lane(1, 9)])
        #expect(lanes.listed(movingTo: 6).map(\.index) == [0])
        lanes.applied(to: 6)
        #expect(lanes.claimed.map(\.position) == [6, 9])
    }

    @Test func claimingAgainTellsWhatBecameOfAStep() {
        var notApplied = OwnedLanes([lane(0, 3), lane(1, 9)])
        #expect(
            notApplied.reclaimed([lane(0, 3, epoch: 2), lane(1, 9, epoch: 2)], claims: 1, movingTo: 6) == .unchanged)
        #expect(notApplied.claimed.map(\.epoch) == [2, 2])

        var applied = OwnedLanes([lane(0, 3), lane(1, 9)])
        #expect(applied.reclaimed([lane(0, 6, epoch: 2), lane(1, 9, epoch: 2)], claims: 1, movingTo: 6) == .applied)
        #expect(applied.scannedMin == 6)

        var forgotten = OwnedLanes([lane(0, 3), lane(1, 9)])
        #expect(
            forgotten.reclaimed([lane(0, 1, epoch: 2), lane(1, 9, epoch: 2)], claims: 1, movingTo: 6) == .elsewhere)
        #expect(forgotten.scannedMin == 1)
    }

    @Test func idleLanesKeepTheirPlaceWhenClaimedAgain() {
        var lanes = OwnedLanes([lane(0, 0), lane(1, 0)])
        lanes.passed(to: 1000)
        #expect(
            lanes.reclaimed([lane(0, 0, epoch: 2), lane(1, 0, epoch: 2)], claims: 1, movingTo: 1001) == .unchanged)
        #expect(lanes.scannedMin == 1000, "a lower position would read the whole log again")
    }

    @Test func whatTheSinkLacksIsSeenWithoutAClaim() {
        var lanes = OwnedLanes([lane(1, 3, epoch: 2), lane(2, 9, epoch: 2)])
        lanes.passed(to: 20)
        // Lane 0 belongs to another worker.
        #expect(lanes.lost(in: [lane(2, 9, epoch: 2), lane(0, 0), lane(1, 3, epoch: 2)]) == nil)
        for (found, lost) in [
            ([lane(1, 3, epoch: 2), lane(2, 8, epoch: 2)], 2), ([lane(1, 3), lane(2, 9, epoch: 2)], 1),
            ([lane(1, 3, epoch: 2)], 2), ([], 1),
        ] {
            #expect(lanes.lost(in: found)?.known.index == lost && lanes.lost(in: found)?.found.index == lost)
            #expect(!lanes.areClaimed(in: found))
        }
        #expect(lanes.areClaimed(in: [lane(1, 3, epoch: 2), lane(2, 9, epoch: 3)]))
        #expect(!lanes.areClaimed(in: [lane(0, 3, epoch: 3), lane(1, 3, epoch: 2), lane(2, 9, epoch: 2)]))
    }

    @Test func anotherOwnerInBetweenIsNoticed() {
        var lanes = OwnedLanes([lane(0, 3)])
        #expect(lanes.reclaimed([lane(0, 3, epoch: 3)], claims: 1, movingTo: 6) == .fenced)
        #expect(lanes.reclaimed([lane(0, 3, epoch: 3)], claims: 2, movingTo: 6) == .unchanged)
    }
}
