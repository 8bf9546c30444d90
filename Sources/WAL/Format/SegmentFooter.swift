/// The last frame of a sealed segment, with the data that opening and seeking need without reading the records
/// (FORMAT.md, "Footer").
///
/// The file ends with the footer, and the footer ends with a trailer of 16 bytes. So the footer is found from the end
/// of the file.
struct SegmentFooter: Hashable {
    /// A place from which reading can start.
    struct IndexEntry: Hashable {
        /// The lowest sequence number that the first record at or after `offset` can have.
        var sequence: UInt64
        /// The latest time of the records before `offset`, or the earliest possible time if there are none.
        var latestTimeBefore: Int64
        /// The offset of a frame.
        var offset: UInt64
    }

    /// The offset of the footer's own frame.
    var offset: Int
    var firstSequence: UInt64
    /// The last sequence number; one less than `firstSequence` if the segment has no records.
    var finalSequence: UInt64
    /// The earliest and latest time of the records; both 0 if there are none.
    var firstTime: Int64
    var lastTime: Int64
    /// The number of readable records. It is lower than the number of sequence numbers if some are void or lost.
    var recordCount: UInt64
    /// The size of the payloads in bytes, before compression.
    var payloadSize: UInt64
    /// The places from which reading can start. Also empty if the index was left in the file: opening doesn't need it,
    /// and a log of 64 GiB has 24 MB of it.
    var index: [IndexEntry]
    /// The cursors and bookmarks at the end of this segment.
    var markers: Markers

    static let magic: UInt64 = 0x544F_4F46_4C41_5753  // "SWALFOOT"
    static let trailerSize = 16
    private static let fixedSize = 64
    /// A limit above any payload size that a file can decompress to.
    private static let payloadSizeMax: UInt64 = 1 << 40
    private static let entrySize = 24
    /// Returns the number of bytes between two index entries.
    ///
    /// It limits an index to about 256 entries, because opening copies and checks all footers. For 64 GiB that took 22
    /// ms with four times as many entries, and takes 16 ms with these.
    static func indexInterval(capacity: Int) -> Int {
        max(64 << 10, capacity >> 8)
    }
    /// The limit of the size of all cursors and bookmarks, so that a footer always fits into its segment.
    static let markersSizeMax = 16 << 10

    /// Returns the space that a segment of this capacity keeps free for its footer.
    static func sizeMax(capacity: Int) -> Int {
        Frame.headerSize + fixedSize + (capacity / indexInterval(capacity: capacity) + 1) * entrySize + markersSizeMax
            + trailerSize
    }

    func encodeBody() -> [UInt8] {
        let markers = CursorsBody.encode(markers.snapshot)
        var body: [UInt8] = []
        body.add(firstSequence)
        body.add(finalSequence)
        body.add(firstTime)
        body.add(lastTime)
        body.add(recordCount)
        body.add(payloadSize)
        body.add(UInt64(index.count))
        body.add(UInt64(markers.count))
        for entry in index {
            body.add(entry.sequence)
            body.add(entry.latestTimeBefore)
            body.add(entry.offset)
        }
        body.append(contentsOf: markers)
        body.add(UInt64(offset))
        body.add(Self.magic)
        return body
    }

    /// Returns the footer's complete frame, with the present time.
    func encode(durableDistance: UInt32, seed: UInt32) -> [UInt8] {
        unsafe encodeBody().withUnsafeBytes { body in
            unsafe Frame.encode(
                kind: .footer, recordIndex: UInt32(clamping: finalSequence + 1 - firstSequence),
                durableDistance: durableDistance, time: Timestamp.now.rawValue, body: body, seed: seed, offset: offset)
        }
    }
}

extension SegmentFooter {
    /// Reads the body of a verified footer frame. Nil if it doesn't have this format.
    init?(_ body: UnsafeRawBufferPointer, withIndex: Bool = true) {
        var reader = unsafe ByteReader(body)
        guard let firstSequence = reader.number(UInt64.self), let finalSequence = reader.number(UInt64.self),
            let firstTime = reader.number(Int64.self), let lastTime = reader.number(Int64.self),
            let recordCount = reader.number(UInt64.self), let payloadSize = reader.number(UInt64.self),
            let indexCount = reader.number(UInt64.self), let markersSize = reader.number(UInt64.self),
            indexCount <= UInt64(reader.remaining / Self.entrySize),
            let rawIndex = unsafe reader.skip(Int(indexCount) * Self.entrySize)
        else { return nil }
        guard let markersSize = Int(exactly: markersSize), markersSize <= reader.remaining,
            let markers = reader.bytes(markersSize),
            let entries = unsafe markers.withUnsafeBytes({ unsafe CursorsBody.decode($0) }),
            let offset = reader.number(UInt64.self).flatMap(Int.init(exactly:)),
            reader.number(UInt64.self) == Self.magic, reader.remaining == 0,
            (1...SegmentHeader.countMax).contains(firstSequence), finalSequence >= firstSequence - 1,
            finalSequence - (firstSequence - 1) <= UInt64(UInt32.max), payloadSize <= Self.payloadSizeMax,
            unsafe Self.allEntries(
                of: rawIndex,
                satisfy: { entry in
                    entry.offset >= UInt64(SegmentHeader.size) && entry.offset < UInt64(offset) && entry.offset % 8 == 0
                        && entry.sequence >= firstSequence && entry.sequence <= finalSequence + 1
                })
        else { return nil }
        self.init(
            offset: offset, firstSequence: firstSequence, finalSequence: finalSequence, firstTime: firstTime,
            lastTime: lastTime, recordCount: recordCount, payloadSize: payloadSize,
            index: withIndex ? unsafe Self.index(rawIndex) : [], markers: Markers())
        for entry in entries { self.markers.apply(entry) }
    }

    var withoutIndex: SegmentFooter {
        var footer = self
        footer.index = []
        return footer
    }

    private static func index(_ bytes: UnsafeRawBufferPointer) -> [IndexEntry] {
        var index: [IndexEntry] = []
        index.reserveCapacity(bytes.count / entrySize)
        _ = unsafe allEntries(of: bytes) { entry in
            index.append(entry)
            return true
        }
        return index
    }

    private static func allEntries(
        of bytes: UnsafeRawBufferPointer, satisfy condition: (IndexEntry) -> Bool
    ) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        for place in stride(from: 0, to: bytes.count, by: entrySize) {
            let entry = unsafe base + place
            let isSatisfied = condition(
                IndexEntry(
                    sequence: unsafe entry.load(at: 0), latestTimeBefore: unsafe entry.load(at: 8),
                    offset: unsafe entry.load(at: 16)))
            if !isSatisfied { return false }
        }
        return true
    }

    /// Returns the offset of the footer's frame, from the last bytes of a file. Returns nil if they aren't a trailer.
    static func offset(fromTrailer trailer: UnsafeRawBufferPointer, fileSize: Int) -> Int? {
        guard let base = trailer.baseAddress, trailer.count == trailerSize,
            unsafe base.load(UInt64.self, at: 8) == magic,
            let offset = Int(exactly: unsafe base.load(UInt64.self, at: 0)),
            offset >= SegmentHeader.size, offset % Frame.alignment == 0,
            offset <= fileSize - Frame.headerSize - fixedSize - trailerSize
        else { return nil }
        return offset
    }
}
