public import WAL
public import WALDelivery

/// A task storage that batches of a log are applied to: a database, or memory.
///
/// ``TaskSink`` makes a `Sink` of it.
public protocol TaskStore: TaskStorage where Receipt == Void, ClosingReport == Void {
    /// Names the store in the log's cursor, in metrics and in messages.
    var name: String { get }
    /// How many batches it can apply at the same time.
    var maxConcurrency: Int { get }
    /// As `Sink.claim(_:of:log:)`.
    func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane]
    /// Applies the operations in order and moves the lanes, in one transaction; as `Sink.apply(_:)`.
    ///
    /// An operation that the store can't take goes to the store's dead letters in the same transaction, and the others are applied.
    func apply(_ batch: TaskBatch) async throws -> SinkReceipt
    /// As `Sink.classify(_:)`.
    func classify(_ error: any Error) -> SinkFailure
    /// The tasks with these ids, in any order; ids that aren't there are left out.
    ///
    /// Reading through a buffer asks for up to some thousand at once: a store with a cheaper way than one by one should take it.
    func tasks(ids: [String]) async throws -> [PersistentTask]
}

extension TaskStore {
    public func tasks(ids: [String]) async throws -> [PersistentTask] {
        var found: [PersistentTask] = []
        for id in ids {
            if let task = try await task(id: id) { found.append(task) }
        }
        return found
    }
}

/// Changes to a task store for one transaction, to be applied in order.
///
/// Coalesced (see ``TaskSink``), a task id is in at most three operations between two that have no task id: a delete and then
/// a save, or up to three changes of status, since the times that they set can't be had from fewer; else in one.
public struct TaskBatch: Sendable {
    /// One change, with the record that it came from.
    public struct Operation: Sendable {
        /// The last of the records that it came from.
        public var record: SinkRecord
        /// The change.
        public var mutation: TaskMutation

        /// Makes an operation.
        public init(record: SinkRecord, mutation: TaskMutation) {
            self.record = record
            self.mutation = mutation
        }
    }

    /// The log that the records come from.
    public var log: LogID
    /// The number of lanes of this log and store.
    public var laneCount: Int
    /// The lanes that move, each with the epoch and position that it must have before.
    public var lanes: [SinkLane]
    /// Where the lanes are afterwards.
    public var position: SequenceNumber
    /// The changes, in order.
    public var operations: [Operation]
    /// Records that can't be decoded, for the store's dead letters.
    public var undecodable: [(record: SinkRecord, letter: DeadLetter)]

    /// Makes a batch.
    public init(
        log: LogID, laneCount: Int, lanes: [SinkLane], position: SequenceNumber, operations: [Operation],
        undecodable: [(record: SinkRecord, letter: DeadLetter)] = []
    ) {
        self.log = log
        self.laneCount = laneCount
        self.lanes = lanes
        self.position = position
        self.operations = operations
        self.undecodable = undecodable
    }
}
