/// The places of frames in a segment that a seeking reader has found: the frame of each record, and places some 2 KiB apart for searches
/// by time.
///
/// Frames between two places are skipped by their lengths, and aren't verified. So a place is a hint. The reader verifies the frame that
/// it takes there, and walks the segment if that isn't the wanted one. Only one reader uses an object.
final class FramePlaces {
    /// The start of a frame, and facts about the frames before it.
    struct Place {
        // A segment has at most 4 GiB, so each frame begins before that.
        var offset: UInt32
        /// The number of records of the segment before the frame.
        var recordIndex: UInt32
        /// The latest time of the records before the frame.
        var latestTimeBefore: Int64
    }

    /// The distance between two places. With records of 256 bytes, a search passes three of them on average.
    private static let interval = 2 << 10

    /// The known frames from an entry of the segment's index up to the next entry.
    private struct Stretch {
        /// The places from the entry on.
        var places: [Place]
        /// The frames of the first records, without a gap: the distance from the entry in units of eight bytes. Two bytes reach 512 KiB;
        /// the frames after that are found from the last place.
        private var frames: [UInt16] = []

        init(_ entry: Place) {
            places = [entry]
        }

        /// Returns the frame that has a record, if it is known.
        ///
        /// - Parameter entry: The first place, from the index: its memory is near, and that of the copy in ``places``
        ///   isn't.
        func frame(of recordIndex: UInt32, from entry: Place) -> Place? {
            let index = Int(recordIndex &- entry.recordIndex)
            guard recordIndex >= entry.recordIndex, index < frames.count else { return nil }
            let distance = frames[index]
            var first = index
            // A batch has several records.
            while first > 0, frames[first - 1] == distance { first -= 1 }
            return Place(
                offset: entry.offset + UInt32(distance) << 3, recordIndex: entry.recordIndex + UInt32(first),
                latestTimeBefore: .min)
        }

        /// The limit of ``frames``, because a batch's number of records wasn't verified.
        private static let framesMax = 1 << 16

        /// Keeps the frame of some records if it follows the known ones.
        mutating func note(_ offset: UInt32, of records: Range<UInt32>) {
            let entry = places[0]
            let distance = (offset - entry.offset) >> 3
            guard records.lowerBound == entry.recordIndex &+ UInt32(frames.count), distance <= UInt16.max,
                records.count <= Self.framesMax - frames.count
            else { return }
            for _ in records { frames.append(UInt16(distance)) }
        }
    }

    let segment: ReadableSegment
    /// The segment's index, with its first frame in front.
    private let index: [Place]
    /// For each entry of the index, the frames that were found from there on.
    private var stretches: [Stretch]

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
        stretches = index.map(Stretch.init)
    }

    /// The sequence numbers that the segment has, or may have because it isn't sealed.
    var sequences: ClosedRange<UInt64> {
        let base = segment.segment.header.baseSequence
        return base...max(base, segment.footer?.finalSequence ?? .max)
    }

    /// Returns the frame that seems to have a record, or the end of the log. Returns nil if there is neither.
    func find(recordIndex wanted: UInt32) -> Place? {
        let number = max(1, index.prefixCount { $0.recordIndex <= wanted }) - 1
        if !segment.isCompressed, let known = stretches[number].frame(of: wanted, from: index[number]) {
            return known
        }
        return find(in: number) {
            $0.recordIndex <= wanted
        } holds: { header, next in
            header.recordIndex <= wanted && wanted < next
        }
    }

    /// Returns the frame that seems to have the first record of a time or later, or the end of the log. Returns nil if there is neither.
    func find(since time: Int64) -> Place? {
        find(in: max(1, index.prefixCount { $0.latestTimeBefore < time }) - 1) {
            $0.latestTimeBefore < time
        } holds: { header, _ in
            (header.kind == .record || header.kind == .batch) && header.time >= time
        }
    }

    private func find(
        in number: Int, from precedes: (Place) -> Bool, holds: (FrameHeader, UInt32) -> Bool
    ) -> Place? {
        guard !segment.isCompressed, let base = unsafe segment.bytes.base else { return nil }
        let known = max(1, stretches[number].places.prefixCount(where: precedes))
        var place = stretches[number].places[known - 1]
        let limit = segment.presentLimit
        while Int(place.offset) >= SegmentHeader.size, Int(place.offset) + Frame.headerSize <= limit {
            let frame = unsafe base + Int(place.offset)
            let length = Int(UInt32(truncatingIfNeeded: unsafe CommitWord.load(frame)))
            // The end of the log, the place of the next record.
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
            if next > header.recordIndex {
                stretches[number].note(place.offset, of: header.recordIndex..<next)
            }
            if holds(header, next) { return place }
            if header.kind == .record || header.kind == .batch {
                place.latestTimeBefore = max(place.latestTimeBefore, header.time)
            }
            // In `Int`: a forged frame may end at 4 GiB.
            let end = Int(place.offset) + header.size
            guard end + Frame.headerSize <= limit else { return nil }
            place.offset = UInt32(end)
            place.recordIndex = next
            let last = Int(stretches[number].places.last?.offset ?? 0)
            if end >= last + Self.interval { stretches[number].places.append(place) }
        }
        return nil
    }
}
