/// A record where it lies, without a copy: valid only inside the closure that it was handed to.
@frozen
public struct RecordView: ~Escapable {
    /// The record's place in the order of the log.
    public let sequence: SequenceNumber
    /// When it was appended, by the writer's clock (ticks of 1 to 4 ms; may step back when that clock does).
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
    /// When it was appended.
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
