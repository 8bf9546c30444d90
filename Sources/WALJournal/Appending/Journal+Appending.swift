public import WAL

extension Journal {
    /// Appends an event.
    ///
    /// When the function returns, the event survives the death of this process. Under `SyncPolicy.always` it is durable. Suspends for
    /// the sync under that policy, and while no segment is ready.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - attributes: Texts that are stored beside the event, such as a trace context. Names and values take at most 65,535 bytes.
    /// - Returns: The event's place in the log.
    /// - Throws: The codes of `WriteAheadLog.append(_:)`, and `invalidArgument` for an event that can't be encoded, with the coder's error
    ///   as its cause.
    @discardableResult
    public func append(_ event: Event, attributes: [String: String] = [:]) async throws(WALError) -> EventReceipt {
        let envelope = try format.envelope(attributes)
        let sequence: SequenceNumber
        if let coder = format.sizedCoder {
            sequence = try await log.append(count: envelope.count + coder.size(of: event)) { output in
                output.append(envelope)
                coder.write(event, into: &output)
            }
        } else {
            let payload = try format.encode(event)
            sequence = try await log.append(count: envelope.count + payload.count) { output in
                output.append(envelope)
                output.append(payload)
            }
        }
        return EventReceipt(sequence...sequence, in: log)
    }

    /// Appends events that become visible together or not at all, and a bookmark with them.
    ///
    /// - Parameters:
    ///   - events: At least one event.
    ///   - attributes: Texts that are stored beside each of the events.
    ///   - bookmark: The producer's position. A bookmark's name belongs to one producer.
    /// - Returns: The events' places in the log.
    /// - Throws: As ``append(_:attributes:)``, and `invalidArgument` for no events or a bookmark that is too large.
    @discardableResult
    public func append(
        contentsOf events: some Sequence<Event>, attributes: [String: String] = [:], bookmark: Bookmark? = nil
    ) async throws(WALError) -> EventReceipt {
        let envelope = try format.envelope(attributes)
        var batch = RecordBatch()
        for event in events {
            if let coder = format.sizedCoder {
                batch.append(count: envelope.count + coder.size(of: event)) { output in
                    output.append(envelope)
                    coder.write(event, into: &output)
                }
            } else {
                let payload = try format.encode(event)
                batch.append(count: envelope.count + payload.count) { output in
                    output.append(envelope)
                    output.append(payload)
                }
            }
        }
        let last = try await log.append(batch, bookmark: bookmark)
        let first = SequenceNumber(rawValue: last.rawValue - UInt64(batch.count) + 1)
        return EventReceipt(first...last, in: log)
    }
}
