/// A coder of events, which encodes an event as the bytes of a payload and decodes an event from a payload.
///
/// Several threads may call a coder at the same time.
public protocol RecordCoder<Event>: Sendable {
    associatedtype Event: Sendable

    /// Returns the payload of an event.
    ///
    /// - Parameter event: The event.
    /// - Throws: An error of the coder's choice. Then the journal appends nothing.
    func encode(_ event: Event) throws -> [UInt8]

    /// Decodes the event of a payload.
    ///
    /// Damaged or foreign bytes may reach this function.
    ///
    /// - Parameter payload: The bytes of a payload, or any other bytes.
    /// - Throws: An error of the coder's choice for all bytes that aren't a payload of this coder.
    func decode(_ payload: RawSpan) throws -> Event
}

/// A coder that knows the size of a payload before it writes it.
///
/// A journal lets such a coder write directly into the log's memory, without an intermediate array.
public protocol SizedRecordCoder<Event>: RecordCoder {
    /// Returns the number of bytes that ``write(_:into:)`` writes for an event.
    func size(of event: Event) -> Int

    /// Writes an event's payload, which has exactly ``size(of:)`` bytes.
    ///
    /// This function can't fail, because the record already has its place in the log. It should return quickly: no
    /// later record becomes visible before it returns.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - output: The memory of the log for the payload.
    func write(_ event: Event, into output: inout OutputRawSpan)
}

extension SizedRecordCoder {
    public func encode(_ event: Event) throws -> [UInt8] {
        let size = size(of: event)
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            let room = unsafe UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: size)
            var output = unsafe OutputRawSpan(buffer: room, initializedCount: 0)
            write(event, into: &output)
            unsafe count = output.finalize(for: room)
        }
    }
}
