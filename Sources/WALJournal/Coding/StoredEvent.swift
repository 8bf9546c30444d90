public import WAL

/// An event in its stored form, for the function that decodes events with another type name or version.
public struct StoredEvent: Hashable, Sendable {
    /// The sequence number of the event's record.
    public var sequence: SequenceNumber
    /// The time of the append, by the writer's clock.
    public var time: Timestamp
    /// The name of the event's type, as stored in the record.
    public var type: String
    /// The version of the type's schema, as stored in the record.
    public var version: UInt16
    /// The event's attributes.
    public var attributes: [String: String]
    /// The payload, as the coder encoded it.
    public var payload: [UInt8]

    /// Reads the event of a record. Returns nil if the record has no envelope of a known version.
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
