/// The body of a batch frame: many records under one checksum (FORMAT.md, "Batches").
///
///     record count u32 | codec u8 | flags u8 | zero u16 | content size u32 | stored size u32 | stored content
///
/// The content, before compression: the size of each record (u32), padding to 8, and the payloads one after another.
/// With ``flagBookmark``, padding to 8 and a bookmark follow the stored content. With ``flagTimes``, the earliest time
/// (i64) comes before the stored content, and the content has the time of each record (i64) before the payloads.
enum BatchBody {
    static let headerSize = 16
    static let flagBookmark: UInt8 = 1
    static let flagTimes: UInt8 = 2

    /// The largest content before compression. It bounds a compressed batch in a segment of 1 GiB, and the memory that
    /// a reader allocates.
    static let contentSizeMax = 1 << 30

    enum Codec: UInt8 {
        case none = 0
        case lz4 = 1
    }

    /// The content size from which compression is tried. A smaller content rarely repeats itself enough. (The ratio for
    /// 256-byte JSON logs is 1.03 for a single record, and 2.7 for 4 KiB of records.)
    static let compressionSizeMin = 1024

    /// Returns a body, ready to be copied into its frame. `times` are the times of the records; nil if they have the
    /// time of the frame.
    static func encode(
        _ batch: RecordBatch, times: [Int64]? = nil, bookmark: Bookmark?, compression: WriteAheadLog.Compression
    ) -> [UInt8] {
        var content = [UInt8]()
        content.reserveCapacity(
            roundedUp8(4 * batch.count) + 8 * (times?.count ?? 0) + roundedUp8(batch.payloads.count))
        for size in batch.sizes { content.add(size) }
        content.pad()
        for time in times ?? [] { content.add(time) }
        content.append(contentsOf: batch.payloads)
        let stored =
            compression == .lz4 && content.count >= compressionSizeMin ? LZ4Block.compress(content) : nil
        var body = [UInt8]()
        body.reserveCapacity(headerSize + 8 + (stored ?? content).count)
        body.add(UInt32(batch.count))
        body.add((stored == nil ? Codec.none : .lz4).rawValue)
        body.add((bookmark == nil ? 0 : flagBookmark) | (times == nil ? 0 : flagTimes))
        body.add(0 as UInt16)
        body.add(UInt32(content.count))
        body.add(UInt32((stored ?? content).count))
        if let times { body.add(times.min() ?? 0) }
        body.append(contentsOf: stored ?? content)
        if let bookmark {
            body.pad()
            body.append(contentsOf: CursorsBody.encode([.bookmark(bookmark)]))
        }
        return body
    }

    /// A batch's verified content.
    @unsafe
    struct Content {
        /// The memory with the decompressed bytes; nil if the bytes are in the frame.
        var memory: Memory?
        /// The content, which begins with the records' sizes.
        var bytes: UnsafeRawBufferPointer
        var recordCount: Int
        /// The offset of the records' times in the content; nil if they have the time of the frame.
        var timeOffset: Int?
        /// The offset of the payloads in the content.
        var payloadOffset: Int

        func size(_ index: Int) -> Int {
            unsafe Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
        }
    }

    /// Decompressed bytes, valid while this object is referenced.
    @safe
    final class Memory {
        let bytes: UnsafeMutableRawBufferPointer

        init(size: Int) {
            unsafe bytes = .allocate(byteCount: size, alignment: 16)
        }

        deinit {
            unsafe bytes.deallocate()
        }
    }

    /// The first fields, and the place of the stored content.
    struct Header {
        var recordCount: Int
        var codec: UInt8
        var contentSize: Int
        var storedSize: Int
        /// The earliest time, if the records have times of their own.
        var earliestTime: Int64?
        var bookmark: Bookmark?

        /// The offset of the stored content in the body.
        var storedOffset: Int { headerSize + (earliestTime == nil ? 0 : 8) }
        /// The size of the payloads, and the padding before them.
        var payloadSize: Int { contentSize - (earliestTime == nil ? 4 : 12) * recordCount }
    }

    /// Reads the body of a verified frame, without the content. Returns nil if it doesn't have this format.
    static func header(_ body: UnsafeRawBufferPointer) -> Header? {
        var reader = unsafe ByteReader(body)
        guard let recordCount = reader.number(UInt32.self), let codec = reader.number(UInt8.self),
            let flags = reader.number(UInt8.self), reader.number(UInt16.self) != nil,
            let contentSize = reader.number(UInt32.self), let storedSize = reader.number(UInt32.self),
            flags & ~(flagBookmark | flagTimes) == 0
        else { return nil }
        var header = Header(
            recordCount: Int(recordCount), codec: codec, contentSize: Int(contentSize), storedSize: Int(storedSize))
        if flags & flagTimes != 0 {
            guard let earliest = reader.number(Int64.self) else { return nil }
            header.earliestTime = earliest
        }
        guard storedSize <= reader.remaining else { return nil }
        let end = header.storedOffset + Int(storedSize)
        if flags & flagBookmark != 0 {
            guard roundedUp8(end) <= body.count else { return nil }
            let rest = unsafe UnsafeRawBufferPointer(rebasing: body[roundedUp8(end)...])
            guard case .some(.bookmark(let found)) = unsafe CursorsBody.decode(rest)?.first else { return nil }
            header.bookmark = found
        } else if end != body.count {
            return nil
        }
        return header
    }

    /// Reads the body of a verified frame. Returns nil if it doesn't have this format.
    static func decode(_ body: UnsafeRawBufferPointer) -> Content? {
        guard let header = unsafe header(body) else { return nil }
        let start = header.storedOffset
        let stored = unsafe UnsafeRawBufferPointer(rebasing: body[start..<start + header.storedSize])
        switch Codec(rawValue: header.codec) {
        case .some(.none):
            guard header.contentSize == header.storedSize else { return nil }
            return unsafe parse(stored, header, memory: nil)
        case .lz4:
            guard header.contentSize <= header.storedSize * LZ4Block.expansionMax,
                let memory = unsafe decompress(stored, size: header.contentSize)
            else { return nil }
            return unsafe parse(UnsafeRawBufferPointer(memory.bytes), header, memory: memory)
        case nil: return nil
        }
    }

    private static func parse(_ content: UnsafeRawBufferPointer, _ header: Header, memory: Memory?) -> Content? {
        let count = header.recordCount
        var reader = unsafe ByteReader(content)
        guard count <= reader.remaining / 4 else { return nil }
        var size = 0
        for _ in 0..<count { size += reader.number(UInt32.self).map(Int.init) ?? 0 }
        guard reader.align() else { return nil }
        let timeOffset = header.earliestTime == nil ? nil : reader.offset
        if timeOffset != nil, unsafe reader.skip(8 * count) == nil { return nil }
        guard reader.offset + size == content.count else { return nil }
        return unsafe Content(
            memory: memory, bytes: content, recordCount: count, timeOffset: timeOffset, payloadOffset: reader.offset)
    }

    private static func decompress(_ stored: UnsafeRawBufferPointer, size: Int) -> Memory? {
        guard size <= Int(Int32.max) else { return nil }
        let memory = Memory(size: size)
        return unsafe LZ4Block.decompress(stored, into: memory.bytes) ? memory : nil
    }
}
