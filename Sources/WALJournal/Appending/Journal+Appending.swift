public import WAL

extension Journal {
    /// Appends an event.
    ///
    /// When the function returns, the event survives the death of this process. Under `SyncPolicy.always` it is also
    /// durable. Suspends for the sync under that policy, and while no segment is ready.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - attributes: Texts that the record stores with the event, such as a trace context. Encoded, all attributes of
    ///     an event together have at most 65,535 bytes.
    /// - Returns: The event's sequence number, in a receipt.
    /// - Throws: The errors of `WriteAheadLog.append(_:)`, and `invalidArgument` for an event that can't be encoded,
    ///   with the coder's error as its cause, or for a type name or attributes that are too long.
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

    /// Appends events that become visible together or not at all. A bookmark can be appended with them.
    ///
    /// Suspends like ``append(_:attributes:)``.
    ///
    /// - Parameters:
    ///   - events: At least one event.
    ///   - attributes: Texts that the log stores with each event.
    ///   - bookmark: The producer's position. A bookmark's name belongs to one producer.
    /// - Returns: The events' sequence numbers, in a receipt.
    /// - Throws: The errors of ``append(_:attributes:)``, and `invalidArgument` if there are no events or if the
    ///   bookmark is too large.
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
