/// The result of reading all of a segment's frames.
struct SegmentScan {
    /// A range of bytes without valid frames.
    struct Gap: Hashable {
        enum Content: CaseIterable {
            /// The commit word is zero: nothing was committed here.
            case zero
            /// There are bytes, and they aren't a valid frame.
            case invalid
            /// The file ends here, without a footer, and is smaller than it was made.
            case cut
        }

        var offset: Int
        /// Where the next valid frame is, or the file ends.
        var end: Int
        var content: Content
        /// The number of records before the gap.
        var recordIndex: UInt64
        /// The number of records before the next valid frame; nil where there is none.
        var nextRecordIndex: UInt64?
        /// Where the next valid frame is; nil where there is none.
        var next: Int?
        /// The highest durable position that the frames after the gap tell.
        var durablePositionAfter: UInt64 = 0
        /// For the last gap, where nothing tells how many records were in it.
        var tail: Tail?
        /// Whether a frame fits, as it does wherever one was claimed.
        var isFillable: Bool { end - offset >= Frame.headerSize }
    }

    /// How many sequence numbers a damaged end may have had.
    struct Tail: Hashable {
        /// What the first damaged frame says, if it can be made out; 0 where it can't.
        var likely: UInt64
        /// No more fit: none of these numbers is used again.
        var possible: UInt64
    }

    private let basePosition: UInt64
    private(set) var gaps: [Gap] = []
    /// Behind the last valid frame that isn't the footer.
    private(set) var end = SegmentEnd(offset: SegmentHeader.size, recordCount: 0)
    private(set) var footer: SegmentFooter?
    /// Where the footer's frame ends, and with it the file of a sealed segment.
    private(set) var footerEnd = 0
    private(set) var summary: SegmentSummary
    /// The highest durable position that any frame tells.
    private(set) var durablePosition: UInt64 = 0
    /// Whether the last frame stands for records that aren't there, up to the next frame or segment.
    private(set) var endsWithoutRecords = false
    /// Whether there is no valid frame.
    var hasNoFrame: Bool { footer == nil && end.offset == SegmentHeader.size }

    /// Reads a segment's frames.
    init(_ bytes: SegmentBytes, header: SegmentHeader) throws(WALError) {
        unsafe try self.init(bytes, header: header, isVisited: false) { _, _ in }
    }

    /// The same; `visit` gets every valid frame but the footer, in order.
    init(
        _ bytes: SegmentBytes, header: SegmentHeader,
        visit: (FrameValidity.Verified, _ offset: Int) -> Void
    ) throws(WALError) {
        unsafe try self.init(bytes, header: header, isVisited: true, visit: visit)
    }

    private init(
        _ bytes: SegmentBytes, header: SegmentHeader, isVisited: Bool,
        visit: (FrameValidity.Verified, _ offset: Int) -> Void
    ) throws(WALError) {
        let seed = Frame.seed(logID: header.logID, incarnation: header.incarnation)
        let search = FrameSearch(
            seed: seed, basePosition: header.basePosition, baseSequence: header.baseSequence)
        basePosition = header.basePosition
        summary = SegmentSummary(header)
        // After the capacity there is nothing of the log's.
        let limit = min(bytes.count, Int(clamping: header.capacity))
        unsafe try read(bytes, limit: limit, header: header, search: search, isVisited: isVisited, visit: visit)
        // So far each gap knows the frames up to the next gap.
        for index in gaps.indices.dropLast().reversed() {
            gaps[index].durablePositionAfter = max(
                gaps[index].durablePositionAfter, gaps[index + 1].durablePositionAfter)
        }
    }

    private mutating func read(
        _ bytes: SegmentBytes, limit: Int, header: SegmentHeader, search: FrameSearch, isVisited: Bool,
        visit: (FrameValidity.Verified, _ offset: Int) -> Void
    ) throws(WALError) {
        let seed = search.seed
        var offset = SegmentHeader.size
        while true {
            if !isVisited {
                try bytes.load(offset..<offset + 1)
                offset = takeRecords(in: bytes, limit: limit, from: offset, header: header, seed: seed)
            }
            let outcome = unsafe try bytes.check(
                at: offset, limit: limit, seed: seed, recordIndexMin: UInt32(clamping: end.recordCount))
            if case .valid(let frame) = unsafe outcome, unsafe take(frame, at: offset, header: header, visit) {
                if footer != nil { return }
                unsafe offset += frame.header.size
                continue
            }
            let found = try search.next(
                in: bytes, limit: limit, from: offset + Frame.alignment,
                recordIndexMin: UInt32(clamping: end.recordCount))
            let tail =
                found == nil
                ? try DamagedTail(bytes, limit: limit, offset, header, isZero: unsafe isEmpty(outcome)).tail : nil
            gaps.append(
                Gap(
                    offset: offset, end: found?.offset ?? max(offset, limit),
                    content: unsafe Self.content(
                        outcome, fileSize: limit, capacity: Int(header.capacity), isLast: found == nil),
                    recordIndex: end.recordCount, nextRecordIndex: found?.recordIndex, next: found?.offset, tail: tail))
            guard let found else { return }
            end.recordCount = found.recordIndex
            offset = found.offset
        }
    }

