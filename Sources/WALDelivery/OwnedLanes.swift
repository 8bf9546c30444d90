internal import WAL

/// The lanes of one worker, with their positions in the sink and the positions that the worker has scanned.
///
/// The two differ while lanes are idle. A range without records for a lane moves only `scanned`, because a
/// transaction just to move a position is expensive. After a restart that range is read again.
struct OwnedLanes: Sendable {
    /// The outcome of a step, as revealed by a claim after the outcome was unknown.
    enum Reclaimed: Hashable {
        case unchanged, applied
        /// The sink lost commits, or has later positions. The log must be read again from the new frontier.
        case elsewhere
        /// The epochs rose by more than this owner's own claims.
        case fenced
    }

    private(set) var claimed: [SinkLane]
    private(set) var scanned: [SequenceNumber]
    /// The last sequence numbers that the sink doesn't need. Records up to these positions aren't delivered.
    private var startPositions: [SequenceNumber]
    let range: Range<Int>

    /// Makes a worker's lanes from at least one lane, in order without gaps.
    init(_ lanes: [SinkLane]) {
        precondition(!lanes.isEmpty, "A worker needs at least one lane.")
        claimed = lanes
        scanned = lanes.map(\.position)
        startPositions = lanes.map { _ in .zero }
        range = lanes[0].index..<lanes[0].index + lanes.count
    }

    /// Makes one worker's lanes from those of several workers, in order without gaps.
    init(joining parts: [OwnedLanes]) {
        self.init(parts.flatMap(\.claimed))
        scanned = parts.flatMap(\.scanned)
        startPositions = parts.flatMap(\.startPositions)
    }

    /// Returns the lanes of a part of the range.
    func part(_ part: Range<Int>) -> OwnedLanes {
        let indices = part.lowerBound - range.lowerBound..<part.upperBound - range.lowerBound
        var lanes = OwnedLanes(Array(claimed[indices]))
        lanes.scanned = Array(scanned[indices])
        lanes.startPositions = Array(startPositions[indices])
        return lanes
    }

    /// Divides lanes into contiguous ranges whose sizes differ by at most one.
    static func partition(_ lanes: [SinkLane], among workerCount: Int) -> [OwnedLanes] {
        let count = min(workerCount, lanes.count)
        return (0..<count).map { worker in
            OwnedLanes(Array(lanes[worker * lanes.count / count..<(worker + 1) * lanes.count / count]))
        }
    }

    /// The sequence number up to which the sink is missing no record of these lanes.
    var scannedMin: SequenceNumber { scanned.min() ?? .zero }
    /// The lowest position of these lanes that the sink itself holds, or the start position if that is higher.
    var committed: SequenceNumber { zip(claimed, startPositions).lazy.map { max($0.position, $1) }.min() ?? .zero }
    /// The lane with the largest lag.
    var furthestBehind: SinkLane? {
        scanned.indices.min { scanned[$0] < scanned[$1] }.map { claimed[$0] }
    }
    /// The scanned position of lane 0, if this worker owns it.
    var laneZero: SequenceNumber? { range.contains(0) ? scanned[0] : nil }

    /// Returns whether a record of a lane belongs to this worker and isn't applied.
    func wants(_ sequence: SequenceNumber, lane: Int) -> Bool {
        range.contains(lane) && sequence > scanned[lane - range.lowerBound]
    }

    /// Begins after `sequence` with the lanes in which the sink has never applied a record.
    mutating func startNew(after sequence: SequenceNumber) {
        for index in claimed.indices where claimed[index].position == .zero {
            startPositions[index] = max(startPositions[index], sequence)
            scanned[index] = max(scanned[index], sequence)
        }
    }

    /// Begins after `sequence` or later with all lanes.
    mutating func start(after sequence: SequenceNumber) {
        startPositions = startPositions.map { max($0, sequence) }
        scanned = scanned.map { max($0, sequence) }
    }

    /// Returns the lanes that a batch with this position moves, in their state before the batch.
    func listed(movingTo position: SequenceNumber) -> [SinkLane] {
        claimed.filter { $0.position < position }
    }

    /// Moves the lanes to `position` after the sink has applied a batch.
    mutating func applied(to position: SequenceNumber) {
        for index in claimed.indices where claimed[index].position < position {
            claimed[index].position = position
        }
        passed(to: position)
    }

    /// Moves the scanned positions to `position`, because there were no records for these lanes.
    mutating func passed(to position: SequenceNumber) {
        for index in scanned.indices where scanned[index] < position {
            scanned[index] = position
        }
    }

    /// Returns a lane whose new claim has an earlier position, or no higher epoch, than the known one; nil if there is
    /// none. With such a lane, the sink has lost data that it had confirmed: it is an older copy, such as an old
    /// primary that is back.
    func lost(by lanes: [SinkLane]) -> (known: SinkLane, claimed: SinkLane)? {
        zip(claimed, lanes).first { $1.epoch <= $0.epoch || $1.position < $0.position }.map { (known: $0, claimed: $1) }
    }

    /// Returns whether the lanes that the sink has now show another owner's claim of one of these.
    func areClaimed(in found: [SinkLane]) -> Bool {
        found.contains { lane in claimed.contains { $0.index == lane.index && $0.epoch < lane.epoch } }
    }

    /// Returns a lane that has an earlier epoch or position in the sink now than the known one; nil if there is none. A
    /// missing lane counts as one without a claim.
    func lost(in found: [SinkLane]) -> (known: SinkLane, found: SinkLane)? {
        for known in claimed {
            let lane =
                found.first { $0.index == known.index } ?? SinkLane(index: known.index, epoch: 0, position: .zero)
            if lane.epoch < known.epoch || lane.position < known.position { return (known, lane) }
        }
        return nil
    }

    /// Takes the lanes from a new claim. Up to `claims` calls of this owner have raised the epochs.
    mutating func reclaimed(_ lanes: [SinkLane], claims: Int, movingTo target: SequenceNumber) -> Reclaimed {
        let before = claimed
        if zip(before, lanes).contains(where: { $1.epoch > $0.epoch + UInt64(claims) }) {
            return .fenced
        }
        claimed = lanes
        for (index, (old, new)) in zip(before, lanes).enumerated() where new.position != old.position {
            scanned[index] = new.position < old.position ? new.position : max(scanned[index], new.position)
        }
        if zip(before, lanes).allSatisfy({ $0.position == $1.position }) {
            return .unchanged
        }
        if zip(before, lanes).allSatisfy({ $1.position == max($0.position, target) }) {
            return .applied
        }
        return .elsewhere
    }
}
