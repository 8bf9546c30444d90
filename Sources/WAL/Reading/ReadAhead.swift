/// How far the current segment was read in. More each time: who reads one record doesn't want megabytes.
struct ReadAhead {
    private var end = 0
    private var size = sizeMin

    private static let sizeMin = 64 << 10
    private static let sizeMax = 2 << 20

    /// Where what is there ends, at or behind `offset`.
    mutating func reach(_ offset: Int, in segment: ReadableSegment) throws(WALError) -> Int {
        guard !segment.isShared else { return .max }
        // The window on a compressed segment may have moved meanwhile.
        if offset >= end || segment.isCompressed {
            let start = segment.isCompressed ? offset : offset & ~(Self.sizeMin - 1)
            end = try segment.load(start..<start + size)
            size = min(2 * size, Self.sizeMax)
        }
        return end
    }

    mutating func leaveSegment() { end = 0 }
}
