public import WAL
public import WALDelivery

/// A store that tells how far it is with a log, without claiming anything: for those who operate it.
public protocol CheckpointStore: TaskStore {
    /// The lanes of a log, in order; none if the log was never delivered here.
    func checkpoints(log: LogID) async throws -> [SinkCheckpoint]
}

/// How far a store is with one lane of a log.
public struct SinkCheckpoint: Hashable, Sendable {
    /// The lane, with its epoch and position.
    public var lane: SinkLane
    /// How many lanes the log has here.
    public var laneCount: Int
    /// Who claimed the lane last: process and host.
    public var owner: String?
    /// When that was.
    public var claimedAt: Timestamp
    /// When the position was last moved.
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
