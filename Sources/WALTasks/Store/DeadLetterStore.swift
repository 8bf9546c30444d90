public import WAL
package import WALDelivery

/// A store that keeps the operations that it rejected, and can list them.
///
/// Once the reason is gone (a constraint dropped, a limit raised), ``redrive(_:)`` applies a letter's operation. It
/// is applied as a new one, so a saved task replaces the current task. If you don't want that, save the wanted task
/// and ``discard(_:)`` the letter.
public protocol DeadLetterStore: TaskStore {
    /// Returns up to `limit` dead letters, ordered by log and sequence number.
    ///
    /// - Parameters:
    ///   - log: The log of the letters; nil for all logs.
    ///   - previous: The letter after which to begin; nil to begin with the first. Pass the last letter of a page to
    ///     get the next page.
    ///   - limit: The maximum number of letters.
    func deadLetters(log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int) async throws -> [StoredDeadLetter]
    /// Applies a dead letter's operation and removes the letter, in one transaction. Has no effect if the letter
    /// doesn't exist.
    ///
    /// - Throws: the store's error if it rejects the operation again. The letter is kept.
    func redrive(_ id: StoredDeadLetter.ID) async throws
    /// Removes a dead letter without applying it, if it exists.
    func discard(_ id: StoredDeadLetter.ID) async throws
}

extension DeadLetterStore {
    /// Returns whether an error of ``redrive(_:)`` is caused by the dead letter, so that other letters may still be
    /// applied. The letter is rejected again, or its bytes aren't a change of tasks.
    package func isOfLetter(_ error: any Error) -> Bool {
        if case .record = classify(error) { return true }
        return (error as? StoreError)?.code == .rowUnreadable
    }
}

/// An operation that a store has rejected and keeps.
public struct StoredDeadLetter: Identifiable, Hashable, Sendable {
    /// The identifier of the rejected record.
    public struct ID: Hashable, Sendable {
        /// The record's log.
        public var log: LogID
        /// The record's sequence number in that log.
        public var sequence: SequenceNumber

        /// Makes an identifier.
        public init(log: LogID, sequence: SequenceNumber) {
            self.log = log
            self.sequence = sequence
        }
    }

    /// The record that the operation came from, or the last one of several coalesced records.
    public var id: ID
    /// The lane that the batch moved. Nil if it moved several.
    public var lane: Int?
    /// The kind of the operation, for example `save`, or `undecodable` if it couldn't be decoded.
    public var kind: String
    /// The id of the task, activity or DAG of the operation.
    public var rowID: String?
    /// The operation as ``TaskCodec`` encodes it, or the undecodable record itself.
    public var body: [UInt8]
    /// The store's own code for the failure, for example a SQLSTATE.
    public var code: String
    /// The reason as human-readable text.
    public var reason: String
    /// The time when the operation was set aside.
    public var time: Timestamp

    /// Makes a dead letter.
    public init(
        id: ID, lane: Int?, kind: String, rowID: String?, body: [UInt8], code: String, reason: String, time: Timestamp
    ) {
        self.id = id
        self.lane = lane
        self.kind = kind
        self.rowID = rowID
        self.body = body
        self.code = code
        self.reason = reason
        self.time = time
    }
}

extension StoredDeadLetter {
    /// Makes a letter for an operation. Its body is the operation, not the record: the last of several coalesced
    /// records alone would lose the changes of the others.
    package init(_ operation: TaskBatch.Operation, of batch: TaskBatch, code: String, reason: String, time: Timestamp) {
        let (kind, rowID) = operation.mutation.kindAndRow
        self.init(
            id: ID(log: batch.log, sequence: operation.record.sequence), lane: batch.onlyLane, kind: kind, rowID: rowID,
            body: TaskCodec.encode(operation.mutation), code: code, reason: reason, time: time)
    }

    /// Makes a letter for a record that can't be decoded.
    package init(undecodable record: SinkRecord, _ letter: DeadLetter, of batch: TaskBatch, time: Timestamp) {
        self.init(
            id: ID(log: batch.log, sequence: record.sequence), lane: batch.onlyLane, kind: "undecodable", rowID: nil,
            body: Array(record.payload), code: letter.code, reason: letter.reason, time: time)
    }

    /// Returns the operation of the letter.
    package func mutation() throws(TaskCodecError) -> TaskMutation {
        try unsafe TaskCodec.decode(body.span.bytes)
    }

    /// The dead letter as reported to the flusher.
    package var summary: DeadLetter {
        DeadLetter(sequence: id.sequence, code: code, reason: reason)
    }
}

extension TaskBatch {
    fileprivate var onlyLane: Int? {
        lanes.count == 1 ? lanes.first?.index : nil
    }
}

extension TaskMutation {
    fileprivate var kindAndRow: (kind: String, rowID: String?) {
        switch self {
        case .save(let task): ("save", task.id)
        case .log(let activity): ("log", activity.id)
        case .updateStatus(let id, _, _, _): ("updateStatus", id)
        case .delete(let id): ("delete", id)
        case .deleteDAG(let id): ("deleteDAG", id)
        case .removeTasks: ("removeTasks", nil)
        case .removeActivities: ("removeActivities", nil)
        }
    }
}
