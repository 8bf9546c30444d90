/// A segment's bytes, for walking from frame to frame: all of them in memory for a plain segment, a window on them for
/// a compressed one.
///
/// The window bounds the memory for a compressed segment to the window's size or its largest frame, regardless of the
/// size that its file states: a file of 18 MB can stand for 4 GiB.
@safe
final class SegmentBytes {
    /// The segment's size in bytes.
    let count: Int
    /// The address of offset 0, even if that isn't loaded. Only offsets in `loaded` may be read.
    private(set) var base: UnsafeRawPointer?
    /// The range of offsets that is in memory.
    private(set) var loaded: Range<Int>
    /// The memory that `base` points into, if the bytes are decompressed.
    private(set) var memory: Mapping?
    /// The previous window. Pointers into it stay valid for one move of the window.
    private var previous: Mapping?
    private let segment: CompressedSegment?

    /// The number of bytes to decompress after the requested ones.
    private static let windowSize = 8 * CompressedLayout.blockSize

    /// Makes a view of bytes that the caller keeps in memory.
    init(_ bytes: UnsafeRawBufferPointer) {
        count = bytes.count
        unsafe base = bytes.baseAddress
        loaded = 0..<bytes.count
        segment = nil
    }

    /// Makes a window on a compressed segment's bytes.
    init(_ segment: CompressedSegment) {
        count = segment.size
        unsafe base = nil
        loaded = 0..<0
        self.segment = segment
    }

    /// Loads the part of a range that lies within the segment.
    func load(_ range: Range<Int>) throws(WALError) {
        let wanted = range.clamped(to: 0..<count)
        guard let segment, !wanted.isEmpty,
            wanted.lowerBound < loaded.lowerBound || wanted.upperBound > loaded.upperBound
        else { return }
        let blocks = segment.blocks(of: wanted.lowerBound..<wanted.upperBound + Self.windowSize)
        let start = segment.plainRange(ofBlock: blocks.lowerBound).lowerBound
        let end = segment.plainRange(ofBlock: blocks.upperBound - 1).upperBound
        let room = try room(of: end - start)
        for index in blocks {
            let place = segment.plainRange(ofBlock: index)
            unsafe try segment.decompress(
                block: index,
                into: UnsafeMutableRawBufferPointer(
                    start: room.base + (place.lowerBound - start), count: place.count))
        }
        previous = memory
        memory = room
        unsafe base = UnsafeRawPointer(room.base) - start
        loaded = start..<end
    }

    /// Returns the memory of the window before the last if nothing refers to it, and new memory otherwise.
    private func room(of size: Int) throws(WALError) -> Mapping {
        if var room = previous.take(), room.size >= size, room.size <= 4 * size, isKnownUniquelyReferenced(&room) {
            return room
        }
        return try Mapping(memoryOf: size)
    }

    /// Loads the frame at an offset, if its length is possible.
    ///
    /// Returns false if the frame is longer than the window and its checksum doesn't match: only a valid frame may take
    /// that memory.
    func loadFrame(at offset: Int, limit: Int, seed: UInt32) throws(WALError) -> Bool {
        guard segment != nil, offset + Frame.headerSize <= limit else { return true }
        try load(offset..<offset + Frame.headerSize)
        guard let base = unsafe base else { return true }
        let header = unsafe FrameHeader(base + offset)
        guard header.length >= Frame.headerSize, header.size <= limit - offset else { return true }
        if header.size > Self.windowSize, try checksum(of: header, at: offset, seed: seed) != header.checksum {
            return false
        }
        try load(offset..<offset + header.size)
        return true
    }

    /// Returns a frame's checksum, computed one window at a time.
    private func checksum(of header: FrameHeader, at offset: Int, seed: UInt32) throws(WALError) -> UInt32 {
        var checksum = Checksum.of(Frame.place(offset: offset, length: header.length), after: seed)
        var place = offset + Frame.Offset.recordIndex
        let end = offset + header.size
        while place < end {
            try load(place..<place + 1)
            guard let base = unsafe base else { break }
            let pieceEnd = min(end, loaded.upperBound)
            checksum = unsafe Checksum.of(
                UnsafeRawBufferPointer(start: base + place, count: pieceEnd - place), after: checksum)
            place = pieceEnd
        }
        return checksum
    }

    /// Checks the frame at an offset. No thread may write to the memory meanwhile.
    func check(
        at offset: Int, limit: Int, seed: UInt32, recordIndexMin: UInt32
    ) throws(WALError) -> FrameValidity.Outcome {
        guard offset + Frame.headerSize <= limit else { return unsafe .atLimit }
        guard try loadFrame(at: offset, limit: limit, seed: seed) else { return unsafe .invalid(.checksum) }
        guard let base = unsafe base else { return unsafe .atLimit }
        return unsafe FrameValidity.check(
            commitWord: base.load(at: offset), base: base, offset: offset, limit: limit, seed: seed,
            recordIndexMin: recordIndexMin)
    }

    /// Returns the offset after the last byte before `limit` that isn't zero.
    func usedSize(limit: Int) throws(WALError) -> Int {
        var end = limit
        while end > 0 {
            let start = segment == nil ? 0 : max(0, end - 1) / Self.windowSize * Self.windowSize
            try load(start..<end)
            guard let base = unsafe base else { return 0 }
            let used = unsafe ZeroBlocks.usedSize(UnsafeRawBufferPointer(start: base + start, count: end - start))
            if used > 0 { return start + used }
            end = start
        }
        return 0
    }
}
