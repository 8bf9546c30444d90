/// A record in the log's own memory, without a copy. It is valid only inside the closure that receives it.
@frozen
public struct RecordView: ~Escapable {
    /// The record's place in the order of the log.
    public let sequence: SequenceNumber
    /// The time of the append by the writer's clock, which ticks every 1 to 4 ms. It may step back if that clock does.
    public let time: Timestamp
    /// The payload.
    public let payload: RawSpan

    /// Makes a view of a payload.
    @inlinable
    @_lifetime(copy payload)
    public init(sequence: SequenceNumber, time: Timestamp, payload: RawSpan) {
        self.sequence = sequence
        self.time = time
        self.payload = payload
    }
}

/// A record with a copy of its payload.
public struct LogRecord: Hashable, Sendable {
    /// The record's place in the order of the log.
    public var sequence: SequenceNumber
    /// The time of the append, by the writer's clock.
    public var time: Timestamp
    /// The payload.
    public var payload: [UInt8]

    /// Makes a record.
    public init(sequence: SequenceNumber, time: Timestamp, payload: [UInt8]) {
        self.sequence = sequence
        self.time = time
        self.payload = payload
    }

    /// Copies a record out of the log.
    public init(_ view: borrowing RecordView) {
        self.init(
            sequence: view.sequence, time: view.time, payload: unsafe view.payload.withUnsafeBytes { unsafe Array($0) })
    }
}
