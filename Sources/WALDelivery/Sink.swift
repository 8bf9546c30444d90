public import WAL

/// A destination for batches of records: a database, a stream, or another log.
///
/// For each *lane* of each log, a sink durably holds the position that it has applied. It moves the position in the
/// same transaction as the rows. That alone makes delivery exactly-once: if a batch is tried again after an unknown
/// outcome, the position shows whether it was applied.
///
/// Lanes divide the records by key. All records of a key are in one lane and reach the sink in order. The number of
/// lanes is fixed for a log and a sink. The workers divide the lanes among themselves.
///
/// The flusher calls the sink from several tasks concurrently, but never concurrently for the same lane. A sink whose
/// calls block must do its work on its own threads.
public protocol Sink: Sendable {
    /// The name of the sink in the log's cursor, in metrics and in messages.
    var name: String { get }

    /// The number of batches that the sink can apply concurrently.
    var maxConcurrency: Int { get }

    /// Takes over lanes of a log. Raises the epoch of each lane, which fences every earlier owner, and returns the
    /// applied positions. A new lane starts at epoch 1 and position `SequenceNumber.zero`.
    ///
    /// The flusher calls it at the start and after every error whose outcome is unknown.
    ///
    /// If an error may leave the epochs raised, ``classify(_:)`` must report it as ``SinkFailure/indeterminate``. After
    /// any other error, the flusher takes a raised epoch for the claim of another owner, and stops.
    ///
    /// - Throws: An error if `laneCount` differs from the count with which this log was first claimed, or if the
    ///   claim failed.
    func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane]

    /// Applies a batch and moves its lanes to ``SinkBatch/position``, in one transaction.
    ///
    /// If a lane's epoch or position differs from the batch's, it must write nothing, and throw an error that
    /// ``classify(_:)`` reports as ``SinkFailure/fenced``. If the sink has lost what it had confirmed, its epochs or
    /// positions are earlier, and no other owner has claimed a lane. Then the error may be
    /// ``SinkFailure/indeterminate``, after which the flusher claims again and sends the records that the sink lacks.
    func apply(_ batch: SinkBatch) async throws -> SinkReceipt

    /// Returns the current lanes of a log, without claiming them. Leaves out those that were never claimed.
    ///
    /// A sink may lose what it has confirmed, for example if an asynchronous standby of a database is promoted. The
    /// next batch shows that. While there is nothing to deliver, the flusher calls this function at intervals: see
    /// ``Flusher/Configuration/checkInterval``. If a lane is missing, or has an earlier epoch or position than before,
    /// the flusher claims all lanes again, and sends the records that the sink lacks.
    ///
    /// The default returns nil, so that only the next batch shows a loss. A sink that passes batches on to another sink
    /// must pass these calls on, too.
    func positions(of lanes: Range<Int>, log: LogID) async throws -> [SinkLane]?

    /// Returns the meaning of an error of this sink for the batch.
    func classify(_ error: any Error) -> SinkFailure

    /// Frees the sink's resources. Called once, as the last call.
    func close() async
}

extension Sink {
    /// Returns nil: only the next batch shows whether the sink has lost anything.
    public func positions(of lanes: Range<Int>, log: LogID) async throws -> [SinkLane]? { nil }
}

/// The state of a lane from its owner's view.
public struct SinkLane: Hashable, Sendable {
    /// The index of the lane, from 0.
    public var index: Int
    /// The epoch, which counts the owners. The sink refuses a batch with an older epoch.
    public var epoch: UInt64
    /// The last sequence number up to which every record of the lane is applied.
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
    /// The time when the record was appended.
    public var time: Timestamp
    /// The payload, a slice of the batch's memory.
    public var payload: ArraySlice<UInt8>

    /// Makes a record.
    public init(sequence: SequenceNumber, time: Timestamp, payload: ArraySlice<UInt8>) {
        self.sequence = sequence
        self.time = time
        self.payload = payload
    }
}

/// The records of one transaction and the lanes that it moves.
public struct SinkBatch: Sendable {
    /// The log that the records come from.
    public var log: LogID
    /// The number of lanes of this log and sink.
    public var laneCount: Int
    /// The lanes to move, each with the epoch and the position that it must have before.
    public var lanes: [SinkLane]
    /// The position of the lanes after the transaction.
    public var position: SequenceNumber
    /// The records of these lanes after their positions, in order. May be empty.
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

/// The result of applying a batch.
public struct SinkReceipt: Sendable {
    /// The number of rows written, after coalescing.
    public var rowCount: Int
    /// The number of records that a later record of the same batch made unnecessary.
    public var coalescedCount: Int
    /// The records that the sink itself rejected and set aside in the same transaction.
    public var deadLetters: [DeadLetter]

    /// Makes a receipt.
    public init(rowCount: Int, coalescedCount: Int = 0, deadLetters: [DeadLetter] = []) {
        self.rowCount = rowCount
        self.coalescedCount = coalescedCount
        self.deadLetters = deadLetters
    }
}

/// A record that a sink rejected, with the reason.
public struct DeadLetter: Hashable, Sendable {
    /// The record's place in the order of the log.
    public var sequence: SequenceNumber
    /// The sink's own code for the failure, for example a SQLSTATE.
    public var code: String
    /// The reason as human-readable text.
    public var reason: String

    /// Makes a dead letter.
    public init(sequence: SequenceNumber, code: String, reason: String) {
        self.sequence = sequence
        self.code = code
        self.reason = reason
    }
}

/// The meaning of a failed ``Sink/apply(_:)``.
public enum SinkFailure: Hashable, Sendable {
    /// The call may succeed later. The flusher tries again after a pause, without limit.
    case transient
    /// The batch exceeds the sink's limits of time or memory, and no part of it was written. The flusher tries half
    /// of it, down to one record. A single record is tried without limit.
    case overloaded
    /// The connection broke while the batch was applied, whether the outcome is known or not; or the sink lacks data
    /// that it had confirmed. The flusher claims again and resumes at the returned position. If the same batch keeps
    /// breaking the connection, the flusher finds the record at fault by halving and sets it aside; see
    /// ``Flusher/Configuration/maxLosses``.
    case indeterminate
    /// A record in the batch is at fault. The flusher finds it, sets it aside with this code and reason, and
    /// continues.
    case record(code: String, reason: String)
    /// Another owner has claimed the lanes. The flusher stops.
    case fenced
    /// The error needs an operator. The flusher stops.
    case fatal

    /// The kind of a failure, for counting.
    public enum Kind: String, Sendable, CaseIterable {
        case transient, overloaded, indeterminate, record, fenced, fatal
    }

    /// The kind of the failure.
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

/// A sink into a task store, which `wal replay` can deliver into, too.
package protocol TaskStoreSink: Sink {}
