public import WAL

/// An element of a journal: an event, a record that can't be decoded, or a gap in place of missing records.
public enum JournalEntry<Event: Sendable>: Sendable {
    /// A decoded event.
    case event(JournalEvent<Event>)
    /// A record that can't be decoded, with its bytes.
    case undecodable(UndecodableRecord)
    /// A gap in place of missing records.
    case gap(LogGap)

    /// The event; nil for a record that can't be decoded and for a gap.
    public var event: JournalEvent<Event>? {
        if case .event(let event) = self { event } else { nil }
    }
}

/// A decoded event.
public struct JournalEvent<Event: Sendable>: Sendable {
    /// The sequence number of the event's record.
    public var sequence: SequenceNumber
    /// The time of the append, by the writer's clock.
    public var time: Timestamp
    /// The attributes that were appended with the event.
    public var attributes: [String: String]
    /// The event itself.
    public var value: Event

    /// Makes an event. Each argument sets the property of the same name.
    public init(sequence: SequenceNumber, time: Timestamp, attributes: [String: String] = [:], value: Event) {
        self.sequence = sequence
        self.time = time
        self.attributes = attributes
        self.value = value
    }
}

extension JournalEntry: Equatable where Event: Equatable {}
extension JournalEvent: Equatable where Event: Equatable {}

/// A record that a journal can't decode.
public struct UndecodableRecord: Error, Hashable, Sendable {
    /// The reason why a record can't be decoded.
    public enum Reason: Hashable, Sendable {
        /// The record doesn't begin with an envelope of a known version: either no journal appended it, or a newer
        /// version did.
        case noEnvelope
        /// The event has another type name or version than the format, and the format has no function for such events.
        case otherFormat(type: String, version: UInt16)
        /// The coder rejected the payload with this message.
        case payload(String)
    }

    /// The record with all its bytes.
    public var record: LogRecord
    /// The reason why the record can't be decoded.
    public var reason: Reason

    /// Makes an undecodable record. Each argument sets the property of the same name.
    public init(record: LogRecord, reason: Reason) {
        self.record = record
        self.reason = reason
    }
}

extension UndecodableRecord: CustomStringConvertible {
    /// The record's sequence number and the reason, on one line.
    public var description: String {
        switch reason {
        case .noEnvelope: "record \(record.sequence) has no envelope of a known version"
        case .otherFormat(let type, let version):
            "record \(record.sequence) has an event of type \"\(type)\", version \(version)"
        case .payload(let message): "the payload of record \(record.sequence) can't be decoded: \(message)"
        }
    }
}
