/// Where the blocks of a compressed segment lie in its file (FORMAT.md, "Compressed segments"): an LZ4 frame, so that `lz4 -d` gives
/// the segment back, and behind it, in a skippable frame, the table of its blocks.
struct CompressedLayout: Hashable {
    struct Block: Hashable {
        /// Where its bytes start in the file.
        var offset: Int
        /// How many there are.
        var count: Int
        /// They are the segment's own, because compressing them saved nothing.
        var isStored: Bool
        /// CRC-32C of them; nil where the table isn't whole.
        var checksum: UInt32?

        /// The size as both the LZ4 frame and the table have it.
        init(sizeField: UInt32, checksum: UInt32?, offset: Int) {
            self.offset = offset
            self.checksum = checksum
            count = Int(sizeField & ~Self.isStoredFlag)
            isStored = sizeField & Self.isStoredFlag != 0
        }

        var sizeField: UInt32 { UInt32(count) | (isStored ? Self.isStoredFlag : 0) }

        /// Whether so many bytes of the segment may come of it: LZ4 makes at most 255 of one, so that no file has more memory
        /// allocated than it is worth.
        func canExpand(_ plainSize: Int) -> Bool { plainSize <= 255 * count }

        private static let isStoredFlag: UInt32 = 1 << 31
    }

    /// The header's second copy.
    var header: [UInt8]
    var blocks: [Block] = []
    /// The segment's size in bytes.
    var size = 0

    /// How many bytes of the segment are in a block; the last one has the rest. Of 64 MiB of lines of real task events 0.120 are
    /// left with blocks of 64 KiB, 0.108 with 256 KiB, 0.105 with 4 MiB. Opening and seeking decompress two of them, so they are small.
    static let blockSize = 64 << 10
    /// Magic number, two bytes of flags, content size, header checksum.
    static let frameHeaderSize = 15
    static let sizeFieldSize = 4
    private static let entrySize = 8
    /// End mark and content checksum.
    static let frameEndSize = 8
    /// Skippable frames have one of 16 magic numbers.
    private static let skippableMagic: UInt32 = 0x184D_2A57
    private static let skippableHeaderSize = 8
    private static let magic: UInt64 = 0x0034_5A4C_4C41_5753  // "SWALLZ4"
    static let trailerSize = 24
    static let countMax = Int(SegmentHeader.lengthMax) / blockSize
    private static let checksumSize = 12

    /// Adds a block, whose size field starts at `offset`. Returns where the next one's does.
    mutating func add(sizeField: UInt32, checksum: UInt32?, at offset: Int) -> Int {
        let block = Block(sizeField: sizeField, checksum: checksum, offset: offset + Self.sizeFieldSize)
        blocks.append(block)
        return block.offset + block.count
    }

    /// The size of a block's bytes in the segment.
    func plainSize(ofBlock index: Int) -> Int {
        min(Self.blockSize, size - index * Self.blockSize)
    }

    /// The skippable frame.
    func encodeTable() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.add(Self.skippableMagic)
        bytes.add(UInt32(SegmentHeader.copySize + Self.entrySize * blocks.count + Self.trailerSize))
        bytes += header
        for block in blocks {
            bytes.add(block.sizeField)
            bytes.add(block.checksum ?? 0)
        }
        bytes.add(UInt64(size))
        bytes.add(UInt32(blocks.count))
        bytes.add(unsafe bytes.withUnsafeBytes { unsafe Checksum.of($0) })
        bytes.add(Self.magic)
        return bytes
    }

    /// The size of the skippable frame that ends with this trailer; nil where it is none.
    static func tableSize(trailer: UnsafeRawBufferPointer) -> Int? {
        guard let base = trailer.baseAddress, trailer.count == trailerSize,
            unsafe base.load(UInt64.self, at: 16) == magic
        else { return nil }
        let count = Int(unsafe base.load(UInt32.self, at: 8))
        guard count <= countMax else { return nil }
        return skippableHeaderSize + SegmentHeader.copySize + entrySize * count + trailerSize
    }

    /// Reads the skippable frame at the end of a file; nil where it isn't whole.
    init?(table: UnsafeRawBufferPointer, fileSize: Int) {
        var reader = unsafe ByteReader(table)
        let fixedSize = Self.skippableHeaderSize + SegmentHeader.copySize + Self.trailerSize
        let count = (table.count - fixedSize) / Self.entrySize
        guard reader.number(UInt32.self) == Self.skippableMagic,
            reader.number(UInt32.self) == UInt32(clamping: table.count - Self.skippableHeaderSize), count > 0,
            let header = reader.bytes(SegmentHeader.copySize)
        else { return nil }
        self.header = header
        var offset = Self.frameHeaderSize
        for _ in 0..<count {
            guard let sizeField = reader.number(UInt32.self), let checksum = reader.number(UInt32.self) else {
                return nil
            }
            offset = add(sizeField: sizeField, checksum: checksum, at: offset)
        }
        let covered = unsafe UnsafeRawBufferPointer(rebasing: table[..<(reader.offset + Self.checksumSize)])
        guard let size = reader.number(UInt64.self), reader.number(UInt32.self) == UInt32(clamping: count),
            unsafe reader.number(UInt32.self) == Checksum.of(covered), reader.number(UInt64.self) == Self.magic,
            size > UInt64((count - 1) * Self.blockSize), size <= UInt64(count * Self.blockSize),
            offset + Self.frameEndSize + table.count == fileSize
        else { return nil }
        self.size = Int(size)
        guard blocks.indices.allSatisfy({ blocks[$0].canExpand(plainSize(ofBlock: $0)) }) else { return nil }
    }

    /// Of a file without blocks.
    init(header: [UInt8] = []) {
        self.header = header
    }
}
