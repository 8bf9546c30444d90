package import WAL

/// A reader of the fields of a payload. It checks every length before using it.
package struct FieldInput: ~Escapable {
    private let bytes: RawSpan
    package private(set) var offset = 0

    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) {
        self.bytes = bytes
    }

    package var remaining: Int { bytes.byteCount - offset }

    @_lifetime(self: copy self)
    package mutating func byte() throws(TaskCodecError) -> UInt8 {
        guard remaining > 0 else { throw TaskCodecError(.truncated, at: offset) }
        let value = unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
        offset += 1
        return value
    }

    @_lifetime(self: copy self)
    package mutating func varint() throws(TaskCodecError) -> UInt64 {
        let start = offset
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try byte()
            // The tenth byte holds one bit. A last byte of 0 would be a second encoding of the same number.
            guard shift < 63 || byte <= 1, byte != 0 || shift == 0 else {
                throw TaskCodecError(.invalidField, at: start)
            }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    @_lifetime(self: copy self)
    package mutating func zigzag() throws(TaskCodecError) -> Int64 {
        let bits = try varint()
        return Int64(bitPattern: bits >> 1) ^ -Int64(bitPattern: bits & 1)
    }

    @_lifetime(self: copy self)
    package mutating func int32() throws(TaskCodecError) -> Int32 {
        let start = offset
        guard let value = Int32(exactly: try zigzag()) else { throw TaskCodecError(.invalidField, at: start) }
        return value
    }

    @_lifetime(self: copy self)
    package mutating func time() throws(TaskCodecError) -> Timestamp {
        guard remaining >= 8 else { throw TaskCodecError(.truncated, at: offset) }
        let bits = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
        offset += 8
        return Timestamp(rawValue: Int64(bitPattern: UInt64(littleEndian: bits)))
    }

    /// Reads a time that is stored as its distance from another. The difference wraps around, so every pair can be
    /// stored.
    @_lifetime(self: copy self)
    package mutating func time(after base: Timestamp) throws(TaskCodecError) -> Timestamp {
        Timestamp(rawValue: base.rawValue &+ (try zigzag()))
    }

    @_lifetime(self: copy self)
    package mutating func status() throws(TaskCodecError) -> TaskStatus {
        let start = offset
        guard let status = TaskStatus(code: try byte()) else { throw TaskCodecError(.invalidField, at: start) }
        return status
    }

    @_lifetime(self: copy self)
    package mutating func optionalText() throws(TaskCodecError) -> String? {
        guard let range = try textRange() else { return nil }
        // Takes half the time of `String(validating:as:)`, which isn't specialized.
        return String(copying: try utf8(range))
    }

    /// Reads past the next text and returns its range, or nil if the text is nil. The text is valid UTF-8.
    @_lifetime(self: copy self)
    package mutating func validTextRange() throws(TaskCodecError) -> Range<Int>? {
        guard let range = try textRange() else { return nil }
        _ = try utf8(range)
        return range
    }

    @_lifetime(copy self)
    private func utf8(_ range: Range<Int>) throws(TaskCodecError) -> UTF8Span {
        do {
            return try UTF8Span(validating: Span<UInt8>(_bytes: bytes.extracting(range)))
        } catch {
            throw TaskCodecError(.invalidField, at: range.lowerBound)
        }
    }

    @_lifetime(self: copy self)
    package mutating func text() throws(TaskCodecError) -> String {
        let start = offset
        guard let text = try optionalText() else { throw TaskCodecError(.invalidField, at: start) }
        return text
    }

    /// Reads bytes that are stored as a text is, in any encoding.
    @_lifetime(self: copy self)
    package mutating func optionalBytes() throws(TaskCodecError) -> [UInt8]? {
        guard let range = try textRange() else { return nil }
        return unsafe bytes.extracting(range).withUnsafeBytes { unsafe Array($0) }
    }

    /// Reads past the next text and returns its range, or nil if the text is nil.
    @_lifetime(self: copy self)
    package mutating func textRange() throws(TaskCodecError) -> Range<Int>? {
        let start = offset
        let marker = try varint()
        guard marker > 0 else { return nil }
        guard marker - 1 <= UInt64(remaining) else { throw TaskCodecError(.truncated, at: start) }
        let range = offset..<offset + Int(marker - 1)
        offset = range.upperBound
        return range
    }

    package func end() throws(TaskCodecError) {
        guard remaining == 0 else { throw TaskCodecError(.trailingBytes, at: offset) }
    }
}
