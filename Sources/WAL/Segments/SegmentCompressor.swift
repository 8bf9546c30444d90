internal import CWALLZ4

/// Rewrites a sealed segment's file as an LZ4 frame and the table of its blocks (FORMAT.md, "Compressed segments").
@safe
final class SegmentCompressor {
    private let context: OpaquePointer
    private let output: File
    private var layout = CompressedLayout()
    /// The bytes that aren't written to the file yet. `offset` is their place in the file.
    private var pending: [UInt8] = []
    private var offset = 0

    private static let writeSize = 1 << 20
    /// The number of bytes to compress before deciding whether the rest is worth it.
    private static let trialSize = 1 << 20
    private static let failed = WALError(.inputOutput, "LZ4 couldn't compress a segment. It stays uncompressed.")

    /// Compresses `size` bytes of `input` into `output`, syncs that, and compares it with the input, because the new
    /// file will be the only one.
    ///
    /// Returns the new file's size. Returns nil if less than an eighth would be saved or `isStopped` returns true; then
    /// the segment stays uncompressed.
    static func compress(
        _ input: File, size: Int, to output: File, isStopped: () -> Bool
    ) throws(WALError) -> Int? {
        let compressor = try SegmentCompressor(to: output, size: size)
        var done = 0
        while done < size {
            // Not for each block, because `isStopped` takes a lock that producers take, too.
            if done % writeSize == 0, isStopped() { return nil }
            let block = try input.read(at: done, count: min(CompressedLayout.blockSize, size - done))
            guard done + block.count == min(size, done + CompressedLayout.blockSize), size >= SegmentHeader.size else {
                throw failed
            }
            done += block.count
            try compressor.add(block)
            if done >= trialSize || done == size, !compressor.isWorthIt(of: done) { return nil }
        }
        let newSize = try compressor.finish()
        guard try isSame(try CompressedSegment(output), as: input, size: size) else { throw failed }
        return newSize
    }

    private static func isSame(
        _ segment: CompressedSegment, as input: File, size: Int
    ) throws(WALError) -> Bool {
        guard segment.isTableWhole, segment.size == size else { return false }
        var room = [UInt8](repeating: 0, count: CompressedLayout.blockSize)
        for index in segment.blocks(of: 0..<size) {
            let place = segment.plainRange(ofBlock: index)
            room.removeLast(room.count - place.count)
            let result = unsafe room.withUnsafeMutableBytes { room in
                Result { () throws(WALError) in unsafe try segment.decompress(block: index, into: room) }
            }
            try result.get()
            guard try input.read(at: place.lowerBound, count: place.count) == room else { return false }
        }
        return true
    }

    private init(to output: File, size: Int) throws(WALError) {
        var context: OpaquePointer?
        guard unsafe LZ4F_isError(LZ4F_createCompressionContext(&context, UInt32(LZ4F_VERSION))) == 0,
            let context = unsafe context
        else { throw Self.failed }
        unsafe self.context = unsafe context
        self.output = output
        layout.size = size
        var preferences = LZ4F_preferences_t()
        preferences.frameInfo.blockSizeID = LZ4F_max64KB
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
        preferences.frameInfo.contentSize = UInt64(size)
        // Write each block immediately.
        preferences.autoFlush = 1
        let written = unsafe try add(roomFor: Int(LZ4F_HEADER_SIZE_MAX)) { room in
            unsafe LZ4F_compressBegin(context, room.baseAddress, room.count, &preferences)
        }
        guard written == CompressedLayout.frameHeaderSize else { throw Self.failed }
    }

    deinit {
        unsafe LZ4F_freeCompressionContext(context)
    }

    private func add(_ block: [UInt8]) throws(WALError) {
        if layout.blocks.isEmpty {
            layout.header = Array(block[SegmentHeader.copySize..<SegmentHeader.size])
        }
        let start = offset + pending.count
        let written = unsafe try add(roomFor: LZ4F_compressBound(block.count, nil)) { [context] room in
            unsafe block.withUnsafeBytes { block in
                unsafe LZ4F_compressUpdate(context, room.baseAddress, room.count, block.baseAddress, block.count, nil)
            }
        }
        let (sizeField, checksum) = unsafe pending.withUnsafeBytes { bytes in
            let added = unsafe UnsafeRawBufferPointer(rebasing: bytes.suffix(written))
            let stored = unsafe UnsafeRawBufferPointer(rebasing: added.dropFirst(CompressedLayout.sizeFieldSize))
            return unsafe (UInt32(littleEndian: added.loadUnaligned(as: UInt32.self)), Checksum.of(stored))
        }
        guard layout.add(sizeField: sizeField, checksum: checksum, at: start) == start + written else {
            throw Self.failed
        }
        if pending.count >= Self.writeSize { try write() }
    }

    private func isWorthIt(of size: Int) -> Bool {
        offset + pending.count <= size - size / 8
    }

    private func finish() throws(WALError) -> Int {
        let written = unsafe try add(roomFor: LZ4F_compressBound(0, nil)) { [context] room in
            unsafe LZ4F_compressEnd(context, room.baseAddress, room.count, nil)
        }
        guard written == CompressedLayout.frameEndSize else { throw Self.failed }
        pending += layout.encodeTable()
        try write()
        try output.sync()
        return offset
    }

    /// Calls LZ4 to append to `pending`. Returns the number of new bytes.
    private func add(
        roomFor count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int
    ) throws(WALError) -> Int {
        let start = pending.count
        try pending.append(addingCapacity: count) { output throws(WALError) in
            try unsafe output.withUnsafeMutableBufferPointer { bytes, filledCount throws(WALError) in
                let written = unsafe body(UnsafeMutableRawBufferPointer(bytes))
                guard LZ4F_isError(written) == 0 else { throw Self.failed }
                filledCount = written
            }
        }
        return pending.count - start
    }

    private func write() throws(WALError) {
        try output.write(pending, at: offset)
        offset += pending.count
        pending.removeAll(keepingCapacity: true)
    }
}
