/// The search of a directory's reader for its first segment, and for the next one.
extension DirectorySource {
    func segment(containing sequence: UInt64?) throws(WALError) -> LocatedSegment? {
        try located { segments in
            // Search from the front: a forged header can have a lower base sequence than the headers before it.
            segments.prefix { $0.header.map { $0.baseSequence <= sequence ?? 0 } ?? false }.last ?? segments.first
        }
    }

    func segment(
        since time: Int64, reusing: (Segment) -> ReadableSegment?
    ) throws(WALError) -> LocatedSegment? {
        try located { segments in
            segments.first { segment in segment.footer.map { $0.recordCount > 0 && $0.lastTime >= time } ?? true }
        }
    }

    /// Opens the segment that `choose` returns, from those of the log. If that was removed before it could be opened,
    /// chooses again.
    private func located(
        _ choose: ([ExaminedSegment]) -> ExaminedSegment?
    ) throws(WALError) -> LocatedSegment? {
        var previous: UInt64?
        while true {
            // The recovery of a live writer has dropped everything after a torn tail.
            let isWritten = DirectoryLock.isHeld(in: directory)
            var segments = try allExamined()
            segments.refuseOutOfReach(logID)
            let own = segments.filter { $0.belongs(to: logID) }
            var chosen = choose(own)
            var gaps: [LogGap] = []
            var mayBeTorn = false
            var isInQuestion = isInQuestion(segments, before: chosen)
            if !isInQuestion, !isWritten, let chosen {
                isInQuestion = try isInDoubt(segments, upTo: chosen.number)
                mayBeTorn = chosen.footer == nil && chosen.header.map { $0.bootID.isSameBoot(as: .current) } == false
            }
            if isInQuestion {
                let map = try maps.map()
                gaps = map.gaps
                chosen = choose(own.filter { map.index(of: $0.number) != nil })
                mayBeTorn = chosen.map { map.isTorn($0.number) } ?? false
            }
            guard let chosen else { return gaps.isEmpty ? nil : LocatedSegment(gaps: gaps) }
            if let found = try readable(chosen.number) {
                return LocatedSegment(segment: found, gaps: gaps, mayBeTorn: mayBeTorn)
            }
            // The segment was removed meanwhile, so another one is the first.
            guard chosen.number != previous else { return nil }
            previous = chosen.number
        }
    }

    /// Whether the chain of segments up to and including this one is incomplete. Then recovery may leave the segment
    /// out, or report gaps before it.
    private func isInQuestion(_ segments: [ExaminedSegment], before chosen: ExaminedSegment?) -> Bool {
        var last: SegmentHeader?
        for segment in segments {
            // Readers skip a segment that is prepared, unreadable or foreign.
            guard segment.belongs(to: logID), let header = segment.header else { return true }
            if let last, !header.follows(last) { return true }
            if segment.number == chosen?.number { return false }
            if segment.footer == nil { return true }
            last = header
        }
        return false
    }

    /// Whether the log may end in a sealed segment up to and including this one. A footer can reach the disk without
    /// the frames before it, so recovery reads these frames if nothing proves that they are durable.
    private func isInDoubt(_ segments: [ExaminedSegment], upTo number: UInt64) throws(WALError) -> Bool {
        guard hasDoubtfulFooter(segments, upTo: number) else { return false }
        // The frames of the last segment often prove it. That is less to read than the whole log.
        var segments = segments
        let buffer = ReadBuffer()
        for index in segments.indices where segments[index].belongs(to: logID) && !segments[index].hasFooter {
            _ = try segments[index].readFramesIfThere(into: buffer)
        }
        return hasDoubtfulFooter(segments, upTo: number)
    }

    private func hasDoubtfulFooter(_ segments: [ExaminedSegment], upTo number: UInt64) -> Bool {
        var durablePosition: UInt64 = 0
        for segment in segments.reversed() where segment.belongs(to: logID) {
            durablePosition = max(durablePosition, segment.durablePosition)
            guard segment.number <= number, let header = segment.header, let footer = segment.footer else { continue }
            if durablePosition < header.position(at: footer.offset), !header.bootID.isSameBoot(as: .current) {
                return true
            }
        }
        return false
    }

    func continuation(of segment: ReadableSegment, at place: ReadingPlace) throws(WALError) -> Continuation {
        // The writer may have committed the frame, and begun the next segment, since the reader looked.
        if place.isEmpty, segment.hasFrame(at: place.offset) { return Continuation(step: .frame(place.offset)) }
        let old = segment.segment.header
        var isFollowed = false
        for number in try directory.segmentNumbers() where number > old.segmentNumber {
            // The segment was removed since the listing, or isn't in use.
            guard let next = try examined(number), next.header?.state != .prepared else { continue }
            isFollowed = true
            guard let header = next.header else { break }
            guard next.belongs(to: logID) else { continue }
            guard header.follows(old), HeaderReach().has(header) else { break }
            if !place.isFooter {
                guard try isSealedYet(segment, before: header, at: place) else { break }
            }
            return Continuation(step: try readable(number).map { .segment($0) } ?? .again)
        }
        if isFollowed {
            if try isAwaited(segment, at: place) { return Continuation(step: .end) }
        } else if let step = try stepAtEnd(of: segment, at: place) {
            return Continuation(step: step)
        }
        return try mapped(segment, at: place)
    }

