/// A segment that a reader has opened.
struct ReadableSegment {
    let segment: Segment
    let footer: SegmentFooter?
    /// Whether producers write to this memory. Then the reader doesn't map pages ahead: a page that is first mapped for
    /// reading costs a producer a fault.
    let isShared: Bool
    let bytes: SegmentBytes
    /// The gaps that the last scan of the whole segment has found. A segment may have thousands.
    let scannedGaps = ScannedGaps()
    /// Keeps the bytes mapped; nil if they are decompressed.
    private let mapping: Mapping?
    /// The mapped file if another process may seal the segment; otherwise nil.
    ///
    /// Sealing cuts the file, and an access past the end of a file raises SIGBUS. The file isn't cut before the end of
    /// a valid frame.
    private let unsealedFile: File?

    /// Opens a live segment. `size` is the size of its file: a sealed one ends after the footer, and before the end of
    /// its mapping.
    init(live segment: Segment, mapping: Mapping, size: Int, footer: SegmentFooter?) {
        self.segment = segment
        self.mapping = mapping
        unsealedFile = nil
        self.footer = footer
        isShared = true
        unsafe bytes = SegmentBytes(UnsafeRawBufferPointer(rebasing: mapping.bytes[..<size]))
    }

    /// Maps a plain segment's file up to its capacity. A compressed one is decompressed when the reader reaches the
    /// bytes.
    init(_ segment: Segment, in file: SegmentFile, size: Int, footer: SegmentFooter?) throws(WALError) {
        self.segment = segment
        self.footer = footer
        isShared = false
        switch file {
        case .plain(let file):
            let size = min(size, Int(clamping: segment.header.capacity))
            let mapping = try Mapping(file, size: size, isWritable: false)
            self.mapping = mapping
            unsealedFile = footer == nil ? file : nil
            unsafe bytes = SegmentBytes(mapping.bytes)
        case .compressed(let compressed):
            mapping = nil
            unsealedFile = nil
            bytes = SegmentBytes(compressed)
        }
    }

    var isCompressed: Bool { mapping == nil }

    /// The segment's size in bytes.
    var size: Int { bytes.count }

    /// The offset up to which frames may reach.
    var limit: Int { min(size, Int(clamping: segment.header.capacity)) }

    /// The offset up to which frames may reach at present. It is lower than ``limit`` if the file was cut meanwhile.
    var presentLimit: Int {
        guard let unsealedFile, let size = try? unsealedFile.size() else { return limit }
        return min(limit, size)
    }

    /// The offset up to which frames can be checked without ``isReadable(at:)``, if a valid frame ends at `offset`.
    func readableEnd(from offset: Int) -> Int {
        unsealedFile == nil ? .max : Mapping.endOfPage(before: offset + 1)
    }

    /// The object that holds the bytes read last.
    var memory: AnyObject? { mapping ?? bytes.memory }

    /// Loads bytes from an offset on, and returns their end. A plain segment can be read without this, but page faults
    /// are slower.
    func load(_ range: Range<Int>) throws(WALError) -> Int {
        guard let mapping else {
            try bytes.load(range.lowerBound..<range.lowerBound + 1)
            return bytes.loaded.upperBound
        }
        mapping.populateForReading(from: range.lowerBound, count: range.count)
        return range.upperBound
    }

    /// Checks the frame at an offset. Without the number of records before it, its record index may be any.
    func check(at offset: Int, recordIndexMin: UInt32 = 0) throws(WALError) -> FrameValidity.Outcome {
        guard try isReadable(at: offset) else { return unsafe .invalid(.checksum) }
        return unsafe try bytes.check(at: offset, limit: limit, seed: segment.seed, recordIndexMin: recordIndexMin)
    }

    /// Whether the frame at an offset can be checked in memory.
    ///
    /// In an unsealed file, a damaged length may lead past the place at which the file is cut next. So a frame that
    /// leaves its first page is first verified with bytes that the system copies.
    func isReadable(at offset: Int) throws(WALError) -> Bool {
        guard let unsealedFile, let mapping, offset + Frame.headerSize <= limit else { return true }
        let word = unsafe CommitWord.load(mapping.base + offset)
        let length = Int(UInt32(truncatingIfNeeded: word))
        let end = offset + roundedUp8(length)
        // A length beyond the limit isn't followed.
        guard end > Mapping.endOfPage(before: offset + 1), end <= limit else { return true }
        let start = offset + Frame.Offset.recordIndex
        return try unsafe withUnsafeTemporaryAllocation(
            byteCount: min(end - start, Self.pieceSize), alignment: 8
        ) { room in
            Result { () throws(WALError) -> Bool in
                var checksum = Checksum.of(Frame.place(offset: offset, length: length), after: segment.seed)
                for place in stride(from: start, to: end, by: Self.pieceSize) {
                    let piece = unsafe UnsafeMutableRawBufferPointer(
                        rebasing: room[..<min(end - place, Self.pieceSize)])
                    guard unsafe try unsealedFile.read(at: place, into: piece) == piece.count else { return false }
                    checksum = unsafe Checksum.of(UnsafeRawBufferPointer(piece), after: checksum)
                }
                return checksum == UInt32(truncatingIfNeeded: word >> 32)
            }
        }.get()
    }

    private static let pieceSize = 64 << 10

    /// Whether an unsealed file has a valid frame after a place that has none.
    ///
    /// No valid frame leads to the places that it looks at, so it searches a copy of the bytes.
    func hasFrame(after offset: Int, recordIndexMin: UInt32 = 0) throws(WALError) -> Bool {
        guard let unsealedFile else { return false }
        let header = segment.header
        let buffer = ReadBuffer()
        defer { withExtendedLifetime(buffer) {} }
        let bytes = try buffer.load(.plain(unsealedFile), of: header, isImmutable: false)
        var search = FrameSearch(
            seed: segment.seed, basePosition: header.basePosition, baseSequence: header.baseSequence)
        return try search.next(in: bytes, limit: bytes.count, after: offset, recordIndexMin: recordIndexMin) != nil
    }

    /// Whether a frame is committed at an offset of a plain segment.
    func hasFrame(at offset: Int) -> Bool {
        guard let mapping, offset + Frame.headerSize <= limit else { return false }
        return unsafe CommitWord.load(mapping.base + offset) != 0
    }

    /// Reads the index from the file, each time it is needed. If the index can't be read, reading starts at the
    /// segment's first frame.
    func index() throws(WALError) -> [SegmentFooter.IndexEntry] {
        guard let footer, case .valid(let frame) = unsafe try check(at: footer.offset) else { return [] }
        return unsafe SegmentFooter(frame.body)?.index ?? []
    }

    /// Returns the last place in the index for which a condition holds: a frame's offset, and the lowest record index
    /// that the frame can have. Returns the segment's first frame if it holds for none.
    func start(
        where precedes: (SegmentFooter.IndexEntry) -> Bool
    ) throws(WALError) -> (offset: Int, recordIndex: UInt32) {
        let index = try index()
        let count = index.prefixCount(where: precedes)
        guard count > 0 else { return (SegmentHeader.size, 0) }
        let entry = index[count - 1]
        return (Int(entry.offset), UInt32(truncatingIfNeeded: entry.sequence - segment.header.baseSequence))
    }
}

/// The gaps of a segment, by their offsets.
final class ScannedGaps {
    var byOffset: [Int: SegmentScan.Gap] = [:]
}
