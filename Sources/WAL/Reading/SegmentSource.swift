/// Where a reader gets its segments from: an open log, or a directory that another process may be writing to.
protocol SegmentSource: Sendable {
    /// The segment that has the record with this sequence number, or the first behind it that there is; without a number the first.
    func segment(containing sequence: UInt64?) throws(WALError) -> LocatedSegment?
    /// The first segment that may have a record of this time or later.
    func segment(since time: Int64) throws(WALError) -> LocatedSegment?
    /// Where to go on from a place in a segment that has no frame, or from its footer.
    func continuation(of segment: ReadableSegment, at place: ReadingPlace) throws(WALError) -> Continuation
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

/// Where a reader begins.
struct LocatedSegment {
    var segment: ReadableSegment
    /// Why numbers before and around it have no record, in order.
    var gaps: [LogGap] = []
}

/// A segment as a reader has it.
struct ReadableSegment {
    let segment: Segment
    let mapping: Mapping
    let footer: SegmentFooter?
    /// Whether the mapping is also what producers write to: a page that is mapped for reading first costs them a fault.
    let isShared: Bool
    /// Fills the mapping of a compressed segment.
    private let decompressor: Decompressor?

    /// A live segment.
    init(live segment: Segment, mapping: Mapping, footer: SegmentFooter?) {
        self.segment = segment
        self.mapping = mapping
        self.footer = footer
        isShared = true
        decompressor = nil
    }

    /// Maps a segment's file, or memory for what is decompressed of it.
    init(_ segment: Segment, in file: SegmentFile, size: Int, footer: SegmentFooter?) throws(WALError) {
        self.segment = segment
        self.footer = footer
        isShared = false
        switch file {
        case .plain(let file):
            mapping = try Mapping(file, size: size, isWritable: false)
            decompressor = nil
        case .compressed(let compressed):
            mapping = try Mapping(memoryOf: size)
            decompressor = Decompressor(compressed, into: mapping)
        }
    }

    var isCompressed: Bool { decompressor != nil }

    /// Sees to it that a range of the segment can be read: a must for a compressed one, and for a plain one quicker than page faults.
    func load(_ range: Range<Int>) throws(WALError) {
        if let decompressor {
            try decompressor.load(range)
        } else {
            mapping.populateForReading(from: range.lowerBound, count: range.count)
        }
    }

    /// Decompresses the frame at an offset, as far as it goes by its length.
    func loadFrame(at offset: Int) throws(WALError) {
        guard let decompressor, offset + Frame.headerSize <= mapping.size else { return }
        try decompressor.load(offset..<offset + Frame.headerSize)
        let length = unsafe Int(UnsafeRawPointer(mapping.base + offset).load(UInt32.self, at: 0))
        try decompressor.load(offset..<offset + max(length, Frame.headerSize))
    }

    /// Where to start looking for a sequence number: a frame's offset, and the record index that it has at least.
    func start(for sequence: UInt64) throws(WALError) -> (offset: Int, recordIndex: UInt32) {
        try start { $0.sequence <= sequence }
    }

    /// Where to start looking for the first record of a time or later.
    func start(since time: Int64) throws(WALError) -> (offset: Int, recordIndex: UInt32) {
        try start { $0.latestTimeBefore < time }
    }

    /// Read from the file whenever it is needed. Without it, reading starts at the segment's first frame.
    private func index() throws(WALError) -> [SegmentFooter.IndexEntry] {
        guard let footer else { return [] }
        try loadFrame(at: footer.offset)
        guard
            case .valid(let frame) = unsafe FrameValidity.check(
                mapping.bytes, offset: footer.offset, seed: segment.seed, recordIndexMin: 0)
        else { return [] }
        return unsafe SegmentFooter(frame.body)?.index ?? []
    }

    private func start(
        where precedes: (SegmentFooter.IndexEntry) -> Bool
    ) throws(WALError) -> (offset: Int, recordIndex: UInt32) {
        let index = try index()
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
