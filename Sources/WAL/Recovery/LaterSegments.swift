/// What comes behind a segment, as far as it is in its place and of the same log.
struct LaterSegments {
    var headers: ArraySlice<SegmentHeader>
    /// The highest durable position that anything in them tells.
    var durablePosition: UInt64

    /// For each segment what comes behind it.
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
