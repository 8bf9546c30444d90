/// A coder for events that are already bytes.
public struct BytesCoder: SizedRecordCoder {
    /// Makes the coder.
    public init() {}

    public func size(of event: [UInt8]) -> Int { event.count }

    public func write(_ event: [UInt8], into output: inout OutputRawSpan) {
        output.append(event)
    }

    public func decode(_ payload: RawSpan) throws -> [UInt8] {
        unsafe payload.withUnsafeBytes { unsafe Array($0) }
    }
}

extension OutputRawSpan {
    /// Appends bytes.
    @_lifetime(self: copy self)
    mutating func append(_ bytes: [UInt8]) {
        unsafe withUnsafeMutableBytes { room, count in
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: room[count...])
            unsafe rest.copyBytes(from: bytes)
            count += bytes.count
        }
    }
}
