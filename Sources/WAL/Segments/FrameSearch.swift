/// A search for the next valid frame after a place without one.
struct FrameSearch {
    let seed: UInt32
    let basePosition: UInt64
    let baseSequence: UInt64

    /// The limit of bytes to checksum without finding a frame, as a multiple of the bytes searched. With crafted
    /// payloads, every eighth byte could look like the start of a large frame, and opening would take hours.
    private static let effortMax = 16

    /// Returns the offset of the next valid frame, and the number of records before it.
    func next(
        in bytes: SegmentBytes, limit: Int, from start: Int, recordIndexMin: UInt32
    ) throws(WALError) -> (offset: Int, recordIndex: UInt64)? {
        var effort = 0
        var offset = start
        while offset + Frame.headerSize <= limit {
            try bytes.load(offset..<min(limit, offset + ZeroBlocks.size))
            guard let base = unsafe bytes.base else { return nil }
            if let end = unsafe ZeroBlocks.end(of: offset, limit: limit, base) {
                offset = end
                continue
            }
            if unsafe isCandidate(base + offset, at: offset, limit: limit, recordIndexMin: recordIndexMin) {
                effort += unsafe FrameHeader(base + offset).length
                let outcome = unsafe try bytes.check(
                    at: offset, limit: limit, seed: seed, recordIndexMin: recordIndexMin)
                if case .valid(let frame) = unsafe outcome,
                    unsafe FrameValidity.body(frame, offset: offset, baseSequence: baseSequence) != nil
                {
                    return unsafe (offset, UInt64(frame.header.recordIndex))
                }
                if effort > Self.effortMax * limit { return nil }
            }
            offset += Frame.alignment
        }
        return nil
    }

    /// Whether a frame may begin here, judged without its checksum. Random bytes pass once in 10^7 places.
    @inline(__always)
    private func isCandidate(_ frame: UnsafeRawPointer, at offset: Int, limit: Int, recordIndexMin: UInt32) -> Bool {
        guard unsafe frame.load(UInt32.self, at: 0) >= UInt32(Frame.headerSize) else { return false }
        let header = unsafe FrameHeader(frame)
        return header.length <= limit - offset && (header.kind.isKnown || header.kind.isSkippable)
            && header.recordIndex >= recordIndexMin
            && header.recordIndex <= UInt32(SegmentHeader.recordCountMax)
            && (header.durableDistance == Frame.durableDistanceUnknown
                || UInt64(header.durableDistance) << 3 <= basePosition + UInt64(offset))
    }
}
