/// The places of frames in a segment that a seeking reader has found, some 2 KiB apart.
///
/// Frames between two places are skipped by their lengths, and aren't verified. So a place is a hint. The reader verifies the frame that
/// it takes there, and walks the segment if that isn't the wanted one. Only one reader uses an object.
final class FramePlaces {
    /// The start of a frame, and what is known of the frames before it.
    struct Place {
        // A segment has at most 1 GiB.
        var offset: UInt32
        /// The number of records of the segment before the frame.
        var recordIndex: UInt32
        /// The latest time of the records before the frame.
        var latestTimeBefore: Int64
    }

    /// The distance between two places. With records of 256 bytes, a search passes three of them on average.
    private static let interval: UInt32 = 2 << 10

    let segment: ReadableSegment
    /// The segment's index, with its first frame in front.
    private let index: [Place]
    /// For each entry of the index, the places from there on that were found.
    private var stretches: [[Place]]

    init(_ segment: ReadableSegment) throws(WALError) {
        self.segment = segment
        let base = segment.segment.header.baseSequence
        index =
            [Place(offset: UInt32(SegmentHeader.size), recordIndex: 0, latestTimeBefore: .min)]
            + (try segment.index().map { entry in
                Place(
                    offset: UInt32(clamping: entry.offset),
                    recordIndex: UInt32(truncatingIfNeeded: entry.sequence &- base),
                    latestTimeBefore: entry.latestTimeBefore)
            })
        stretches = index.map { [$0] }
    }

    /// The sequence numbers that the segment has, or may have because it isn't sealed.
    var sequences: ClosedRange<UInt64> {
        let base = segment.segment.header.baseSequence
        return base...max(base, segment.footer?.finalSequence ?? .max)
    }

    /// Returns the frame that seems to have a record, or the end of the log. Returns nil if there is neither.
    func find(recordIndex wanted: UInt32) -> Place? {
        find {
            $0.recordIndex <= wanted
        } holds: { header, next in
            header.recordIndex <= wanted && wanted < next
        }
    }

    /// Returns the frame that seems to have the first record of a time or later, or the end of the log. Returns nil if there is neither.
    func find(since time: Int64) -> Place? {
        find {
            $0.latestTimeBefore < time
        } holds: { header, _ in
            (header.kind == .record || header.kind == .batch) && header.time >= time
        }
    }

    private func find(
        from precedes: (Place) -> Bool, holds: (FrameHeader, UInt32) -> Bool
    ) -> Place? {
        guard !segment.isCompressed, let base = unsafe segment.bytes.base else { return nil }
        let number = max(1, Self.count(of: index, where: precedes)) - 1
        let known = max(1, Self.count(of: stretches[number], where: precedes))
        var place = stretches[number][known - 1]
        let limit = segment.limit
        while Int(place.offset) >= SegmentHeader.size, Int(place.offset) + Frame.headerSize <= limit {
            let frame = unsafe base + Int(place.offset)
            let length = Int(UInt32(truncatingIfNeeded: unsafe CommitWord.load(frame)))
            // The end of the log, where the next record comes.
            if length == 0, segment.isShared { return place }
            guard length >= Frame.headerSize, length <= limit - Int(place.offset) else { return nil }
            let header = unsafe FrameHeader(frame)
            var next = header.recordIndex
            switch header.kind {
            case .record: next &+= 1
            case .batch:
                guard length >= Frame.headerSize + BatchBody.headerSize else { return nil }
                next &+= unsafe frame.load(UInt32.self, at: Frame.Offset.body)
            case .footer: return nil
            default: break
            }
            if holds(header, next) { return place }
            if header.kind == .record || header.kind == .batch {
                place.latestTimeBefore = max(place.latestTimeBefore, header.time)
            }
            place.offset += UInt32(header.size)
            place.recordIndex = next
            let last = stretches[number].last?.offset ?? 0
            if place.offset >= last + Self.interval { stretches[number].append(place) }
        }
        return nil
    }

    /// Returns the number of places at the front for which a condition holds.
    private static func count(of places: [Place], where precedes: (Place) -> Bool) -> Int {
        var low = 0
        var high = places.count
        while low < high {
            let middle = (low + high) / 2
            if precedes(places[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
