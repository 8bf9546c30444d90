/// A segment as a reader has it.
struct ReadableSegment {
    let segment: Segment
    let footer: SegmentFooter?
    /// Whether the memory is also what producers write to: a page that is mapped for reading first costs them a fault.
    let isShared: Bool
    let bytes: SegmentBytes
    /// Holds the bytes; nil where they are decompressed.
    private let mapping: Mapping?

    /// A live segment.
    init(live segment: Segment, mapping: Mapping, footer: SegmentFooter?) {
        self.segment = segment
        self.mapping = mapping
        self.footer = footer
        isShared = true
        unsafe bytes = SegmentBytes(mapping.bytes)
    }

    /// Maps a segment's file, or decompresses it where a reader comes to it.
    init(_ segment: Segment, in file: SegmentFile, size: Int, footer: SegmentFooter?) throws(WALError) {
        self.segment = segment
        self.footer = footer
        isShared = false
        switch file {
        case .plain(let file):
            let mapping = try Mapping(file, size: size, isWritable: false)
            self.mapping = mapping
            unsafe bytes = SegmentBytes(mapping.bytes)
        case .compressed(let compressed):
            mapping = nil
            bytes = SegmentBytes(compressed)
        }
    }

    var isCompressed: Bool { mapping == nil }

    /// The segment's size in bytes.
    var size: Int { bytes.count }

    /// Where frames end at the latest.
    var limit: Int { min(size, Int(clamping: segment.header.capacity)) }

    /// What the bytes that were read last lie in.
    var memory: AnyObject? { mapping ?? bytes.memory }

    /// Loads bytes from an offset on, and returns where they end. Reading a plain segment works without, but page faults are slower.
    func load(_ range: Range<Int>) throws(WALError) -> Int {
        guard let mapping else {
            try bytes.load(range.lowerBound..<range.lowerBound + 1)
            return bytes.loaded.upperBound
        }
        mapping.populateForReading(from: range.lowerBound, count: range.count)
        return range.upperBound
    }

    /// Checks a frame of which nothing is known.
    func check(at offset: Int) throws(WALError) -> FrameValidity.Outcome {
        unsafe try bytes.check(at: offset, limit: size, seed: segment.seed, recordIndexMin: 0)
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
        guard let footer, case .valid(let frame) = unsafe try check(at: footer.offset) else { return [] }
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
