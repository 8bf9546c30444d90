/// The segments after a given one. Only files that belong to the log and have their correct number count.
struct LaterSegments {
    var headers: ArraySlice<SegmentHeader>
    /// The highest durable position in these segments.
    var durablePosition: UInt64

    /// Returns the later segments of each segment.
    static func behindEach(of segments: [ExaminedSegment], logID: LogID?) -> [LaterSegments] {
        let headers = segments.compactMap { $0.belongs(to: logID) ? $0.header : nil }
        var later = LaterSegments(headers: headers[headers.endIndex...], durablePosition: 0)
        var all: [LaterSegments] = []
        for segment in segments.reversed() {
            all.append(later)
            guard segment.belongs(to: logID) else { continue }
            later.headers = headers[(later.headers.startIndex - 1)...]
            later.durablePosition = max(later.durablePosition, segment.durablePosition)
        }
        return all.reversed()
    }
}
