/// The search for valid frames after the places of a file that have none.
struct FrameSearch {
    let seed: UInt32
    let basePosition: UInt64
    let baseSequence: UInt64
    /// The number of bytes that were checksummed without finding a frame.
    private(set) var effort = 0

    /// The limit of ``effort``, as a multiple of the bytes searched. With crafted payloads, every eighth byte could
    /// look like the start of a large frame, and opening would take hours. It is a limit for the whole file, because
    /// crafted frames can end each search soon.
    private static let effortMax = 16

    /// Checks the frame at a place to which the frames before it lead. A kind or a record index that rules it out saves
    /// the checksum, because damaged bytes can state the length of the whole file.
    func check(
        _ bytes: SegmentBytes, at offset: Int, limit: Int, recordIndexMin: UInt32
    ) throws(WALError) -> FrameValidity.Outcome {
        guard offset + Frame.headerSize <= limit else { return unsafe .atLimit }
        try bytes.load(offset..<offset + Frame.headerSize)
        guard let base = unsafe bytes.base else { return unsafe .atLimit }
        if unsafe base.load(UInt64.self, at: offset) == 0 { return unsafe .empty }
        guard isPossible(unsafe FrameHeader(base + offset), recordIndexMin: recordIndexMin) else {
            return unsafe .invalid(.kind)
        }
        return unsafe try bytes.check(at: offset, limit: limit, seed: seed, recordIndexMin: recordIndexMin)
    }

    /// Returns the offset of the next valid frame after a place that has none, and the number of records before it.
    /// Returns nil if there is none, or if the searches in this file have reached the limit.
    mutating func next(
        in bytes: SegmentBytes, limit: Int, after place: Int, recordIndexMin: UInt32
    ) throws(WALError) -> (offset: Int, recordIndex: UInt64)? {
        effort += try cost(of: place, in: bytes, limit: limit, recordIndexMin: recordIndexMin)
        if effort > Self.effortMax * limit { return nil }
        var offset = place + Frame.alignment
        while offset + Frame.headerSize <= limit {
            try bytes.load(offset..<min(limit, offset + ZeroBlocks.size))
            guard let base = unsafe bytes.base else { return nil }
            if let end = unsafe ZeroBlocks.end(of: offset, limit: limit, base) {
                offset = end
                continue
            }
            if unsafe isCandidate(base + offset, at: offset, limit: limit, recordIndexMin: recordIndexMin) {
                let length = unsafe FrameHeader(base + offset).length
                let outcome = unsafe try bytes.check(
                    at: offset, limit: limit, seed: seed, recordIndexMin: recordIndexMin)
                if case .valid(let frame) = unsafe outcome,
                    unsafe FrameValidity.body(frame, offset: offset, baseSequence: baseSequence) != nil
                {
                    return unsafe (offset, UInt64(frame.header.recordIndex))
                }
                effort += length
                if effort > Self.effortMax * limit { return nil }
            }
            offset += Frame.alignment
        }
        return nil
    }

    /// Returns the number of bytes that were checksummed at a place without a frame.
    private func cost(
        of place: Int, in bytes: SegmentBytes, limit: Int, recordIndexMin: UInt32
    ) throws(WALError) -> Int {
        guard place + Frame.headerSize <= limit else { return 0 }
        try bytes.load(place..<place + Frame.headerSize)
        guard let base = unsafe bytes.base else { return 0 }
        let header = unsafe FrameHeader(base + place)
        guard header.length >= Frame.headerSize, header.length <= limit - place else { return 0 }
        // A record is checksummed before the limit of its index is compared.
        return header.kind == .record || isPossible(header, recordIndexMin: recordIndexMin) ? header.length : 0
    }

    /// Whether a frame may begin here, judged without its checksum. Random bytes pass once in 10^7 places.
    @inline(__always)
    private func isCandidate(_ frame: UnsafeRawPointer, at offset: Int, limit: Int, recordIndexMin: UInt32) -> Bool {
        guard unsafe frame.load(UInt32.self, at: 0) >= UInt32(Frame.headerSize) else { return false }
        let header = unsafe FrameHeader(frame)
        return header.length <= limit - offset && isPossible(header, recordIndexMin: recordIndexMin)
            && (header.durableDistance == Frame.durableDistanceUnknown
                || UInt64(header.durableDistance) << 3 <= basePosition + UInt64(offset))
    }

    /// Whether a valid frame may have this kind and record index.
    @inline(__always)
    private func isPossible(_ header: FrameHeader, recordIndexMin: UInt32) -> Bool {
        (header.kind.isKnown || header.kind.isSkippable) && header.recordIndex >= recordIndexMin
            && header.recordIndex <= UInt32(SegmentHeader.recordCountMax)
    }
}
