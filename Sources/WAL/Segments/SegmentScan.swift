/// The result of reading all of a segment's frames.
struct SegmentScan {
    /// A range of bytes without valid frames.
    struct Gap: Hashable {
        enum Content: CaseIterable {
            /// The commit word is zero: nothing was committed here.
            case zero
            /// There are bytes that aren't a valid frame.
            case invalid
            /// The file ends here without a footer, and is smaller than its capacity.
            case cut
        }

        var offset: Int
        /// The offset of the next valid frame, or of the file's end.
        var end: Int
        var content: Content
        /// The number of records before the gap.
        var recordIndex: UInt64
        /// The number of records before the next valid frame; nil if there is none.
        var nextRecordIndex: UInt64?
        /// The offset of the next valid frame; nil if there is none.
        var next: Int?
        /// The highest durable position in the frames after the gap.
        var durablePositionAfter: UInt64 = 0
        /// The possible number of lost records, for the last gap if nothing determines it.
        var tail: Tail?
        /// Whether a frame fits, and the next one can follow it. This holds for every place that this log has claimed.
        var isFillable: Bool { end - offset >= Frame.headerSize && end % Frame.alignment == 0 }
    }

    /// The number of sequence numbers that a damaged end may have had.
    struct Tail: Hashable {
        /// The number that the first damaged frame states, or 0 if that can't be read.
        var likely: UInt64
        /// The upper bound. None of these sequence numbers is used again.
        var possible: UInt64
    }

    private let basePosition: UInt64
    private(set) var gaps: [Gap] = []
    /// The end of the last valid frame before the footer.
    private(set) var end = SegmentEnd(offset: SegmentHeader.size, recordCount: 0)
    private(set) var footer: SegmentFooter?
    /// The end of the footer's frame, which is also the end of a sealed segment's file.
    private(set) var footerEnd = 0
    private(set) var summary: SegmentSummary
    /// The highest durable position in any frame.
    private(set) var durablePosition: UInt64 = 0
    /// Whether the last frame stands for missing records, up to the next frame or segment.
    private(set) var endsWithoutRecords = false
    /// Whether there is no valid frame.
    var hasNoFrame: Bool { footer == nil && end.offset == SegmentHeader.size }

    /// Reads a segment's frames.
    init(_ bytes: SegmentBytes, header: SegmentHeader) throws(WALError) {
        unsafe try self.init(bytes, header: header, isVisited: false) { _, _ in }
    }

    /// Reads a segment's frames, and calls `visit` for every valid frame except the footer, in order. If `isVisited` is
    /// false, `visit` isn't called for each of them.
    init(
        _ bytes: SegmentBytes, header: SegmentHeader, isVisited: Bool = true,
        visit: (FrameValidity.Verified, _ offset: Int) -> Void
    ) throws(WALError) {
        let seed = Frame.seed(logID: header.logID, incarnation: header.incarnation)
        let search = FrameSearch(
            seed: seed, basePosition: header.basePosition, baseSequence: header.baseSequence)
        basePosition = header.basePosition
        summary = SegmentSummary(header)
        // The log writes nothing after the capacity.
        let limit = min(bytes.count, Int(clamping: header.capacity))
        unsafe try read(bytes, limit: limit, header: header, search: search, isVisited: isVisited, visit: visit)
        // So far each gap has only the durable positions of the frames up to the next gap.
        for index in gaps.indices.dropLast().reversed() {
            gaps[index].durablePositionAfter = max(
                gaps[index].durablePositionAfter, gaps[index + 1].durablePositionAfter)
        }
    }

