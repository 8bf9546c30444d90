/// The contents of a segment's footer, collected frame by frame in order.
struct SegmentSummary {
    private let baseSequence: UInt64
    private let indexInterval: Int
    private(set) var recordCount: UInt64 = 0
    private(set) var payloadSize: UInt64 = 0
    private(set) var firstTime: Int64 = 0
    private(set) var lastTime: Int64 = 0
    private(set) var index: [SegmentFooter.IndexEntry] = []
    private(set) var markers = SegmentMarkers()

    /// The counts of consecutive records that the summary needs.
    struct Records {
        private(set) var count = 0
        private(set) var size = 0
        private(set) var earliestTime = Int64.max
        private(set) var latestTime = Int64.min

        @inline(__always)
        mutating func add(size: Int, time: Int64) {
            count &+= 1
            self.size &+= size
            earliestTime = min(earliestTime, time)
            latestTime = max(latestTime, time)
        }
    }

    init(_ header: SegmentHeader) {
        baseSequence = header.baseSequence
        indexInterval = SegmentFooter.indexInterval(capacity: Int(header.capacity))
    }

    /// The offset from which the next frame gets an index entry.
    var nextIndexOffset: Int { indexInterval + Int(index.last?.offset ?? 0) }

    /// Adds records that start before `nextIndexOffset`; at least one.
    mutating func add(_ records: Records) {
        addRecords(
            records.count, size: records.size, earliest: records.earliestTime, latest: records.latestTime)
    }

    /// Adds a frame. Returns the number of sequence numbers that the frame states for itself, or nil if its body isn't
    /// valid for its kind. Void and lost frames state no number, so they return 0.
    @inline(__always)
    mutating func add(_ header: FrameHeader, body: UnsafeRawBufferPointer, offset: Int) -> Int? {
        if offset >= nextIndexOffset {
            index.append(
                SegmentFooter.IndexEntry(
                    sequence: baseSequence + UInt64(header.recordIndex),
                    latestTimeBefore: recordCount == 0 ? .min : lastTime, offset: UInt64(offset)))
        }
        switch header.kind {
        case .record:
            addRecords(1, size: header.bodySize, earliest: header.time, latest: header.time)
            return 1
        case .batch:
            guard let batch = unsafe BatchBody.header(body) else { return nil }
            addRecords(
                batch.recordCount, size: batch.payloadSize, earliest: batch.earliestTime ?? header.time,
                latest: header.time)
            if let bookmark = batch.bookmark { markers.add([.bookmark(bookmark)]) }
            return batch.recordCount
        case .cursors:
            guard let entries = unsafe CursorsBody.decode(body) else { return nil }
            markers.add(entries)
            return 0
        default:
            return 0
        }
    }

    @inline(__always)
    private mutating func addRecords(_ count: Int, size: Int, earliest: Int64, latest: Int64) {
        if recordCount == 0 {
            firstTime = earliest
            lastTime = latest
        }
        firstTime = min(firstTime, earliest)
        lastTime = max(lastTime, latest)
        recordCount += UInt64(count)
        payloadSize += UInt64(max(0, size))
    }

    func footer(at end: SegmentEnd, after predecessor: Markers) -> SegmentFooter {
        SegmentFooter(
            offset: end.offset, firstSequence: baseSequence, finalSequence: baseSequence + end.recordCount - 1,
            firstTime: firstTime, lastTime: lastTime, recordCount: recordCount, payloadSize: payloadSize,
            index: index, markers: markers.state(after: predecessor))
    }
}
