internal import WAL

/// The part of a journal's record that precedes the event's payload (FORMAT.md, "The records of journals").
///
///     magic u8 | envelope version u8 | schema version u16 | size of the type name u16 | size of the attributes u16
///     | type name | attributes
struct EventEnvelope: Hashable {
    private static let magic: UInt8 = 0x4A
    private static let version: UInt8 = 1
    private static let headerSize = 8

    var type: String
    var version: UInt16
    var attributes: [String: String]

    /// The bytes of the envelope.
    func encoded() throws(WALError) -> [UInt8] {
        let attributes = try encodedAttributes()
        guard let typeSize = UInt16(exactly: type.utf8.count), let attributesSize = UInt16(exactly: attributes.count)
        else {
            throw WALError(
                .invalidArgument,
                """
                The type name has \(type.utf8.count) bytes and the attributes take \(attributes.count) bytes; each may \
                take 65535. Put large values into the event.
                """)
        }
        var bytes: [UInt8] = [Self.magic, Self.version]
        bytes.reserveCapacity(Self.headerSize + type.utf8.count + attributes.count)
        for number in [version, typeSize, attributesSize] { bytes.add(number) }
        bytes.append(contentsOf: type.utf8)
        bytes.append(contentsOf: attributes)
        return bytes
    }

    /// The attributes in sorted order, so that equal attributes have equal bytes.
    private func encodedAttributes() throws(WALError) -> [UInt8] {
        var bytes: [UInt8] = []
        for (key, value) in attributes.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            guard let keySize = UInt16(exactly: key.utf8.count), let valueSize = UInt16(exactly: value.utf8.count)
            else {
                throw WALError(
                    .invalidArgument,
                    "The attribute \(key.prefix(40)) has more than 65535 bytes. Put large values into the event.")
            }
            bytes.add(keySize)
            bytes.add(valueSize)
            bytes.append(contentsOf: key.utf8)
            bytes.append(contentsOf: value.utf8)
        }
        return bytes
    }

    /// Reads the envelope of a record, and the offset of the record's payload. Returns nil if the record has no
    /// envelope of a known version.
    static func decode(_ record: [UInt8]) -> (envelope: EventEnvelope, payloadOffset: Int)? {
        guard record.count >= headerSize, record[0] == magic, record[1] == version else { return nil }
        let typeSize = record.number(at: 4)
        let attributesSize = record.number(at: 6)
        let attributesOffset = headerSize + typeSize
        let payloadOffset = attributesOffset + attributesSize
        guard record.count >= payloadOffset,
            let type = String(validating: record[headerSize..<attributesOffset], as: UTF8.self),
            let attributes = attributes(record, attributesOffset..<payloadOffset)
        else { return nil }
        let envelope = EventEnvelope(type: type, version: UInt16(record.number(at: 2)), attributes: attributes)
        return (envelope, payloadOffset)
    }

    private static func attributes(_ record: [UInt8], _ range: Range<Int>) -> [String: String]? {
        var attributes: [String: String] = [:]
        var offset = range.lowerBound
        while offset < range.upperBound {
            guard offset + 4 <= range.upperBound else { return nil }
            let value = offset + 4 + record.number(at: offset)
            let end = value + record.number(at: offset + 2)
            guard end <= range.upperBound,
                let key = String(validating: record[offset + 4..<value], as: UTF8.self),
                let text = String(validating: record[value..<end], as: UTF8.self),
                attributes.updateValue(text, forKey: key) == nil
            else { return nil }
            offset = end
        }
        return attributes
    }
}

extension [UInt8] {
    fileprivate mutating func add(_ number: UInt16) {
        append(UInt8(truncatingIfNeeded: number))
        append(UInt8(truncatingIfNeeded: number >> 8))
    }

    fileprivate func number(at offset: Int) -> Int { Int(self[offset]) | Int(self[offset + 1]) << 8 }
}
