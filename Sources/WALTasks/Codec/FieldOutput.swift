/// An output of the encoder: a counter, or memory of the log. One encoder serves both, so the two can't disagree.
///
/// Inlinable, because other modules encode records, too, field by field.
@usableFromInline
package protocol FieldOutput: ~Copyable, ~Escapable {
    @_lifetime(self: copy self)
    mutating func put(_ byte: UInt8)
    @_lifetime(self: copy self)
    mutating func put(_ bytes: RawSpan)
    @_lifetime(self: copy self)
    mutating func put(_ text: String?)
}

/// A counter of the bytes of an encoding.
@usableFromInline
package struct ByteCounter: FieldOutput {
    @usableFromInline
    package var count = 0

    @inlinable
    package init() {}

    /// Returns the number of bytes that `put` writes.
    @inlinable
    package static func count(_ put: (inout ByteCounter) -> Void) -> Int {
        var counter = ByteCounter()
        put(&counter)
        return counter.count
    }

    @inlinable
    package mutating func put(_ byte: UInt8) {
        count += 1
    }

    @inlinable
    package mutating func put(_ bytes: RawSpan) {
        count += bytes.byteCount
    }

    @inlinable
    package mutating func put(_ text: String?) {
        guard let size = text?.utf8.count else { return count += 1 }
        put(varint: UInt64(size) + 1)
        count += size
    }
}

extension OutputRawSpan: FieldOutput {
    @inlinable
    @_lifetime(self: copy self)
    package mutating func put(_ byte: UInt8) {
        append(byte)
    }

    @inlinable
    @_lifetime(self: copy self)
    package mutating func put(_ bytes: RawSpan) {
        let size = bytes.byteCount
        precondition(size <= freeCapacity, "\(size) bytes for \(freeCapacity)")
        unsafe withUnsafeMutableBytes { room, count in
            unsafe bytes.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: room[count...]).copyMemory(from: source)
            }
            count += size
        }
    }
}

extension FieldOutput where Self: ~Copyable, Self: ~Escapable {
    @inlinable
    @_lifetime(self: copy self)
    package mutating func put(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            put(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        put(UInt8(truncatingIfNeeded: rest))
    }

    @inlinable
    @_lifetime(self: copy self)
    package mutating func put(zigzag value: Int64) {
        put(varint: UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    @inlinable
    @_lifetime(self: copy self)
    package mutating func put(fixed value: Int64) {
        let bits = UInt64(bitPattern: value)
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            put(UInt8(truncatingIfNeeded: bits >> shift))
        }
    }

    @inlinable
    @_lifetime(self: copy self)
    package mutating func put(_ text: String?) {
        guard let text else { return put(0) }
        let bytes = unsafe text.utf8.span.bytes
        put(varint: UInt64(bytes.byteCount) + 1)
        put(bytes)
    }

    /// Writes bytes as a text is written, in any encoding.
    @inlinable
    @_lifetime(self: copy self)
    package mutating func put(bytes: [UInt8]?) {
        guard let bytes else { return put(0) }
        put(varint: UInt64(bytes.count) + 1)
        put(unsafe bytes.span.bytes)
    }
}
