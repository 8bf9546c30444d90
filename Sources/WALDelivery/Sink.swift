public import WAL

/// Where batches of records go: a database, a stream, another log.
///
/// A sink holds, for each *lane* of each log, the position that it has applied, durably, and moves it in the same
/// transaction as the rows. That alone makes delivery exactly-once: a batch that is tried again after an unknown outcome
/// finds the position moved, or not.
///
/// Lanes divide the records by key: records of one key are in one lane and reach the sink in order. The number of lanes is
/// fixed for a log and sink; workers share the lanes out between them.
///
/// The flusher calls from several tasks at once, never for the same lane. A sink whose calls block does its work on
/// threads of its own.
public protocol Sink: Sendable {
    /// Names the sink in the log's cursor, in metrics and in messages.
    var name: String { get }

    /// How many batches the sink can apply at the same time.
    var maxConcurrency: Int { get }

    /// Takes over the lanes of a log: raises the epoch of each, so that every earlier owner is fenced, and tells how far
    /// each was applied. A lane that was never seen starts at epoch 1 and position `SequenceNumber.zero`.
    ///
    /// Called at the start and again after every error whose outcome is unknown. Throws if the lanes were counted differently before.
    func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane]

    /// Applies a batch and moves its lanes to ``SinkBatch/position``, in one transaction.
    ///
    /// Writes nothing, and throws an error that ``classify(_:)`` calls ``SinkFailure/fenced``, where a lane's epoch or
    /// position is not the batch's.
    func apply(_ batch: SinkBatch) async throws -> SinkReceipt

    /// What an error of this sink means for the batch.
    func classify(_ error: any Error) -> SinkFailure

    /// Frees what the sink holds. Called once, last.
    func close() async
}

/// A lane as its owner knows it.
public struct SinkLane: Hashable, Sendable {
    /// From 0, below the number of lanes.
    public var index: Int
    /// Counts the owners; a batch with an older epoch is refused.
    public var epoch: UInt64
    /// Every record of the lane up to here was applied.
    public var position: SequenceNumber

    /// Makes a lane.
    public init(index: Int, epoch: UInt64, position: SequenceNumber) {
        self.index = index
        self.epoch = epoch
        self.position = position
    }
}

/// A record on its way to a sink.
public struct SinkRecord: Sendable {
    /// The record's place in the order of the log.
    public var sequence: SequenceNumber
    /// When it was appended.
    public var time: Timestamp
    /// The payload, a part of the batch's memory.
    public var payload: ArraySlice<UInt8>

    /// Makes a record.
    public init(sequence: SequenceNumber, time: Timestamp, payload: ArraySlice<UInt8>) {
        self.sequence = sequence
        self.time = time
        self.payload = payload
    }
}

/// Records for one transaction, and what it does to the positions.
public struct SinkBatch: Sendable {
    /// The log that the records come from.
    public var log: LogID
    /// The number of lanes of this log and sink.
    public var laneCount: Int
    /// The lanes that move, each with the epoch and position that it must have before.
    public var lanes: [SinkLane]
    /// Where the lanes are afterwards.
    public var position: SequenceNumber
    /// The records of these lanes behind their positions, in order. May be empty.
    public var records: [SinkRecord]

    /// Makes a batch.
    public init(log: LogID, laneCount: Int, lanes: [SinkLane], position: SequenceNumber, records: [SinkRecord]) {
        self.log = log
        self.laneCount = laneCount
        self.lanes = lanes
        self.position = position
        self.records = records
    }
}

/// What a sink did with a batch.
public struct SinkReceipt: Sendable {
    /// Rows written, after coalescing.
    public var rowCount: Int
    /// Records that a later one of the same batch made superfluous.
    public var coalescedCount: Int
    /// Records that the sink itself refused and set aside, in the same transaction.
    public var deadLetters: [DeadLetter]

    /// Makes a receipt.
    public init(rowCount: Int, coalescedCount: Int = 0, deadLetters: [DeadLetter] = []) {
        self.rowCount = rowCount
        self.coalescedCount = coalescedCount
        self.deadLetters = deadLetters
    }
}

/// A record that a sink can't take, with the reason.
public struct DeadLetter: Hashable, Sendable {
    /// The record's place in the order of the log.
    public var sequence: SequenceNumber
    /// The sink's own code, such as a SQLSTATE.
    public var code: String
    /// Why, for people.
    public var reason: String

    /// Makes a dead letter.
    public init(sequence: SequenceNumber, code: String, reason: String) {
        self.sequence = sequence
        self.code = code
        self.reason = reason
    }
}

/// What a failed ``Sink/apply(_:)`` means.
public enum SinkFailure: Hashable, Sendable {
    /// It may go well later: try again after a pause, for ever.
    case transient
    /// The batch is too much for the sink's limits of time or memory, and nothing of it was written: try half of it, down to one
    /// record, which is tried for ever.
    case overloaded
    /// The connection broke while the batch was applied, with the outcome unknown or not: claim again, then go on from the
    /// position that the claim tells. Where the same batch breaks it again and again, the record at fault is found by halving,
    /// and set aside; see ``Flusher/Configuration/maxLosses``.
    case indeterminate
    /// A record in the batch is at fault, by itself: find it, set it aside with this code and reason, go on.
    case record(code: String, reason: String)
    /// Another owner has claimed the lanes: stop.
    case fenced
    /// Nothing will help without a person: stop.
    case fatal

    /// A failure without its details, to count by.
    public enum Kind: String, Sendable, CaseIterable {
        case transient, overloaded, indeterminate, record, fenced, fatal
    }

    /// The failure without its details.
    public var kind: Kind {
        switch self {
        case .transient: .transient
        case .overloaded: .overloaded
        case .indeterminate: .indeterminate
        case .record: .record
        case .fenced: .fenced
        case .fatal: .fatal
        }
    }

    var isRetried: Bool { [.transient, .overloaded, .indeterminate].contains(kind) }
}