    /// Takes in the records from an offset on, up to another kind of frame or a place for the index. Most frames are that, so
    /// what is counted stays in registers. Returns the offset behind.
    private mutating func takeRecords(
        in bytes: SegmentBytes, limit: Int, from start: Int, header: SegmentHeader, seed: UInt32
    ) -> Int {
        guard let base = unsafe bytes.base else { return start }
        let limit = min(limit, bytes.loaded.upperBound) & ~(Frame.alignment - 1)
        let startLimit = min(limit - Frame.headerSize + 1, summary.nextIndexOffset)
        var offset = start
        var recordIndexMin = UInt32(clamping: end.recordCount)
        var records = SegmentSummary.Records()
        var durablePosition: UInt64 = 0
        while offset < startLimit {
            let frame = unsafe base + offset
            guard
                unsafe FrameValidity.isRecord(
                    commitWord: frame.load(at: 0), frame: frame, offset: offset, limit: limit, seed: seed,
                    recordIndexMin: recordIndexMin)
            else { break }
            let frameHeader = unsafe FrameHeader(frame)
            guard frameHeader.recordIndex < UInt32(SegmentHeader.recordCountMax) else { break }
            records.add(size: frameHeader.bodySize, time: frameHeader.time)
            let position = header.basePosition &+ UInt64(offset)
            durablePosition = max(durablePosition, frameHeader.durablePosition(at: position) ?? 0)
            recordIndexMin = frameHeader.recordIndex &+ 1
            offset += frameHeader.size
        }
        guard records.count > 0 else { return start }
        summary.add(records)
        end = SegmentEnd(offset: offset, recordCount: UInt64(recordIndexMin))
        endsWithoutRecords = false
        takeDurablePosition(durablePosition)
        return offset
    }

    /// Where something was and is no valid frame, as the segment itself tells. It is sealed when all of it is committed.
    var losses: [Int] {
        gaps.filter { gap in
            gap.content != .zero || footer != nil || gap.durablePositionAfter > basePosition + UInt64(gap.offset)
        }.map(\.offset)
    }

    /// Has no gap know of a higher durable position than this.
    mutating func limitDurablePositions(to position: UInt64) {
        for index in gaps.indices {
            gaps[index].durablePositionAfter = min(gaps[index].durablePositionAfter, position)
        }
    }

    private mutating func takeDurablePosition(_ position: UInt64) {
        durablePosition = max(durablePosition, position)
        if let last = gaps.indices.last {
            gaps[last].durablePositionAfter = max(gaps[last].durablePositionAfter, position)
        }
    }

    private static func content(
        _ outcome: FrameValidity.Outcome, fileSize: Int, capacity: Int, isLast: Bool
    ) -> Gap.Content {
        if isLast, fileSize < capacity { return .cut }
        return unsafe isEmpty(outcome) ? .zero : .invalid
    }

    /// Takes a valid frame in; false where its body isn't as its kind has it.
    private mutating func take(
        _ frame: FrameValidity.Verified, at offset: Int, header: SegmentHeader,
        _ visit: (FrameValidity.Verified, Int) -> Void
    ) -> Bool {
        let frameHeader = unsafe frame.header
        guard let body = unsafe FrameValidity.body(frame, offset: offset, baseSequence: header.baseSequence) else {
            return false
        }
        if case .footer(let footer) = unsafe body {
            self.footer = footer
            footerEnd = offset + frameHeader.size
            end.recordCount = UInt64(frameHeader.recordIndex)
            endsWithoutRecords = false
        } else {
            guard let count = unsafe summary.add(frameHeader, body: frame.body, offset: offset) else { return false }
            end = SegmentEnd(
                offset: offset + frameHeader.size, recordCount: UInt64(frameHeader.recordIndex) + UInt64(count))
            endsWithoutRecords = frameHeader.kind == .void || frameHeader.kind == .lost
            unsafe visit(frame, offset)
        }
        let position = header.basePosition + UInt64(offset)
        let durable = min(position, frameHeader.durablePosition(at: position) ?? 0)
        takeDurablePosition(durable)
        return true
    }
}

/// Whether nothing was committed there, or no frame has room.
private func isEmpty(_ outcome: FrameValidity.Outcome) -> Bool {
    switch unsafe outcome {
    case .empty, .atLimit: true
    case .valid, .invalid: false
    }
}

/// The end of a segment that is no valid frame, and how many records it may have held.
private struct DamagedTail {
    /// Nil where nothing is lost: zeros to the end, or the footer's own place.
    var tail: SegmentScan.Tail?

    init(
        _ bytes: SegmentBytes, limit: Int, _ offset: Int, _ header: SegmentHeader, isZero: Bool
    ) throws(WALError) {
        let isCut = limit < Int(header.capacity)
        guard !isZero || isCut else { return }
        let trailer = limit - SegmentFooter.trailerSize
        if trailer >= offset {
            try bytes.load(trailer..<limit)
            guard let base = unsafe bytes.base else { return }
            let place = unsafe SegmentFooter.offset(
                fromTrailer: UnsafeRawBufferPointer(start: base + trailer, count: SegmentFooter.trailerSize),
                fileSize: limit)
            if place == offset { return }
        }
        let used = try bytes.usedSize(limit: limit)
        let end = isCut ? Int(header.capacity) : used
        guard end > offset else { return }
        // A compressed batch of empty records has the most: four bytes each before compression.
        let possible = min(
            UInt64(SegmentHeader.recordCountMax), UInt64(end - offset) * UInt64(BatchBody.expansionMax) / 4)
        tail = SegmentScan.Tail(likely: 0, possible: max(1, possible))
        guard offset + Frame.headerSize <= limit else { return }
        try bytes.load(offset..<offset + Frame.headerSize + 4)
        guard let base = unsafe bytes.base else { return }
        let frame = unsafe FrameHeader(base + offset)
        guard frame.length >= Frame.headerSize, offset + frame.size >= used,
            frame.length <= Int(header.capacity) - offset
        else { return }
        if frame.kind == .record { tail?.likely = 1 }
        if frame.kind == .batch, offset + Frame.headerSize + 4 <= limit {
            let count: UInt32 = unsafe base.load(at: offset + Frame.Offset.body)
            tail?.likely = min(UInt64(count), possible)
        }
    }
}
