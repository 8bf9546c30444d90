/// The search of a reader for its segment, and for the next place to read after a place without a frame.
extension LogReader {
    func locate() throws(WALError) {
        if enterOpened() { return }
        let located =
            switch place {
            case .start: try source.segment(containing: nil)
            case .sequence(let sequence): try source.segment(containing: sequence)
            case .time(let time): try source.segment(since: time, reusing: reuse)
            }
        guard let located else { return }
        gaps.known = located.gaps
        guard let found = located.segment else { return noteEnd() }
        enter(found)
        // Retention may have removed the segment before `enter` pinned it. Segments found from here on stay.
        guard !source.isRemoved(found) else {
            switchTo(nil)
            return try locate()
        }
        let base = found.segment.header.baseSequence
        let isFound = try located.mayBeTorn ? false : hop(in: found)
        if !isFound {
            switch place {
            case .start: place = .sequence(min(base, located.gaps.first?.first.rawValue ?? base))
            case _ where located.mayBeTorn: break
            case .sequence(let sequence):
                let known = knownStart(in: found)
                (offset, recordIndex) = if let known { known } else { try found.start { $0.sequence <= sequence } }
            case .time(let time): (offset, recordIndex) = try found.start { $0.latestTimeBefore < time }
            }
            isAtIndexEntry = offset > SegmentHeader.size
        }
        if case .sequence(let wanted) = place, wanted < base {
            gaps.add(from: wanted, to: base, otherwise: .removed(before: found.segment.header))
        }
    }

    /// Returns the known place of the wanted record's frame, if it is in a segment.
    private func knownStart(in found: ReadableSegment) -> (offset: Int, recordIndex: UInt32)? {
        let header = found.segment.header
        guard let start = knownStart, start.position >= header.position(at: SegmentHeader.size),
            start.sequence + 1 >= header.baseSequence
        else { return nil }
        return (
            Int(clamping: start.position - header.basePosition),
            UInt32(clamping: start.sequence + 1 - header.baseSequence)
        )
    }

    /// Locates the place again, because the mapped file may no longer be the file on disk.
    private func locateAgain() {
        // A seek must not return to that file.
        if let index = opened.firstIndex(where: { $0.segment.segment === current?.segment }) { forget(index) }
        // If `place` is still a time, no record of that time was found yet. Then the search starts over.
        if case .sequence = place { place = .sequence(nextSequence.rawValue) }
        switchTo(nil)
    }

    /// Finds the next place to read, from a place without a frame or from a footer. Returns false if there is nothing
    /// more yet.
    func advance(
        from segment: ReadableSegment, isEmpty: Bool = false, isFooter: Bool = false,
        _ reason: FrameValidity.Reason = .length
    ) throws(WALError) -> Bool {
        let place = ReadingPlace(offset: offset, isEmpty: isEmpty, isFooter: isFooter)
        let continuation = try source.continuation(of: segment, at: place)
        if !continuation.gaps.isEmpty { gaps.known = continuation.gaps }
        switch continuation.step {
        case .end:
            tries = 0
            noteEnd()
            return false
        case .damaged: throw corrupted(segment, reason)
        case .again:
            try countTry(segment, reason)
            locateAgain()
        case .beginning:
            try countTry(segment, reason)
            begin(segment)
        case .frame(let next):
            offset = next
            isAtIndexEntry = false
            run = RecordRun()
        case .segment(let next): try enter(next, after: segment)
        }
        return true
    }

    /// Throws if the reader goes back for the same sequence number again and again. The frames before it are the same
    /// each time, so they don't count.
    private func countTry(_ segment: ReadableSegment, _ reason: FrameValidity.Reason) throws(WALError) {
        if reached > triedSequence { tries = 0 }
        triedSequence = max(triedSequence, reached)
        tries += 1
        if tries > Self.triesMax { throw corrupted(segment, reason) }
    }

    /// Finds the gap at the log's end, if there is one that wasn't reported.
    private func noteEnd() {
        guard let gap = gaps.atEnd(from: reached) else { return }
        if case .sequence = place { place = .sequence(gap.next.rawValue) }
        foundGap = gap
    }

    /// Walks a segment again from its first frame.
    func begin(_ segment: ReadableSegment) {
        if case .sequence = place { place = .sequence(reached) }
        enter(segment)
    }

    private func enter(_ next: ReadableSegment, after segment: ReadableSegment) throws(WALError) {
        let header = next.segment.header
        let expected = reached
        if case .sequence = place { place = .sequence(expected) }
        enter(next)
        tries = 0
        guard header.baseSequence > expected else { return }
        let end = header.follows(segment.segment.header) ? header.predecessor.finalSequence + 1 : expected
        if end > expected {
            gaps.add(
                from: expected, to: min(end, header.baseSequence),
                otherwise: .unexplained(segment: segment.segment.number, offset: offset))
        }
        gaps.leaveSegment()
        gaps.add(
            from: max(end, expected), to: header.baseSequence,
            otherwise: .skipped(before: header, isAcknowledged: try wasSkipped(before: next)))
    }

    /// Returns whether any of the numbers skipped at the beginning of a segment had been acknowledged, or nil if that
    /// is unknown.
    private func wasSkipped(before segment: ReadableSegment) throws(WALError) -> Bool? {
        let outcome = unsafe try segment.check(at: SegmentHeader.size)
        guard case .valid(let frame) = unsafe outcome, unsafe frame.header.kind == .recovery,
            let (findings, count) = unsafe RecoveryBody.decode(frame.body), count == findings.count,
            !findings.contains(where: \.isAcknowledged)
        else { return nil }
        return false
    }

    private func enter(_ segment: ReadableSegment) {
        source.pin(ObjectIdentifier(self), at: segment.segment.number)
        switchTo(segment)
        offset = SegmentHeader.size
        recordIndex = 0
        isAtIndexEntry = false
    }

    private func corrupted(_ segment: ReadableSegment, _ reason: FrameValidity.Reason) -> WALError {
        WALError(
            .corrupted,
            """
            \(segment.segment.path) is damaged at offset \(offset) (\(reason.rawValue)), at the record with sequence number \
            \(nextSequence). Open the log with the recovery scope `everything`, or run `wal repair`, to set the damaged \
            bytes aside and continue after them.
            """)
    }
}
