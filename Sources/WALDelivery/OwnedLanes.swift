internal import WAL

/// The lanes of one worker: what the sink knows of them, and how far the worker has seen that there is nothing more for them.
///
/// The two differ where lanes are idle. A range without records for a lane moves `scanned` and not the sink, for a
/// transaction that only moves positions is dear; what is in memory alone is found again by reading.
struct OwnedLanes: Sendable {
    /// What a claim after an unknown outcome revealed about the step whose outcome it was.
    enum Reclaimed: Hashable {
        case unchanged, applied
        /// The sink forgot commits, or knows more: the log must be read again from the new frontier.
        case elsewhere
        /// The epochs rose by more than this owner's own claims.
        case fenced
    }

    private(set) var claimed: [SinkLane]
    private(set) var scanned: [SequenceNumber]
    /// What the sink needn't have: nothing up to here is delivered to it.
    private var startPositions: [SequenceNumber]
    let range: Range<Int>

    /// Lanes in order, without a gap, at least one.
    init(_ lanes: [SinkLane]) {
        precondition(!lanes.isEmpty, "a worker needs a lane")
        claimed = lanes
        scanned = lanes.map(\.position)
        startPositions = lanes.map { _ in .zero }
        range = lanes[0].index..<lanes[0].index + lanes.count
    }

    /// Shares lanes out in contiguous ranges whose sizes differ by one at most.
    static func partition(_ lanes: [SinkLane], among workerCount: Int) -> [OwnedLanes] {
        let count = min(workerCount, lanes.count)
        return (0..<count).map { worker in
            OwnedLanes(Array(lanes[worker * lanes.count / count..<(worker + 1) * lanes.count / count]))
        }
    }

    /// Nothing up to here is missing in the sink.
    var scannedMin: SequenceNumber { scanned.min() ?? .zero }
    /// The sink itself says so up to here.
    var committed: SequenceNumber { zip(claimed, startPositions).lazy.map { max($0.position, $1) }.min() ?? .zero }
    /// The lane that lacks most.
    var furthestBehind: SinkLane? {
        scanned.indices.min { scanned[$0] < scanned[$1] }.map { claimed[$0] }
    }
    /// How far lane 0 is, for its owner.
    var laneZero: SequenceNumber? { range.contains(0) ? scanned[0] : nil }

    /// Whether a record of a lane is this worker's and not applied.
    func wants(_ sequence: SequenceNumber, lane: Int) -> Bool {
        range.contains(lane) && sequence > scanned[lane - range.lowerBound]
    }

    /// Lanes that the sink has never applied anything of begin behind `sequence`.
    mutating func startNew(after sequence: SequenceNumber) {
        for index in claimed.indices where claimed[index].position == .zero {
            startPositions[index] = max(startPositions[index], sequence)
            scanned[index] = max(scanned[index], sequence)
        }
    }

    /// All lanes begin behind `sequence`, or later.
    mutating func start(after sequence: SequenceNumber) {
        startPositions = startPositions.map { max($0, sequence) }
        scanned = scanned.map { max($0, sequence) }
    }

    /// The lanes that a batch with this position moves, as they must be before.
    func listed(movingTo position: SequenceNumber) -> [SinkLane] {
        claimed.filter { $0.position < position }
    }

    /// The sink has applied everything up to `position`.
    mutating func applied(to position: SequenceNumber) {
        for index in claimed.indices where claimed[index].position < position {
            claimed[index].position = position
        }
        passed(to: position)
    }

    /// There was nothing for these lanes up to `position`.
    mutating func passed(to position: SequenceNumber) {
        for index in scanned.indices where scanned[index] < position {
            scanned[index] = position
        }
    }

    /// Takes over the lanes as claimed again, after so many attempts to claim, of which some may have counted without an answer.
    mutating func reclaimed(_ lanes: [SinkLane], attempts: Int, movingTo target: SequenceNumber) -> Reclaimed {
        let before = claimed
        if zip(before, lanes).contains(where: { $1.epoch > $0.epoch + UInt64(attempts) }) {
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
