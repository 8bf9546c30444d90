/// The places of a compressed segment's blocks in its file (FORMAT.md, "Compressed segments").
///
/// The file is an LZ4 frame, so that `lz4 -d` restores the segment, and then a skippable frame with the table of its
/// blocks.
struct CompressedLayout: Hashable {
    struct Block: Hashable {
        /// The offset of the block's bytes in the file.
        var offset: Int
        /// The number of the block's bytes.
        var count: Int
        /// Whether the block is stored uncompressed, because compression saved nothing.
        var isStored: Bool
        /// The CRC-32C of the block's bytes; nil if the table is damaged.
        var checksum: UInt32?

        /// Makes a block from its size field, which is equal in the LZ4 frame and in the table.
        init(sizeField: UInt32, checksum: UInt32?, offset: Int) {
            self.offset = offset
            self.checksum = checksum
            count = Int(sizeField & ~Self.isStoredFlag)
            isStored = sizeField & Self.isStoredFlag != 0
        }

        var sizeField: UInt32 { UInt32(count) | (isStored ? Self.isStoredFlag : 0) }

        /// Whether the block can expand to that size. LZ4 expands at most 255-fold, which bounds the memory that a
        /// forged file can make a reader allocate.
        func canExpand(_ plainSize: Int) -> Bool { plainSize <= 255 * count }

        private static let isStoredFlag: UInt32 = 1 << 31
    }

    /// The second copy of the segment's header.
    var header: [UInt8]
    var blocks: [Block] = []
    /// The segment's size in bytes.
    var size = 0

    /// The number of segment bytes in a block. The last block has the rest.
    ///
    /// Opening and seeking decompress two blocks, so blocks are small. Measured with 64 MiB of lines of real task
    /// events, compression leaves 0.120 of the size with blocks of 64 KiB, 0.108 with 256 KiB, and 0.105 with 4 MiB.
    static let blockSize = 64 << 10
    /// The size of magic number, two bytes of flags, content size, and header checksum.
    static let frameHeaderSize = 15
    static let sizeFieldSize = 4
    private static let entrySize = 8
    /// The size of end mark and content checksum.
    static let frameEndSize = 8
    /// One of the 16 magic numbers of skippable frames.
    private static let skippableMagic: UInt32 = 0x184D_2A57
    private static let skippableHeaderSize = 8
    private static let magic: UInt64 = 0x0034_5A4C_4C41_5753  // "SWALLZ4"
    static let trailerSize = 24
    static let countMax = Int(SegmentHeader.lengthMax) / blockSize
    private static let checksumSize = 12

    /// Adds a block whose size field is at `offset`. Returns the offset of the next block's size field.
    mutating func add(sizeField: UInt32, checksum: UInt32?, at offset: Int) -> Int {
        let block = Block(sizeField: sizeField, checksum: checksum, offset: offset + Self.sizeFieldSize)
        blocks.append(block)
        return block.offset + block.count
    }

    /// Returns the number of segment bytes in a block.
    func plainSize(ofBlock index: Int) -> Int {
        min(Self.blockSize, size - index * Self.blockSize)
    }

    /// Returns the skippable frame.
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

    /// Returns the size of the skippable frame that ends with this trailer, or nil if it isn't a trailer.
    static func tableSize(trailer: UnsafeRawBufferPointer) -> Int? {
        guard let base = trailer.baseAddress, trailer.count == trailerSize,
            unsafe base.load(UInt64.self, at: 16) == magic
        else { return nil }
        let count = Int(unsafe base.load(UInt32.self, at: 8))
        guard count <= countMax else { return nil }
        return skippableHeaderSize + SegmentHeader.copySize + entrySize * count + trailerSize
    }

    /// Reads the skippable frame at the end of a file. Nil if it is damaged.
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

    /// Makes a layout without blocks.
    init(header: [UInt8] = []) {
        self.header = header
    }
}
