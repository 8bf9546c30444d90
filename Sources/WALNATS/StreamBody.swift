internal import CWALShims
internal import WAL
package import WALDelivery

/// The body of a message: the records of one batch (FORMAT.md, "JetStream messages").
///
///     version u8 | codec u8 | zero u16 | content size u32 | record count u32 | stored content | CRC-32C u32
///
/// Before compression, the content has an index, and then the payloads one after another. The index has three numbers
/// for each record: the distance to the record before as a varint, the distance of their times as a zigzag varint, and
/// the size of the payload as a varint.
package enum StreamBody {
    static let version: UInt8 = 1
    static let headerSize = 12
    static let checksumSize = 4
    /// The largest content that a reader takes, in bytes. A message of a server has at most 64 MiB.
    static let contentSizeMax = 256 << 20

    enum Codec: UInt8 {
        case none = 0
        case lz4 = 1
    }

    /// Returns the body of a message with these records, compressed if that saves at least an eighth.
    package static func encode(_ records: [SinkRecord], compressing: Bool) -> [UInt8] {
        var content: [UInt8] = []
        content.reserveCapacity(records.reduce(0) { $0 + $1.payload.count + 12 })
        var (sequence, time): (UInt64, Int64) = (0, 0)
        for record in records {
            content.add(varint: record.sequence.rawValue &- sequence)
            content.add(zigzag: record.time.rawValue &- time)
            content.add(varint: UInt64(record.payload.count))
            (sequence, time) = (record.sequence.rawValue, record.time.rawValue)
        }
        for record in records { content.append(contentsOf: record.payload) }
        let stored = compressing ? LZ4Block.compress(content) : nil
        var body: [UInt8] = [version, (stored == nil ? Codec.none : .lz4).rawValue, 0, 0]
        body.reserveCapacity(headerSize + (stored ?? content).count + checksumSize)
        body.add(fixed: UInt32(content.count))
        body.add(fixed: UInt32(records.count))
        body.append(contentsOf: stored ?? content)
        body.add(fixed: checksum(of: body[...]))
        return body
    }

    /// Returns the records of a body.
    ///
    /// - Throws: ``JetStreamError`` with the code `damaged`.
    package static func decode(_ body: [UInt8]) throws(JetStreamError) -> [SinkRecord] {
        let content = try content(of: body)
        var records: [SinkRecord] = []
        try forEachEntry(of: content, count: Int(body.fixed(at: 8))) { sequence, time, range in
            records.append(SinkRecord(sequence: sequence, time: time, payload: content[range]))
        }
        return records
    }

    /// Calls a closure with each record of a body, after a check of the whole body.
    ///
    /// - Throws: ``JetStreamError`` with the code `damaged`.
    static func forEachRecord(
        of body: [UInt8], _ take: (SequenceNumber, Timestamp, RawSpan) -> Void
    ) throws(JetStreamError) {
        let content = try content(of: body)
        try forEachEntry(of: content, count: Int(body.fixed(at: 8))) { sequence, time, range in
            unsafe take(sequence, time, content.span.bytes.extracting(range))
        }
    }

    private static func forEachEntry(
        of content: [UInt8], count: Int, _ take: (SequenceNumber, Timestamp, Range<Int>) -> Void
    ) throws(JetStreamError) {
        // A record takes at least three bytes.
        guard count <= content.count / 3 else { throw damaged("it counts \(count) records") }
        var offset = try checkedIndexSize(of: content, count)
        var index = IndexReader(content)
        for _ in 0..<count {
            guard let entry = index.next() else { throw damaged("its index is cut") }
            let range = offset..<offset + entry.size
            take(SequenceNumber(rawValue: entry.sequence), Timestamp(rawValue: entry.time), range)
            offset = range.upperBound
        }
    }

    private static func content(of body: [UInt8]) throws(JetStreamError) -> [UInt8] {
        guard body.count >= headerSize + checksumSize else { throw damaged("it has \(body.count) bytes") }
        let end = body.count - checksumSize
        guard body.fixed(at: end) == checksum(of: body[..<end]) else { throw damaged("its checksum is wrong") }
        guard body[0] == version else { throw damaged("its version is \(body[0]), and this program knows \(version)") }
        guard let codec = Codec(rawValue: body[1]), body[2] == 0, body[3] == 0 else {
            throw damaged("its codec is \(body[1])")
        }
        let size = Int(body.fixed(at: 4))
        let content: [UInt8]
        switch codec {
        case .none: content = Array(body[headerSize..<end])
        case .lz4:
            guard size <= min(contentSizeMax, (end - headerSize) * LZ4Block.expansionMax),
                let bytes = decompress(body[headerSize..<end], size: size)
            else { throw damaged("its content can't be decompressed") }
            content = bytes
        }
        guard content.count == size else { throw damaged("its content has another size") }
        return content
    }

    /// Returns the size of the index, after a check of its numbers and of the size of the payloads.
    private static func checkedIndexSize(of content: [UInt8], _ count: Int) throws(JetStreamError) -> Int {
        var index = IndexReader(content)
        var payloadSize = 0
        for _ in 0..<count {
            guard let entry = index.next(), entry.size <= content.count - payloadSize else {
                throw damaged("its index is cut")
            }
            payloadSize += entry.size
        }
        guard payloadSize <= content.count - index.offset else { throw damaged("its payloads are cut") }
        guard payloadSize == content.count - index.offset else { throw damaged("bytes follow its payloads") }
        return index.offset
    }

    private static func decompress(_ block: ArraySlice<UInt8>, size: Int) -> [UInt8]? {
        var isWhole = false
        let content = unsafe [UInt8](unsafeUninitializedCapacity: size) { room, count in
            isWhole = unsafe block.withUnsafeBytes { block in
                unsafe LZ4Block.decompress(
                    block, into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(room)[..<size]))
            }
            count = isWhole ? size : 0
        }
        return isWhole ? content : nil
    }

    private static func checksum(of bytes: ArraySlice<UInt8>) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe cwal_crc32c(0, $0.baseAddress, $0.count) }
    }

    private static func damaged(_ reason: String) -> JetStreamError {
        JetStreamError(.damaged, "A message of the stream can't be read: \(reason).")
    }
}

