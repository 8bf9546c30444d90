internal import CWALLZ4

/// The file of a compressed segment, read as the original segment.
///
/// A block that can't be decompressed reads as zeros, which aren't a valid frame. So damage costs the records of its
/// block, and recovery detects it as in a plain segment.
final class CompressedSegment: Sendable {
    let file: File
    private let layout: CompressedLayout
    /// Whether the table of blocks is intact. If not, the blocks were found by walking from one to the next.
    let isTableWhole: Bool

    /// The segment's size in bytes.
    var size: Int { layout.size }

    init(_ file: File) throws(WALError) {
        self.file = file
        let table = try Self.table(of: file)
        isTableWhole = table != nil
        layout = if let table { table } else { try Self.walk(file) }
    }

    private static func table(of file: File) throws(WALError) -> CompressedLayout? {
        let fileSize = try file.size()
        let trailerSize = CompressedLayout.trailerSize
        guard fileSize >= trailerSize else { return nil }
        let trailer = try file.read(at: fileSize - trailerSize, count: trailerSize)
        guard let size = unsafe trailer.withUnsafeBytes({ unsafe CompressedLayout.tableSize(trailer: $0) }),
            size <= fileSize
        else { return nil }
        let table = try file.read(at: fileSize - size, count: size)
        return unsafe table.withUnsafeBytes { unsafe CompressedLayout(table: $0, fileSize: fileSize) }
    }

    /// Walks from block to block. Stops at the end mark, at an impossible block, or at the largest number of blocks
    /// that a segment can have.
    private static func walk(_ file: File) throws(WALError) -> CompressedLayout {
        var layout = CompressedLayout()
        let fileSize = try file.size()
        var offset = CompressedLayout.frameHeaderSize
        while layout.blocks.count < CompressedLayout.countMax {
            let field = try file.read(at: offset, count: CompressedLayout.sizeFieldSize)
            guard field.count == CompressedLayout.sizeFieldSize else { break }
            let sizeField = unsafe field.withUnsafeBytes { unsafe $0.loadUnaligned(as: UInt32.self) }
            let block = CompressedLayout.Block(
                sizeField: UInt32(littleEndian: sizeField), checksum: nil, offset: offset)
            // Only the last block is smaller.
            guard layout.blocks.last?.canExpand(CompressedLayout.blockSize) ?? true, block.count > 0,
                block.count <= CompressedLayout.blockSize,
                offset + CompressedLayout.sizeFieldSize + block.count <= fileSize
            else { break }
            offset = layout.add(sizeField: block.sizeField, checksum: nil, at: offset)
        }
        guard !layout.blocks.isEmpty else { return layout }
        layout.size = layout.blocks.count * CompressedLayout.blockSize
        let last = layout.blocks.count - 1
        let lastSize = try unsafe withUnsafeTemporaryAllocation(
            byteCount: CompressedLayout.blockSize, alignment: 8
        ) { room in
            Result { () throws(WALError) in unsafe try decompress(layout.blocks[last], of: file, into: room) }
        }.get()
        layout.size += (lastSize ?? 0) - CompressedLayout.blockSize
        return layout
    }

    /// Decompresses a block to `room`, which has the block's size.
    ///
    /// The second copy of the header comes from the table: in the first block, LZ4 stores that copy as a reference to
    /// the first one.
    func decompress(block index: Int, into room: UnsafeMutableRawBufferPointer) throws(WALError) {
        let count = unsafe try Self.decompress(layout.blocks[index], of: file, into: room)
        if count != room.count { unsafe room.initializeMemory(as: UInt8.self, repeating: 0) }
        guard index == 0, isTableWhole, room.count >= SegmentHeader.size else { return }
        unsafe UnsafeMutableRawBufferPointer(rebasing: room[SegmentHeader.copySize...]).copyBytes(from: layout.header)
    }

    /// Returns the number of decompressed bytes, or nil if the block is damaged.
    private static func decompress(
        _ block: CompressedLayout.Block, of file: File, into room: UnsafeMutableRawBufferPointer
    ) throws(WALError) -> Int? {
        if block.isStored {
            guard block.count <= room.count else { return nil }
            let target = unsafe UnsafeMutableRawBufferPointer(rebasing: room[..<block.count])
            return unsafe try read(block, of: file, into: target) ? block.count : nil
        }
        guard block.count <= CompressedLayout.blockSize else { return nil }
        return try unsafe withUnsafeTemporaryAllocation(byteCount: block.count, alignment: 8) { stored in
            Result { () throws(WALError) -> Int? in
                guard unsafe try read(block, of: file, into: stored) else { return nil }
                let count = unsafe LZ4_decompress_safe(
                    stored.baseAddress, room.baseAddress, Int32(stored.count), Int32(room.count))
                return count >= 0 ? Int(count) : nil
            }
        }.get()
    }

    /// Returns false if the bytes differ from the bytes that were written.
    private static func read(
        _ block: CompressedLayout.Block, of file: File, into room: UnsafeMutableRawBufferPointer
    ) throws(WALError) -> Bool {
        guard unsafe try file.read(at: block.offset, into: room) == room.count else { return false }
        return block.checksum.map { unsafe $0 == Checksum.of(UnsafeRawBufferPointer(room)) } ?? true
    }

    /// The blocks that contain a range of the segment.
    func blocks(of range: Range<Int>) -> Range<Int> {
        let range = range.clamped(to: 0..<size)
        guard !range.isEmpty else { return 0..<0 }
        return range.lowerBound / CompressedLayout.blockSize..<(range.upperBound - 1) / CompressedLayout.blockSize + 1
    }

    /// The range of the segment that a block holds.
    func plainRange(ofBlock index: Int) -> Range<Int> {
        let start = index * CompressedLayout.blockSize
        return start..<start + layout.plainSize(ofBlock: index)
    }

    /// Reads the segment's bytes at `offset`. Returns fewer bytes at the end, like ``File/read(at:into:)``.
    func read(at offset: Int, into room: UnsafeMutableRawBufferPointer) throws(WALError) -> Int {
        let range = (offset..<offset + room.count).clamped(to: 0..<size)
        for index in blocks(of: range) {
            let place = plainRange(ofBlock: index)
            let wanted = place.clamped(to: range)
            let target = unsafe UnsafeMutableRawBufferPointer(
                rebasing: room[(wanted.lowerBound - offset)..<(wanted.upperBound - offset)])
            if wanted == place {
                unsafe try decompress(block: index, into: target)
                continue
            }
            try unsafe withUnsafeTemporaryAllocation(byteCount: place.count, alignment: 8) { block in
                Result { () throws(WALError) in
                    unsafe try decompress(block: index, into: block)
                    unsafe target.copyMemory(
                        from: UnsafeRawBufferPointer(
                            rebasing: block[
                                (wanted.lowerBound - place.lowerBound)..<(wanted.upperBound - place.lowerBound)]))
                }
            }.get()
        }
        return range.count
    }
}
