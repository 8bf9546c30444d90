public import WAL
package import WALDelivery

/// A store that keeps the operations that it couldn't take, and can be asked for them.
///
/// Once the reason is gone (a constraint dropped, a limit raised), ``redrive(_:)`` applies one again. It's applied as if it
/// were new: a saved task replaces what the task has become since. Where that isn't wanted, save what is wanted and
/// ``discard(_:)`` the letter.
public protocol DeadLetterStore: TaskStore {
    /// The dead letters by log and sequence number, `limit` of them at most.
    ///
    /// - Parameters:
    ///   - log: Only those of this log; nil for all.
    ///   - previous: Only those behind this one; nil for all. Pass the last one of a page to have the next.
    ///   - limit: How many at most.
    func deadLetters(log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int) async throws -> [StoredDeadLetter]
    /// Applies a dead letter's operation and removes the letter, in one transaction. Throws what the store says against it,
    /// with the letter kept; does nothing if there is no such letter.
    func redrive(_ id: StoredDeadLetter.ID) async throws
    /// Removes a dead letter without applying it, if it is there.
    func discard(_ id: StoredDeadLetter.ID) async throws
}

/// An operation that a store couldn't take, as the store keeps it.
public struct StoredDeadLetter: Identifiable, Hashable, Sendable {
    /// The record that it came from.
    public struct ID: Hashable, Sendable {
        /// The record's log.
        public var log: LogID
        /// The record's place in it.
        public var sequence: SequenceNumber

        /// Makes an identifier.
        public init(log: LogID, sequence: SequenceNumber) {
            self.log = log
            self.sequence = sequence
        }
    }

    /// The record that it came from: the last one, where several were coalesced.
    public var id: ID
    /// The lane that was moving; nil where several moved together.
    public var lane: Int?
    /// What the operation does, such as `save`; `undecodable` where that couldn't be read.
    public var kind: String
    /// The task, activity or DAG that it is about.
    public var rowID: String?
    /// The operation as ``TaskCodec`` encodes it; an undecodable record as it was.
    public var body: [UInt8]
    /// The store's own code, such as a SQLSTATE.
    public var code: String
    /// Why, for people.
    public var reason: String
    /// When it was set aside.
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
    /// A letter for an operation. Its body is the operation, not the record: of several coalesced records the last one alone
    /// would lose what the others changed.
    package init(_ operation: TaskBatch.Operation, of batch: TaskBatch, code: String, reason: String, time: Timestamp) {
        let (kind, rowID) = operation.mutation.kindAndRow
        self.init(
            id: ID(log: batch.log, sequence: operation.record.sequence), lane: batch.onlyLane, kind: kind, rowID: rowID,
            body: TaskCodec.encode(operation.mutation), code: code, reason: reason, time: time)
    }

    /// A letter for a record that can't be decoded.
    package init(undecodable record: SinkRecord, _ letter: DeadLetter, of batch: TaskBatch, time: Timestamp) {
        self.init(
            id: ID(log: batch.log, sequence: record.sequence), lane: batch.onlyLane, kind: "undecodable", rowID: nil,
            body: Array(record.payload), code: letter.code, reason: letter.reason, time: time)
    }

    /// The operation that it holds.
    package func mutation() throws(TaskCodecError) -> TaskMutation {
        try unsafe TaskCodec.decode(body.span.bytes)
    }

    /// What the flusher is told of it.
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

extension LogID {
    /// Reads a log's identifier from its 32 hexadecimal digits; nil for anything else.
    @usableFromInline
    package init?(_ digits: String) {
        let utf8 = Array(digits.utf8)
        guard utf8.count == 32, utf8.allSatisfy({ $0 >= UInt8(ascii: "0") }),
            let low = UInt64(digits.prefix(16), radix: 16), let high = UInt64(digits.suffix(16), radix: 16)
        else { return nil }
        self.init(low: low.byteSwapped, high: high.byteSwapped)
    }
}
