/// Where a reader gets its segments from: an open log, or a directory that another process may be writing to.
protocol SegmentSource: Sendable {
    /// The segment that has the record with this sequence number, or the first behind it that there is.
    func segment(containing sequence: UInt64) throws(WALError) -> ReadableSegment?
    /// The first segment that may have a record of this time or later.
    func segment(since time: Int64) throws(WALError) -> ReadableSegment?
    /// The segment after one whose frames end at `offset`; nil where they don't end there, or there is none yet.
    func successor(of segment: ReadableSegment, endingAt offset: Int) throws(WALError) -> ReadableSegment?
    /// Whether another file has taken this segment's place, with the same records in it.
    func isReplaced(_ segment: ReadableSegment) throws(WALError) -> Bool
    /// Whether it was removed, so that nothing leads on from it.
    func isRemoved(_ segment: ReadableSegment) -> Bool
    /// What readers of durable records may read, as a log position.
    var durablePosition: UInt64 { get }
    /// Suspends until there may be more behind `position` for a reader that wants records from `sequence` on. Throws when
    /// there never will be.
    func waitForMore(
        behind position: UInt64, from sequence: UInt64, visibility: ReadVisibility
    ) async throws(WALError)
    /// Keeps a segment and all behind it from being removed.
    func pin(_ reader: ObjectIdentifier, at number: UInt64)
    func unpin(_ reader: ObjectIdentifier)
}

/// A segment as a reader has it.
struct ReadableSegment {
    let segment: Segment
    let mapping: Mapping
    let footer: SegmentFooter?
    /// Whether the mapping is also what producers write to: a page that is mapped for reading first costs them a fault.
    let isShared: Bool

    init(segment: Segment, mapping: Mapping, footer: SegmentFooter?, isShared: Bool = false) {
        self.segment = segment
        self.mapping = mapping
        self.footer = footer
        self.isShared = isShared
    }

    /// Maps a sealed segment's file.
    init(sealed segment: Segment, footer: SegmentFooter) throws(WALError) {
        let file = try File(segment.path, .read)
        let mapping = try Mapping(file, size: try file.size(), isWritable: false)
        self.init(segment: segment, mapping: mapping, footer: footer)
    }

    /// Where to start looking for a sequence number: a frame's offset, and the record index that it has at least.
    func start(for sequence: UInt64) -> (offset: Int, recordIndex: UInt32) {
        start { $0.sequence <= sequence }
    }

    /// Where to start looking for the first record of a time or later.
    func start(since time: Int64) -> (offset: Int, recordIndex: UInt32) {
        start { $0.latestTimeBefore < time }
    }

    /// Read from the file whenever it is needed. Without it, reading starts at the segment's first frame.
    private var index: [SegmentFooter.IndexEntry] {
        guard let footer,
            case .valid(let frame) = unsafe FrameValidity.check(
                mapping.bytes, offset: footer.offset, seed: segment.seed, recordIndexMin: 0)
        else { return [] }
        return unsafe SegmentFooter(frame.body)?.index ?? []
    }

    private func start(where precedes: (SegmentFooter.IndexEntry) -> Bool) -> (offset: Int, recordIndex: UInt32) {
        let index = index
        var low = 0
        var high = index.count
        while low < high {
            let middle = (low + high) / 2
            if precedes(index[middle]) { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return (SegmentHeader.size, 0) }
        let entry = index[low - 1]
        return (Int(entry.offset), UInt32(truncatingIfNeeded: entry.sequence - segment.header.baseSequence))
    }
}
