internal import Logging
internal import WAL

extension LogLine {
    /// Decodes the payload of a record. Returns nil for bytes that aren't a line, or that are a line of a newer
    /// version.
    ///
    /// It accepts any bytes: it neither traps nor reads outside of them.
    ///
    /// - Parameter payload: The bytes of a record.
    public init?(payload: RawSpan) {
        var input = LineInput(payload)
        guard input.byte() == LineFormat.mark, input.byte() == LineFormat.version,
            let level = input.byte().flatMap(Logger.Level.init(code:)), let time = input.time(),
            let label = input.text(), let message = input.text(), let source = input.optionalText(),
            let file = input.text(), let function = input.text(),
            let line = input.varint().flatMap(UInt.init(exactly:)),
            let metadata = input.metadata(depth: 0), input.remaining == 0
        else { return nil }
        self.init(
            time: time, level: level, label: label, message: message, metadata: metadata,
            source: source ?? String(decoding: Self.module(of: file), as: UTF8.self), file: file, function: function,
            line: line)
    }

    /// Decodes the payload of a record; see ``init(payload:)-(RawSpan)``.
    ///
    /// - Parameter payload: The bytes of a record.
    public init?(payload: [UInt8]) {
        unsafe self.init(payload: payload.span.bytes)
    }
}

/// Reads an encoded line. Each function returns nil if the next bytes don't encode a value of its type.
struct LineInput: ~Escapable {
    private let bytes: RawSpan
    private var offset = 0

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) {
        self.bytes = bytes
    }

    var remaining: Int { bytes.byteCount - offset }

    @_lifetime(self: copy self)
    mutating func byte() -> UInt8? {
        guard remaining > 0 else { return nil }
        defer { offset += 1 }
        return unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    @_lifetime(self: copy self)
    mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = byte() {
            // The tenth byte holds one bit. A last byte of 0 would give the same number a second encoding.
            guard shift < 63 || byte <= 1, byte != 0 || shift == 0 else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    @_lifetime(self: copy self)
    mutating func time() -> Timestamp? {
        guard remaining >= 8 else { return nil }
        defer { offset += 8 }
        let bits = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
        return Timestamp(rawValue: Int64(bitPattern: UInt64(littleEndian: bits)))
    }

    /// Reads a text that may be missing. The outer optional is nil if the bytes don't encode such a text.
    @_lifetime(self: copy self)
    mutating func optionalText() -> String?? {
        guard let marker = varint() else { return nil }
        guard marker > 0 else { return .some(nil) }
        guard marker - 1 <= UInt64(remaining) else { return nil }
        let range = offset..<offset + Int(marker - 1)
        offset = range.upperBound
        guard let text = try? UTF8Span(validating: Span<UInt8>(_bytes: bytes.extracting(range))) else { return nil }
        return String(copying: text)
    }

    @_lifetime(self: copy self)
    mutating func text() -> String? {
        optionalText() ?? nil
    }

    @_lifetime(self: copy self)
    mutating func metadata(depth: Int) -> Logger.Metadata? {
        // A pair has at least three bytes. So a false count can't make this function allocate more memory than the
        // bytes justify.
        guard let count = varint(), count <= UInt64(remaining / 3) else { return nil }
        var metadata: Logger.Metadata = [:]
        for _ in 0..<count {
            guard let key = text(), let value = value(depth: depth) else { return nil }
            metadata[key] = value
        }
        return metadata
    }

    @_lifetime(self: copy self)
    private mutating func value(depth: Int) -> Logger.MetadataValue? {
        switch byte() {
        case LineFormat.Value.text: return text().map { .string($0) }
        case LineFormat.Value.array where depth < LineFormat.depthMax:
            guard let count = varint(), count <= UInt64(remaining / 2) else { return nil }
            var values: [Logger.MetadataValue] = []
            for _ in 0..<count {
                guard let value = value(depth: depth + 1) else { return nil }
                values.append(value)
            }
            return .array(values)
        case LineFormat.Value.dictionary where depth < LineFormat.depthMax:
            return metadata(depth: depth + 1).map { .dictionary($0) }
        default: return nil
        }
    }
}