/// A reader of the index of a content.
private struct IndexReader {
    private var reader: VarintReader
    private var sequence: UInt64 = 0
    private var time: Int64 = 0

    init(_ content: [UInt8]) {
        reader = VarintReader(bytes: content)
    }

    var offset: Int { reader.offset }

    /// Returns the next entry. Returns nil if the index is cut off, or if the sequence number doesn't increase.
    mutating func next() -> (sequence: UInt64, time: Int64, size: Int)? {
        guard let step = reader.varint(), let pause = reader.zigzag(), let size = reader.varint(),
            size <= UInt64(reader.bytes.count), step > 0,
            case (let number, false) = sequence.addingReportingOverflow(step)
        else { return nil }
        (sequence, time) = (number, time &+ pause)
        return (sequence, time, Int(size))
    }
}

/// A reader of variable-length numbers. It returns nil at the end, and for a number with more than 64 bits.
private struct VarintReader {
    let bytes: [UInt8]
    private(set) var offset = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard offset < bytes.count else { return nil }
            let byte = bytes[offset]
            offset += 1
            guard shift < 63 || byte <= 1 else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }

    mutating func zigzag() -> Int64? {
        varint().map { Int64(bitPattern: $0 >> 1) ^ -Int64(bitPattern: $0 & 1) }
    }
}

extension [UInt8] {
    fileprivate mutating func add(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    fileprivate mutating func add(zigzag value: Int64) {
        add(varint: UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    fileprivate mutating func add(fixed value: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    fileprivate func fixed(at offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(self[offset + $1]) << (8 * UInt32($1)) }
    }
}
