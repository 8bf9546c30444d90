public import WAL
public import WALDelivery

/// The format of a journal's events in the records of a log: the coder, the name of the events' type, and the version
/// of the type's schema.
///
/// Each record stores the name and the version, so that a later program can decode it. Use one format for the journal
/// and for every process that reads the journal.
public struct EventFormat<Event: Sendable>: Sendable {
    /// The name of the events' type, which each record stores. It may be empty.
    public let type: String
    /// The version of the type's schema, which each record stores.
    public let version: UInt16

    private let coder: any RecordCoder<Event>
    /// The coder, if it can write into the log's memory.
    let sizedCoder: (any SizedRecordCoder<Event>)?
    private let decodingOther: (@Sendable (StoredEvent) throws -> Event)?
    /// The envelope of an event without attributes; nil if the type name is too long.
    private let plainEnvelope: [UInt8]?

    /// Makes a format.
    ///
    /// - Parameters:
    ///   - coder: Encodes events, and decodes events of this type and version.
    ///   - type: The name of the events' type.
    ///   - version: The version of the type's schema. Increase it whenever the coder can't decode older records.
    ///   - decodingOther: Decodes events with another type name or version, and throws for events that it doesn't know.
    ///     Without it, such events are undecodable.
    public init(
        _ coder: some RecordCoder<Event>, type: String = "", version: UInt16 = 1,
        decodingOther: (@Sendable (StoredEvent) throws -> Event)? = nil
    ) {
        self.coder = coder
        sizedCoder = coder as? any SizedRecordCoder<Event>
        self.type = type
        self.version = version
        self.decodingOther = decodingOther
        plainEnvelope = try? EventEnvelope(type: type, version: version, attributes: [:]).encoded()
    }
}

extension EventFormat where Event: Codable {
    /// Returns a format that encodes events as JSON.
    ///
    /// - Parameters:
    ///   - type: The name of the events' type.
    ///   - version: The version of the type's schema. Increase it whenever older records don't decode as `Event`.
    ///   - decodingOther: Decodes events with another type name or version. Without it, such events are undecodable.
    public static func json(
        type: String = "", version: UInt16 = 1, decodingOther: (@Sendable (StoredEvent) throws -> Event)? = nil
    ) -> EventFormat {
        EventFormat(JSONCoder(), type: type, version: version, decodingOther: decodingOther)
    }
}

extension EventFormat where Event == [UInt8] {
    /// Returns a format for events that are already bytes.
    ///
    /// - Parameters:
    ///   - type: The name of the events' type.
    ///   - version: The version of the type's schema.
    ///   - decodingOther: Decodes events with another type name or version. Without it, such events are undecodable.
    public static func bytes(
        type: String = "", version: UInt16 = 1, decodingOther: (@Sendable (StoredEvent) throws -> Event)? = nil
    ) -> EventFormat {
        EventFormat(BytesCoder(), type: type, version: version, decodingOther: decodingOther)
    }
}

extension EventFormat {
    func envelope(_ attributes: [String: String]) throws(WALError) -> [UInt8] {
        if attributes.isEmpty, let plainEnvelope { return plainEnvelope }
        return try EventEnvelope(type: type, version: version, attributes: attributes).encoded()
    }

    /// Returns the bytes of an event's record, for example to replace the payload of a dead letter.
    ///
    /// ``Journal/append(_:attributes:)`` stores the same bytes.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - attributes: Texts that the record stores with the event.
    /// - Throws: `WALError.Code.invalidArgument` if the event can't be encoded, or if the type name or the attributes
    ///   are too long.
    public func record(of event: Event, attributes: [String: String] = [:]) throws(WALError) -> [UInt8] {
        try envelope(attributes) + encode(event)
    }

    func encode(_ event: Event) throws(WALError) -> [UInt8] {
        do {
            return try coder.encode(event)
        } catch {
            throw WALError(
                .invalidArgument,
                "The event can't be encoded (\(type.isEmpty ? "\(Event.self)" : type)), so nothing was appended.",
                cause: error)
        }
    }

    /// Decodes the event of a record that a flusher delivers to a sink.
    ///
    /// - Parameter record: The record.
    /// - Returns: The event, with the record's sequence number and time.
    /// - Throws: ``UndecodableRecord``. A sink of the stores treats this error as a defect of the record, and the
    ///   record becomes a dead letter.
    public func event(of record: SinkRecord) throws(UndecodableRecord) -> JournalEvent<Event> {
        let copy = LogRecord(sequence: record.sequence, time: record.time, payload: Array(record.payload))
        switch decode(copy) {
        case .event(let event): return event
        case .undecodable(let record): throw record
        case .gap: throw UndecodableRecord(record: copy, reason: .noEnvelope)
        }
    }

    /// Returns a key closure for a `Flusher`, which delivers events with equal keys in order and may deliver other
    /// events concurrently.
    ///
    /// The hash of a key is the same in every process and version. Each worker of the flusher decodes every event to
    /// find its key. All records that can't be decoded share one key.
    ///
    /// - Parameter key: Returns the key of an event.
    public func laneKey(_ key: @escaping @Sendable (Event) -> String) -> @Sendable (RawSpan) -> UInt64? {
        { payload in
            let bytes = (0..<payload.byteCount).map { unsafe payload.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
            let record = LogRecord(sequence: .zero, time: Timestamp(rawValue: 0), payload: bytes)
            guard case .event(let event) = decode(record) else { return 0 }
            return StableHash.of(key(event.value))
        }
    }

    /// Decodes an entry of the log.
    func decode(_ entry: LogEntry) -> JournalEntry<Event> {
        switch entry {
        case .record(let record): decode(record)
        case .gap(let gap): .gap(gap)
        }
    }

    private func decode(_ record: LogRecord) -> JournalEntry<Event> {
        guard let (envelope, offset) = EventEnvelope.decode(record.payload) else {
            return .undecodable(UndecodableRecord(record: record, reason: .noEnvelope))
        }
        do {
            let value: Event
            if envelope.type == type, envelope.version == version {
                value = unsafe try coder.decode(record.payload.span.bytes.extracting(droppingFirst: offset))
            } else if let decodingOther {
                value = try decodingOther(StoredEvent(record, envelope, payload: record.payload[offset...]))
            } else {
                let reason = UndecodableRecord.Reason.otherFormat(type: envelope.type, version: envelope.version)
                return .undecodable(UndecodableRecord(record: record, reason: reason))
            }
            return .event(
                JournalEvent(
                    sequence: record.sequence, time: record.time, attributes: envelope.attributes, value: value))
        } catch {
            return .undecodable(UndecodableRecord(record: record, reason: .payload("\(error)")))
        }
    }
}
