/// A coder of events: it makes a payload of bytes from an event, and an event from a payload.
///
/// Coders are called from several threads at the same time.
public protocol RecordCoder<Event>: Sendable {
    associatedtype Event: Sendable

    /// Returns the payload of an event.
    func encode(_ event: Event) throws -> [UInt8]

    /// Returns the event of a payload. It throws for any bytes that aren't such a payload, because damaged or foreign
    /// bytes may be among them.
    func decode(_ payload: RawSpan) throws -> Event
}

/// A coder that knows the size of a payload before it writes it.
///
/// A journal lets such a coder write directly into the log's memory, without an array in between.
public protocol SizedRecordCoder<Event>: RecordCoder {
    /// Returns the number of bytes that ``write(_:into:)`` writes for an event.
    func size(of event: Event) -> Int

    /// Writes an event's payload: exactly ``size(of:)`` bytes.
    ///
    /// It can't fail, because the record has its place in the log before the call. It should be quick: no later record
    /// becomes visible before it returns.
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