    private mutating func read(
        _ bytes: SegmentBytes, limit: Int, header: SegmentHeader, search: FrameSearch, isVisited: Bool,
        visit: (FrameValidity.Verified, _ offset: Int) -> Void
    ) throws(WALError) {
        var search = search
        let seed = search.seed
        var offset = SegmentHeader.size
        while true {
            if !isVisited {
                try bytes.load(offset..<offset + 1)
                offset = takeRecords(in: bytes, limit: limit, from: offset, header: header, seed: seed)
            }
            let outcome = unsafe try search.check(
                bytes, at: offset, limit: limit, recordIndexMin: UInt32(clamping: end.recordCount))
            if case .valid(let frame) = unsafe outcome, unsafe take(frame, at: offset, header: header, visit) {
                if footer != nil { return }
                unsafe offset += frame.header.size
                continue
            }
            let found = try search.next(
                in: bytes, limit: limit, after: offset, recordIndexMin: UInt32(clamping: end.recordCount))
            let tail =
                found == nil
                ? try damagedTail(bytes, limit: limit, offset, header, isZero: unsafe isEmpty(outcome)) : nil
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

    /// Adds the records from an offset on, up to a frame of another kind or a place for an index entry. Returns the
    /// offset after them.
    ///
    /// Most frames are such records, so this loop keeps its counts in registers.
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

    /// The offsets of gaps in which the segment itself proves that bytes were lost. A segment is sealed only when all
    /// of it is committed.
    var losses: [Int] {
        gaps.filter { gap in
            gap.content != .zero || footer != nil || gap.durablePositionAfter > basePosition + UInt64(gap.offset)
        }.map(\.offset)
    }

    /// Limits the durable position that each gap knows to this one.
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

    /// Adds a valid frame. Returns false if its body isn't valid for its kind.
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

/// Whether nothing was committed at the place, or a frame doesn't fit there.
private func isEmpty(_ outcome: FrameValidity.Outcome) -> Bool {
    switch unsafe outcome {
    case .empty, .atLimit: true
    case .valid, .invalid: false
    }
}

extension SegmentScan {
    /// Returns the number of records that the end of a segment may have held, which isn't a valid frame and comes after
    /// the records so far. Returns nil if nothing is lost: there are only zeros, or the footer's own place.
    private func damagedTail(
        _ bytes: SegmentBytes, limit: Int, _ offset: Int, _ header: SegmentHeader, isZero: Bool
    ) throws(WALError) -> Tail? {
        let isCut = limit < Int(header.capacity)
        guard !isZero || isCut else { return nil }
        let trailer = limit - SegmentFooter.trailerSize
        if trailer >= offset {
            try bytes.load(trailer..<limit)
            guard let base = unsafe bytes.base else { return nil }
            let place = unsafe SegmentFooter.offset(
                fromTrailer: UnsafeRawBufferPointer(start: base + trailer, count: SegmentFooter.trailerSize),
                fileSize: limit)
            if place == offset { return nil }
        }
        let used = try bytes.usedSize(limit: limit)
        let end = isCut ? Int(header.capacity) : used
        guard end > offset else { return nil }
        // A compressed batch of empty records holds the most records per byte: each takes four bytes before
        // compression.
        let possible = min(
            UInt64(SegmentHeader.recordCountMax), UInt64(end - offset) * UInt64(LZ4Block.expansionMax) / 4)
        var tail = Tail(likely: 0, possible: max(1, possible))
        guard offset + Frame.headerSize <= limit else { return tail }
        try bytes.load(offset..<offset + Frame.headerSize + 4)
        guard let base = unsafe bytes.base else { return tail }
        let frame = unsafe FrameHeader(base + offset)
        guard frame.length >= Frame.headerSize, offset + frame.size >= used,
            frame.length <= Int(header.capacity) - offset
        else { return tail }
        // A footer isn't valid if it states more records than a segment can have.
        let most = min(possible, UInt64(SegmentHeader.recordCountMax) - self.end.recordCount)
        if frame.kind == .record { tail.likely = min(1, most) }
        if frame.kind == .batch, offset + Frame.headerSize + 4 <= limit {
            let count: UInt32 = unsafe base.load(at: offset + Frame.Offset.body)
            tail.likely = min(UInt64(count), most)
        }
        return tail
    }
}