    /// Whether a producer may be about to commit a frame at a place, in a segment that a live writer has ended and not
    /// sealed yet. A sealed file is smaller than its capacity.
    private func isAwaited(_ segment: ReadableSegment, at place: ReadingPlace) throws(WALError) -> Bool {
        let old = segment.segment.header
        guard place.isEmpty, !segment.isCompressed, DirectoryLock.isHeld(in: directory),
            let now = try examined(old.segmentNumber)
        else { return false }
        return now.header?.incarnation == old.incarnation && !now.hasFooter
            && now.fileSize >= Int(clamping: old.capacity)
    }

    /// Whether a place is the end of a segment that a live writer has ended and is about to seal. Without a writer,
    /// recovery decides how that segment ends. If another file has taken the place of the reader's, it may have the
    /// next records at lower offsets.
    private func isSealedYet(
        _ segment: ReadableSegment, before next: SegmentHeader, at place: ReadingPlace
    ) throws(WALError) -> Bool {
        let old = segment.segment.header
        guard place.isEmpty, Int(clamping: next.predecessor.length) <= place.offset,
            segment.size >= Int(clamping: old.capacity), DirectoryLock.isHeld(in: directory)
        else { return false }
        return try examined(old.segmentNumber)?.header?.incarnation == old.incarnation
    }

    /// Returns the step at the end of the last segment, or nil if that takes an examination of the whole log.
    private func stepAtEnd(of segment: ReadableSegment, at place: ReadingPlace) throws(WALError) -> Continuation.Step? {
        let old = segment.segment.header
        let now = try examined(old.segmentNumber)
        if let header = now?.header, header.incarnation != old.incarnation { return .again }
        if place.isFooter { return .end }
        guard place.isEmpty, segment.footer == nil else { return nil }
        // The segment was sealed since, so the frame may exist now.
        if now?.footer != nil { return .again }
        let end = LogMaps.End(incarnation: old.incarnation, offset: place.offset)
        if maps.isCleanEnd(end) { return .end }
        // A producer may be about to commit.
        if DirectoryLock.isHeld(in: directory) { return .end }
        // The mapping may extend past the file's end: a writer that has just ended may have cut the file since the look at it above.
        guard !segment.isCompressed, let now,
            try ZeroBlocks.areZero(try now.file.file, from: place.offset, to: Int(clamping: old.capacity))
        else { return nil }
        maps.setCleanEnd(end)
        return .end
    }

    /// Continues at the place at which recovery would continue.
    private func mapped(_ segment: ReadableSegment, at place: ReadingPlace) throws(WALError) -> Continuation {
        let old = segment.segment.header
        for isFresh in [false, true] {
            let map = try maps.map(isFresh: isFresh)
            guard map.files.segments.contains(old.segmentNumber) else { return try behindRemoved(old, map) }
            guard let index = map.index(of: old.segmentNumber) else {
                return Continuation(step: .end, gaps: map.gaps)
            }
            guard map.places[index].header.incarnation == old.incarnation else {
                // The map may be older than the reader's file. If it isn't, another file has taken that one's place.
                if isFresh { return Continuation(step: .again) }
                continue
            }
            if place.isFooter { return try next(map, index + 1) }
            guard let found = map.places[index].breaks.first(where: { $0.offset == place.offset }) else { continue }
            switch found.decision {
            case .tornTail: return Continuation(step: .end, gaps: map.gaps)
            case .cleanEnd: return try next(map, index + 1)
            case .abandonedClaims, .corruption:
                // While a writer runs, the claim may still be committed.
                if found.decision == .abandonedClaims, DirectoryLock.isHeld(in: directory) {
                    return Continuation(step: .end)
                }
                guard let next = found.next else {
                    // A writer may have appended to the segment since the map was made.
                    if !isFresh, try segment.hasFrame(after: place.offset) { continue }
                    return try self.next(map, index + 1)
                }
                return Continuation(step: .frame(next), gaps: map.gaps)
            }
        }
        return Continuation(step: .beginning)
    }

    private func next(_ map: LogMap, _ index: Int) throws(WALError) -> Continuation {
        guard index < map.places.count else { return Continuation(step: .end, gaps: map.gaps) }
        let segment = try readable(map.places[index].header.segmentNumber)
        return Continuation(step: segment.map { .segment($0) } ?? .again, gaps: map.gaps)
    }

    /// Continues after segments that were removed while a reader was in the first of them.
    private func behindRemoved(_ old: SegmentHeader, _ map: LogMap) throws(WALError) -> Continuation {
        guard let index = map.index(behind: old.segmentNumber) else { return Continuation(step: .end) }
        let header = map.places[index].header
        var next = try next(map, index)
        next.gaps.insert(.removed(before: header), at: 0)
        return next
    }
}

extension LogGap {
    /// Returns the gap for the numbers before a segment that is now the first one.
    static func removed(before header: SegmentHeader) -> LogGap {
        LogGap(
            first: 1, last: SequenceNumber(rawValue: header.baseSequence - 1), reason: .removed, isAcknowledged: true,
            segment: header.segmentNumber, offset: 0,
            evidence: "the segments before this one were removed, by retention or otherwise")
    }
}
