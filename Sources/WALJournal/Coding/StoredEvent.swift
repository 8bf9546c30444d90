public import WAL

/// An event as its record has it, for decoding events of another type name or version.
public struct StoredEvent: Hashable, Sendable {
    /// The event's place in the order of the log.
    public var sequence: SequenceNumber
    /// The time of the append, by the writer's clock.
    public var time: Timestamp
    /// The name of the event's type, from the record.
    public var type: String
    /// The version of the type's schema, from the record.
    public var version: UInt16
    /// The event's attributes.
    public var attributes: [String: String]
    /// The bytes that the coder made.
    public var payload: [UInt8]

    /// Reads the event of a record. Returns nil if no journal of a known version wrote the record.
    package init?(_ record: LogRecord) {
        guard let (envelope, offset) = EventEnvelope.decode(record.payload) else { return nil }
        self.init(record, envelope, payload: record.payload[offset...])
    }

    init(_ record: LogRecord, _ envelope: EventEnvelope, payload: ArraySlice<UInt8>) {
        sequence = record.sequence
        time = record.time
        type = envelope.type
        version = envelope.version
        attributes = envelope.attributes
        self.payload = Array(payload)
    }
}
