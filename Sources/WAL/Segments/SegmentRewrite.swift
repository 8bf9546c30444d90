/// A copy of the valid frames of a damaged segment into a new file, with marks in place of lost records.
struct SegmentRewrite {
    private let file: File
    private var header: SegmentHeader
    private let seed: UInt32
    private var summary: SegmentSummary
    private var pending: [UInt8]
    private var offset = SegmentHeader.size
    private var failure: WALError?

    /// The result of a rewrite.
    struct Written {
        var header: SegmentHeader
        var footer: SegmentFooter
        var fileSize: Int
        /// Whether no record was lost.
        var isWhole: Bool
    }

    /// Rewrites a segment to `file` up to the offset `end`, or to the end of its frames.
    ///
    /// If there is a `predecessor`, the new header refers to it. A gap that begins at one of the offsets in `abandoned`
    /// was never committed. One that begins at an offset in `corrupted` had records.
    static func write(
        header old: SegmentHeader, predecessor: SegmentHeader.Predecessor? = nil, contents: SegmentBytes,
        to file: File, end: Int?, recordCount: UInt64,
        abandoned: Set<Int> = [], corrupted: Set<Int> = [], markersBefore: Markers
    ) throws(WALError) -> Written {
        var rewrite = SegmentRewrite(file, old)
        if var predecessor {
            // A segment of a copy of the log may begin before the last one that stays has ended. A header that says so isn't whole.
            predecessor.finalSequence = min(predecessor.finalSequence, old.baseSequence - 1)
            rewrite.header.predecessor = predecessor
        }
        var nextIndex: UInt64 = 0
        var endsWithoutRecords = false
        let limit = end ?? .max
        var previousEnd = SegmentHeader.size
        _ = unsafe try SegmentScan(contents, header: old) { frame, offset in
            guard offset < limit else { return }
            let header = unsafe frame.header
            if offset != previousEnd {
                rewrite.add(
                    abandoned.contains(previousEnd) ? .void : .lost, recordIndex: UInt32(clamping: nextIndex),
                    time: header.time, body: [])
            }
            unsafe rewrite.add(
                header.kind, recordIndex: header.recordIndex, time: header.time, body: Array(frame.body))
            nextIndex = rewrite.recordEnd
            previousEnd = offset + header.size
            endsWithoutRecords = header.kind == .void || header.kind == .lost
        }
        let isAbandoned = abandoned.contains(previousEnd)
        // A void or lost frame at the end has the numbers up to the footer's, unless damage after it has numbers.
        let isCovered = endsWithoutRecords && !isAbandoned && !corrupted.contains(previousEnd)
        if nextIndex < recordCount, !isCovered {
            rewrite.add(
                isAbandoned ? .void : .lost, recordIndex: UInt32(clamping: nextIndex), time: Timestamp.now.rawValue,
                body: [])
        }
        return try rewrite.finish(recordCount: recordCount, markersBefore: markersBefore)
    }

    /// Writes a segment without records, which states that `recordCount` records are void or lost.
    static func write(
        _ kind: Frame.Kind, _ header: SegmentHeader, recordCount: UInt64, to file: File, markersBefore: Markers
    ) throws(WALError) -> Written {
        var rewrite = SegmentRewrite(file, header)
        if recordCount > 0 { rewrite.add(kind, recordIndex: 0, time: Timestamp.now.rawValue, body: []) }
        return try rewrite.finish(recordCount: recordCount, markersBefore: markersBefore)
    }

    private init(_ file: File, _ old: SegmentHeader) {
        self.file = file
        header = old
        header.incarnation = UInt64.random(in: 1 ... .max)
        header.replacedIncarnation = old.lineage
        seed = Frame.seed(logID: old.logID, incarnation: header.incarnation)
        summary = SegmentSummary(old)
        pending = [UInt8](repeating: 0, count: SegmentHeader.size)
    }

    /// The number of records up to and including the last frame.
    private var recordEnd: UInt64 = 0
    private var isWhole = true

    private mutating func add(_ kind: Frame.Kind, recordIndex: UInt32, time: Int64, body: [UInt8]) {
        guard failure == nil else { return }
        if kind == .lost { isWhole = false }
        unsafe body.withUnsafeBytes { body in
            // The durable distance is 0, because this whole file is durable before it gets its name.
            let frame = unsafe Frame.encode(
                kind: kind, recordIndex: recordIndex, durableDistance: 0, time: time, body: body, seed: seed,
                offset: offset)
            unsafe frame.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                let count = unsafe summary.add(FrameHeader(base), body: body, offset: offset) ?? 0
                recordEnd = UInt64(recordIndex) + UInt64(count)
            }
            pending += frame
            offset += frame.count
        }
        if pending.count >= 1 << 20 { flush() }
    }

    private mutating func flush() {
        do throws(WALError) {
            try file.write(pending, at: offset - pending.count)
            pending.removeAll(keepingCapacity: true)
        } catch {
            failure = error
        }
    }

    private mutating func finish(
        recordCount: UInt64, markersBefore: Markers
    ) throws(WALError) -> Written {
        let footer = summary.footer(
            at: SegmentEnd(offset: offset, recordCount: recordCount), after: markersBefore)
        let frame = footer.encode(durableDistance: 0, seed: seed)
        pending += frame
        offset += frame.count
        header.capacity = max(header.capacity, UInt64(offset))
        flush()
        if let failure { throw failure }
        try header.write(to: file)
        try file.sync()
        return Written(header: header, footer: footer, fileSize: offset, isWhole: isWhole)
    }
}
