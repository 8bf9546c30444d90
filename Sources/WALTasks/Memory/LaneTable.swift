internal import WAL
internal import WALDelivery

/// The lanes of one log in a store in memory, with their epochs and positions.
struct LaneTable {
    let laneCount: Int
    private var lanes: [Int: SinkLane] = [:]

    init(laneCount: Int) {
        self.laneCount = laneCount
    }

    mutating func claim(_ indexes: Range<Int>) -> [SinkLane] {
        indexes.map { index in
            var lane = lanes[index] ?? SinkLane(index: index, epoch: 0, position: .zero)
            lane.epoch += 1
            lanes[index] = lane
            return lane
        }
    }

    /// Returns whether each lane has the epoch and position that its owner expects.
    func agrees(with claimed: [SinkLane]) -> Bool {
        claimed.allSatisfy { lanes[$0.index] == $0 }
    }

    mutating func move(_ moved: [SinkLane], to position: SequenceNumber) {
        for lane in moved { lanes[lane.index]?.position = position }
    }
}
