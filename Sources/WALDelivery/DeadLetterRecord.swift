public import WAL

/// A complete record that a sink rejected, with the reason: the content of a dead-letter log.
///
/// The layout in bytes, with little-endian integers and UTF-8 texts:
///
/// | Offset | Bytes | Content |
/// | --- | --- | --- |
/// | 0 | 1 | version of this layout: 1 |
/// | 1 | 1 | 0: a letter; 1: the removal of a letter |
/// | 2 | 2 | s: bytes of the sink's name |
/// | 4 | 2 | c: bytes of the code |
/// | 6 | 2 | r: bytes of the reason |
/// | 8 | 8 | sequence number of the rejected record in its log |
/// | 16 | 8 | time when that record was appended: microseconds since 1970 |
/// | 24 | s | name of the sink |
/// | 24 + s | c | code |
/// | 24 + s + c | r | reason |
/// | 24 + s + c + r | the rest | payload |
///
/// A removal has the sink and the sequence number of a letter that was redriven or discarded, and no code, reason or
/// payload.
public struct DeadLetterRecord: Hashable, Sendable {
    /// The sequence number of the rejected record in its log.
    public var sequence: SequenceNumber
    /// The time when the rejected record was appended.
    public var time: Timestamp
    /// The name of the sink that rejected the record.
    public var sink: String
    /// The sink's own code for the failure, for example a SQLSTATE.
    public var code: String
    /// The reason as human-readable text. Texts over 65,535 bytes of UTF-8 are cut when they are stored.
    public var reason: String
    /// The record's payload.
    public var payload: [UInt8]

    /// Makes a dead letter.
    public init(
        sequence: SequenceNumber, time: Timestamp, sink: String, code: String, reason: String, payload: [UInt8]
    ) {
        self.sequence = sequence
        self.time = time
        self.sink = sink
        self.code = code
        self.reason = reason
        self.payload = payload
    }
}

extension DeadLetterRecord {
    /// The identity of a letter, which no two letters share.
    struct Identity: Hashable {
        var sink: String
        var sequence: SequenceNumber
    }

    private static let version: UInt8 = 1
    private static let headerSize = 24
    /// The byte after the version.
    private static let letterKind: UInt8 = 0
    private static let removalKind: UInt8 = 1

    var identity: Identity { Identity(sink: sink, sequence: sequence) }

    /// The removal of a letter, as the dead-letter log has it.
    static func removal(of letter: Identity) -> [UInt8] {
        var bytes = DeadLetterRecord(
            sequence: letter.sequence, time: .now, sink: letter.sink, code: "", reason: "", payload: []
        ).encoded
        bytes[1] = removalKind
        return bytes
    }

    /// Returns the letter that a record of the dead-letter log removes. Nil if the record isn't a removal.
    static func removed(by bytes: [UInt8]) -> Identity? {
        guard bytes.count > 1, bytes[1] == removalKind else { return nil }
        var bytes = bytes
        bytes[1] = letterKind
        return DeadLetterRecord(encoded: bytes)?.identity
    }

    var encoded: [UInt8] {
        let texts = [sink, code, reason].map { $0.utf8.prefix(Int(UInt16.max)) }
        var bytes: [UInt8] = [Self.version, Self.letterKind]
        bytes.reserveCapacity(Self.headerSize + texts.reduce(0) { $0 + $1.count } + payload.count)
        for text in texts { bytes.appendLittleEndian(UInt16(text.count)) }
        bytes.appendLittleEndian(sequence.rawValue)
        bytes.appendLittleEndian(UInt64(bitPattern: time.rawValue))
        for text in texts { bytes.append(contentsOf: text) }
        bytes.append(contentsOf: payload)
        return bytes
    }

    /// Decodes a dead letter. Returns nil if the bytes have another version or are too short.
    init?(encoded bytes: [UInt8]) {
        guard bytes.count >= Self.headerSize, bytes[0] == Self.version, bytes[1] == Self.letterKind else { return nil }
        let sizes = [2, 4, 6].map { Int(bytes.littleEndian(at: $0, size: 2)) }
        guard bytes.count >= Self.headerSize + sizes.reduce(0, +) else { return nil }
        var offset = Self.headerSize
        let texts = sizes.map { size in
            defer { offset += size }
            return String(decoding: bytes[offset..<offset + size], as: UTF8.self)
        }
        self.init(
            sequence: SequenceNumber(rawValue: bytes.littleEndian(at: 8, size: 8)),
            time: Timestamp(rawValue: Int64(bitPattern: bytes.littleEndian(at: 16, size: 8))),
            sink: texts[0], code: texts[1], reason: texts[2], payload: Array(bytes[offset...]))
    }
}

extension [UInt8] {
    mutating func appendLittleEndian<Value: FixedWidthInteger>(_ value: Value) {
        for byte in 0..<Value.bitWidth / 8 {
            append(UInt8(truncatingIfNeeded: value >> Value(byte * 8)))
        }
    }

    func littleEndian(at offset: Int, size: Int) -> UInt64 {
        self[offset..<offset + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
