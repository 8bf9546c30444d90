public import WAL
public import WALDelivery

/// A store that reports its positions in a log without claiming lanes, for operators.
public protocol CheckpointStore: TaskStore {
    /// Returns the lanes of a log, in order. Empty if the log was never delivered to this store.
    func checkpoints(log: LogID) async throws -> [SinkCheckpoint]
}

/// The position of a store in one lane of a log.
public struct SinkCheckpoint: Hashable, Sendable {
    /// The lane, with its epoch and position.
    public var lane: SinkLane
    /// The number of lanes of the log in this store.
    public var laneCount: Int
    /// The process and host that claimed the lane last.
    public var owner: String?
    /// The time of that claim.
    public var claimedAt: Timestamp
    /// The time when the position was last moved.
    public var flushedAt: Timestamp?

    /// Makes a checkpoint.
    public init(lane: SinkLane, laneCount: Int, owner: String?, claimedAt: Timestamp, flushedAt: Timestamp?) {
        self.lane = lane
        self.laneCount = laneCount
        self.owner = owner
        self.claimedAt = claimedAt
        self.flushedAt = flushedAt
    }
}
