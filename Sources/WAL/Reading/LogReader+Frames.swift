/// The steps of a reader from frame to frame, and from record to record in a batch.
extension LogReader {
    /// Returns the next record. Returns `none` if there is no record yet, or if there is a gap, which is then in
    /// `foundGap`.
    func takeSlow() throws(WALError) -> Found {
        while true {
            if let gap = gaps.take() {
                foundGap = gap
                return .none
            }
            if batch.recordCount > 0 {
                if let found = takeFromBatch() { return found }
                continue
            }
            if current == nil {
                try locate()
                if gaps.next != nil { continue }
            }
            guard let segment = current else { return .none }
            if visibility == .durable, try !isDurable(segment) { return .none }
            if segment.isCompressed {
                retain(segment.memory)
                // The check may move the window, and the run points into it.
                run = RecordRun()
            }
            let outcome = unsafe try check(segment)
            isAtEmptyPlace = if case .empty = unsafe outcome { true } else { false }
            switch unsafe outcome {
            case .valid(let frame):
                guard
                    let body = unsafe FrameValidity.body(
                        frame, offset: offset, baseSequence: segment.segment.header.baseSequence)
                else {
                    guard try advance(from: segment, isEmpty: false, .body) else { return .none }
                    continue
                }
                if let found = unsafe take(frame.header, body, of: segment) { return found }
                if case .footer = unsafe body, gaps.next == nil {
                    guard try advance(from: segment, isFooter: true) else { return .none }
                }
            case .empty, .atLimit:
                guard try advance(from: segment, isEmpty: true) else { return .none }
            case .invalid(let reason):
                guard try advance(from: segment, isEmpty: false, reason) else { return .none }
            }
        }
    }

    /// Takes a valid frame and moves past it. Stays at a footer, and at a frame whose record index shows a gap before
    /// it.
    private func take(_ header: FrameHeader, _ body: FrameValidity.Body, of segment: ReadableSegment) -> Found? {
        let sequence = segment.segment.header.baseSequence + UInt64(header.recordIndex)
        if header.recordIndex > recordIndex {
            // The index skipped frames, and one of them may give the reason. Walk the segment from its first frame.
            guard !isAtIndexEntry else {
                begin(segment)
                return nil
            }
            gaps.add(
                from: reached, to: sequence,
                otherwise: .unexplained(segment: segment.segment.number, offset: offset))
            recordIndex = header.recordIndex
            // End the run, because the whole gap comes before the record.
            run = RecordRun()
            return nil
        }
        isAtIndexEntry = false
        gaps.passed(header.kind, segment: segment.segment.number, offset: offset)
        if case .footer = unsafe body { return nil }
        let start = offset
        offset += header.size
        switch unsafe body {
        case .record:
            recordIndex = header.recordIndex + 1
            guard isWanted(sequence, header.time) else { return nil }
            // Take the address before the window of a compressed segment moves. The old window stays in memory for one
            // move.
            let payload = unsafe segment.bytes.base.map { unsafe $0 + start + Frame.Offset.body }
            // After a seek there may be only one record to read, so nothing is read ahead. A failure to read ahead is
            // left to the next call: if it were thrown here, the caller would miss this record.
            if isSeeking { isSeeking = false } else { try? beginRun(segment) }
            return unsafe Found(sequence: sequence, time: header.time, payload: payload, size: header.bodySize)
        case .batch(let content): unsafe begin(content, sequence: sequence, time: header.time)
        case .footer, .other: break
        }
        return nil
    }

    /// Begins a run of records after the first wanted one, because every later record is wanted, too.
    private func beginRun(_ segment: ReadableSegment) throws(WALError) {
        let header = segment.segment.header
        let reach = try readAhead.reach(offset, in: segment)
        var limit = min(segment.limit & ~(Frame.alignment - 1), segment.readableEnd(from: offset))
        // The bytes after `reach` aren't decompressed yet.
        if segment.isCompressed { limit = min(limit, reach) }
        var end = min(limit - Frame.headerSize + 1, reach)
        if visibility == .durable {
            end = min(end, Int(clamping: durablePosition) - Int(clamping: min(durablePosition, header.basePosition)))
        }
        run = unsafe RecordRun(
            base: segment.bytes.base, end: end, limit: limit, seed: segment.segment.seed,
            baseSequence: header.baseSequence)
    }

    private func isDurable(_ segment: ReadableSegment) throws(WALError) -> Bool {
        let position = segment.segment.position(at: offset)
        if position >= durablePosition { durablePosition = try source.durablePosition(after: position) }
        return position < durablePosition || segment.footer.map { offset >= $0.offset } ?? false
    }

    @inline(__always)
    private func check(_ segment: ReadableSegment) throws(WALError) -> FrameValidity.Outcome {
        let limit = segment.limit
        guard offset + Frame.headerSize <= limit else { return unsafe .atLimit }
        guard try segment.isReadable(at: offset),
            try segment.bytes.loadFrame(at: offset, limit: limit, seed: segment.segment.seed)
        else { return unsafe .invalid(.checksum) }
        guard let base = unsafe segment.bytes.base else { return unsafe .atLimit }
        return unsafe FrameValidity.check(
            commitWord: CommitWord.load(base + offset), base: base, offset: offset, limit: limit,
            seed: segment.segment.seed, recordIndexMin: recordIndex)
    }

    /// Whether a record is at or after the reader's start. Once one is, all later ones are.
    @inline(__always)
    private func isWanted(_ sequence: UInt64, _ time: Int64) -> Bool {
        switch place {
        case .start: return true
        case .sequence(let wanted): return sequence >= wanted
        case .time(let wanted):
            guard time >= wanted else { return false }
            place = .sequence(sequence)
            return true
        }
    }

    private func begin(_ content: BatchBody.Content, sequence: UInt64, time: Int64) {
        run.end = 0
        retain(batch.memory)
        batch = unsafe PendingBatch(
            memory: content.memory, recordCount: content.recordCount, size: content.bytes.baseAddress,
            payload: content.bytes.baseAddress.map { unsafe $0 + content.payloadOffset },
            ownTime: content.timeOffset.flatMap { offset in unsafe content.bytes.baseAddress.map { unsafe $0 + offset }
            },
            sequence: sequence, time: time)
        recordIndex = UInt32(clamping: Int(recordIndex) + batch.recordCount)
    }

    /// Returns the next record of the batch, or nil if it is before the reader's start.
    private func takeFromBatch() -> Found? {
        guard let sizeField = unsafe batch.size, let payload = unsafe batch.payload else {
            batch.recordCount = 0
            return nil
        }
        if let ownTime = unsafe batch.ownTime {
            batch.time = unsafe ownTime.load(at: 0)
            unsafe batch.ownTime = unsafe ownTime + 8
        }
        let found = unsafe Found(
            sequence: batch.sequence, time: batch.time, payload: payload, size: Int(sizeField.load(UInt32.self, at: 0)))
        batch.recordCount -= 1
        batch.sequence += 1
        unsafe batch.size = unsafe sizeField + 4
        unsafe batch.payload = unsafe payload + found.size
        return isWanted(found.sequence, found.time) ? found : nil
    }
}
