/// The range of the current segment that was read ahead. The size doubles each time, because a reader of one record
/// doesn't need megabytes.
struct ReadAhead {
    private var end = 0
    private var size = sizeMin

    private static let sizeMin = 64 << 10
    private static let sizeMax = 2 << 20

    /// Returns the end of the range that was read ahead, at or after `offset`.
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
