public import WAL
public import WALDelivery

/// A task storage to which batches of a log are applied: a database, or memory.
///
/// ``TaskSink`` makes a `Sink` of it.
public protocol TaskStore: TaskStorage where Receipt == Void, ClosingReport == Void {
    /// The name of the store in the log's cursor, in metrics and in messages.
    var name: String { get }
    /// The number of batches that the store can apply concurrently.
    var maxConcurrency: Int { get }
    /// Takes over lanes of a log under the rules of `Sink.claim(_:of:log:)`.
    func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane]
    /// Applies the operations in order and moves the lanes in one transaction, under the rules of `Sink.apply(_:)`.
    ///
    /// If the store rejects an operation, it moves the operation to its dead letters in the same transaction, and
    /// applies the others.
    func apply(_ batch: TaskBatch) async throws -> SinkReceipt
    /// Returns the current lanes of a log, under the rules of `Sink.positions(of:log:)`. The default returns nil.
    func positions(of lanes: Range<Int>, log: LogID) async throws -> [SinkLane]?
    /// Returns the meaning of an error under the rules of `Sink.classify(_:)`.
    func classify(_ error: any Error) -> SinkFailure
    /// Returns the tasks with these ids, in any order. Ids without a task are left out.
    ///
    /// Queries of a buffered storage request up to a thousand ids at once, so implement this function if the store can
    /// find many tasks more cheaply than one by one.
    func tasks(ids: [String]) async throws -> [PersistentTask]
}

extension TaskStore {
    /// Returns nil: only the next batch shows whether the store has lost anything.
    public func positions(of lanes: Range<Int>, log: LogID) async throws -> [SinkLane]? { nil }

    /// Returns the tasks with these ids, with one query for each.
    public func tasks(ids: [String]) async throws -> [PersistentTask] {
        var found: [PersistentTask] = []
        for id in ids {
            if let task = try await task(id: id) { found.append(task) }
        }
        return found
    }
}

/// The changes of one transaction of a task store, to be applied in order.
///
/// In a coalesced batch (see ``TaskSink``), a task id has at most three operations between two operations without a
/// task id. They are a deletion and then a save, or up to three changes of status, because fewer couldn't set all
/// their times. In all other cases there is one operation.
public struct TaskBatch: Sendable {
    /// A change with the record that it came from.
    public struct Operation: Sendable {
        /// The last of the records that the change came from.
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
    /// The lanes to move, each with the epoch and the position that it must have before.
    public var lanes: [SinkLane]
    /// The position of the lanes after the transaction.
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
