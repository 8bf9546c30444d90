/// A pass over the segments in order. Each header states the end of the previous segment.
struct RecoveryChain {
    let boot: BootID
    let logID: LogID?
    private(set) var steps: [RecoveryPlan.Step] = []
    private(set) var findings: [RecoveryReport.Finding] = []
    /// The gaps that readers report, in order.
    private(set) var gaps: [LogGap] = []
    /// Higher than any sequence number that a caller or reader can have seen.
    private(set) var nextSequence: UInt64 = 1
    /// The last segment that stays, and the end of its records.
    private(set) var last: (header: SegmentHeader, end: SegmentEnd)?
    /// The log ended in a torn tail: no later segment belongs to it.
    private var isTorn = false
    /// The break before the next header has already been reported.
    private var isBreakReported = false

    /// The highest numbers that a header after the segments so far may have.
    private(set) var reach = HeaderReach()

    init(boot: BootID, logID: LogID?) {
        self.boot = boot
        self.logID = logID
    }

    mutating func add(
        _ segment: ExaminedSegment, _ header: SegmentHeader, later: LaterSegments
    ) {
        nextSequence = max(nextSequence, header.baseSequence + (segment.end?.recordCount ?? 0))
        guard !isTorn else {
            findings.append(
                RecoveryReport.Finding(
                    .tornTail, header, offset: 0, end: segment.fileSize,
                    records: 0..<(segment.end?.recordCount ?? 0),
                    isAcknowledged: false, Self.isBehindTheEnd))
            steps.append(RecoveryPlan.Step(segment: segment, action: .setAside, reason: Self.isBehindTheEnd))
            return
        }
        reach.add(header)
        reportMissing(before: header, segment, later: later)
        let placeholder = placeholder(to: header, segment, later)
        isBreakReported = false
        var step = RecoveryPlan.Step(segment: segment, action: .keep)
        if let scan = segment.scan {
            let decision = SegmentDecision(segment, header, scan, later: later, boot: boot)
            step = decision.step
            isTorn = decision.isTorn
            findings += decision.findings
            gaps += decision.gaps
            nextSequence = max(nextSequence, decision.nextSequence)
        } else if let footer = segment.footer {
            step.recordCount = footer.end.recordCount
        }
        if segment.hasBadCopy {
            let isInterrupted = isHeaderInterrupted(segment, header, later)
            if !isInterrupted {
                findings.append(
                    RecoveryReport.Finding(
                        .corruption, header, offset: 0, end: SegmentHeader.size, records: 0..<0, isAcknowledged: true,
                        Self.isHalfThere(segment)))
            }
            step.rewrite(at: 0, because: isInterrupted ? Self.isInterruptedHeader : Self.isHalfThere(segment))
        }
        if segment.isPoisoned {
            step.rewrite(at: 0, because: "a sync of it failed, so the disk may not have the bytes that can be read")
        }
        if placeholder == nil, let last, !header.follows(last.header) {
            step.relinks = true
            step.rewrite(at: 0, because: Self.isMissing(before: header))
        }
        step.placeholder = placeholder.map(Indirect.init)
        nextSequence = max(nextSequence, header.baseSequence + step.recordCount)
        last = (header, SegmentEnd(offset: segment.end?.offset ?? 0, recordCount: step.recordCount))
        steps.append(step)
    }

    /// Whether a header with one bad copy was being written when the process or the machine stopped.
    ///
    /// The kernel may write a page to disk while a process stores to it. Before the first frame the header is complete,
    /// and with the first sync it is durable.
    private func isHeaderInterrupted(
        _ segment: ExaminedSegment, _ header: SegmentHeader, _ later: LaterSegments
    ) -> Bool {
        let wasDurable = max(segment.durablePosition, later.durablePosition) > header.basePosition
        let isEmpty = segment.scan?.hasNoFrame ?? false
        return !wasDurable && !segment.isCompressed && (isEmpty || !header.bootID.isSameBoot(as: boot))
    }

    /// Reports the loss that the headers state between the last segment and this one.
    private mutating func reportMissing(
        before header: SegmentHeader, _ segment: ExaminedSegment, later: LaterSegments
    ) {
        guard let last, !header.follows(last.header), !isBreakReported else { return }
        let first = last.header.baseSequence + last.end.recordCount
        let sequences = first < header.baseSequence ? first...header.baseSequence - 1 : nil
        let isAcknowledged = wasAcknowledged(before: header, segment, later)
        if let sequences {
            gaps.add(
                sequences.lowerBound, sequences.upperBound, .missing, isAcknowledged, last.header,
                last.end.offset, Self.isMissing(before: header))
        }
        findings.append(
            RecoveryReport.Finding(
                classification: .missingSegment, segment: header.predecessor.number, offset: 0, byteCount: 0,
                sequences: sequences.map(SequenceNumber.range), isAcknowledged: isAcknowledged,
                evidence: Self.isMissing(before: header)))
    }

    /// Whether any record missing between the last segment and this one may have been acknowledged.
    private func wasAcknowledged(
        before header: SegmentHeader, _ segment: ExaminedSegment, _ later: LaterSegments
    ) -> Bool {
        guard let last else { return true }
        return max(segment.durablePosition, later.durablePosition)
            > last.header.position(at: last.end.offset) || header.bootID.isSameBoot(as: boot)
    }

    private static let isBehindTheEnd = "begun after the end of the log"
    private static let isInterruptedHeader = "one of the header's two copies was being written when its writer died"
    private static func isHalfThere(_ segment: ExaminedSegment) -> String {
        segment.damagedHeaderCopies == 0
            ? "the table of the compressed blocks is damaged; the blocks were found without it"
            : "one of the header's two copies is damaged; the other is intact"
    }

    private static func isMissing(before header: SegmentHeader) -> String {
        "segment \(header.segmentNumber) follows segment \(header.predecessor.number), which is missing"
    }

    /// Returns the placeholder for the loss between the last segment and one that doesn't follow it, if one is
    /// possible.
    private func placeholder(
        to header: SegmentHeader, _ segment: ExaminedSegment, _ later: LaterSegments
    ) -> RecoveryPlan.Placeholder? {
        guard let last, !header.follows(last.header), header.predecessor.number > last.header.segmentNumber,
            header.predecessor.number < header.segmentNumber,
            // A placeholder refers to the file by its incarnation, and no file has 0.
            header.predecessor.incarnation != 0
        else { return nil }
        var missing = last.header
        missing.segmentNumber = header.predecessor.number
        missing.incarnation = header.predecessor.incarnation
        missing.replacedIncarnation = 0
        missing.baseSequence = last.header.baseSequence + last.end.recordCount
        missing.basePosition = last.header.position(at: last.end.offset)
        missing.predecessor = last.header.asPredecessor(endingAt: last.end)
        let recordCount =
            header.baseSequence > missing.baseSequence ? header.baseSequence - missing.baseSequence : 0
        guard recordCount <= UInt64(SegmentHeader.recordCountMax), header.follows(missing) else { return nil }
        return RecoveryPlan.Placeholder(
            header: missing, recordCount: recordCount,
            // The finding of the unreadable segment already counts its records as acknowledged.
            isAcknowledged: isBreakReported || wasAcknowledged(before: header, segment, later),
            reason: Self.isMissing(before: header))
    }

    /// Adds a segment whose header says that it was prepared and never used.
    ///
    /// If a later segment follows it, it was used, and its active header never reached the disk. Then nothing in it was
    /// durable, and nothing after it.
    mutating func addUnused(
        _ segment: ExaminedSegment, _ header: SegmentHeader, later: LaterSegments
    ) {
        let follower = later.headers.first { $0.names(header) }
        guard let follower, !isTorn else {
            steps.append(
                isTorn
                    ? RecoveryPlan.Step(segment: segment, action: .setAside, reason: Self.isBehindTheEnd)
                    : RecoveryPlan.Step(segment: segment, action: .remove, reason: "prepared and never used"))
            return
        }
        let start = last.map { $0.header.position(at: $0.end.offset) } ?? 0
        let wasDurable = later.durablePosition > start + UInt64(SegmentHeader.size)
        if wasDurable || follower.bootID.isSameBoot(as: boot) {
            return setAsideUnreadable(
                segment, before: follower,
                because: "a later segment follows it, and its header says it was never used")
        }
        isTorn = true
        let reason = "neither its header nor its records were durable, and a later segment follows it"
        findings.append(
            RecoveryReport.Finding(
                .tornTail, header, offset: 0, end: segment.fileSize, records: 0..<0, isAcknowledged: false, reason))
        steps.append(RecoveryPlan.Step(segment: segment, action: .setAside, reason: reason))
    }

    mutating func setAsideUnreadable(
        _ segment: ExaminedSegment, before next: SegmentHeader?,
        because reason: String = "both copies of the header are damaged"
    ) {
        let first = last.map { $0.header.baseSequence + $0.end.recordCount } ?? 1
        let sequences: ClosedRange<UInt64>? = next.flatMap {
            first < $0.baseSequence ? first...$0.baseSequence - 1 : nil
        }
        let evidence = next == nil ? "\(reason); records from \(first) on may be lost" : reason
        if sequences != nil || next == nil {
            gaps.append(
                LogGap(
                    first: SequenceNumber(rawValue: first),
                    last: (sequences?.upperBound).map(SequenceNumber.init(rawValue:)), reason: .unreadable,
                    isAcknowledged: true, segment: segment.number, offset: 0, evidence: evidence))
        }
        findings.append(
            RecoveryReport.Finding(
                classification: .corruption, segment: segment.number, offset: 0, byteCount: segment.fileSize,
                sequences: sequences.map(SequenceNumber.range), isAcknowledged: true, evidence: evidence))
        steps.append(RecoveryPlan.Step(segment: segment, action: .setAside, reason: reason))
        isBreakReported = true
        // The number of its records is unknown, so skip as many sequence numbers as it may have had.
        if next == nil {
            nextSequence = max(nextSequence, first) + UInt64(SegmentHeader.recordCountMax)
        }
    }

    mutating func setAsideForeign(_ segment: ExaminedSegment, _ header: SegmentHeader) {
        let reason =
            header.logID != logID
            ? "its header has the log identifier \(header.logID)"
            : "its header has the segment number \(header.segmentNumber)"
        findings.append(
            RecoveryReport.Finding(
                classification: .foreignSegment, segment: segment.number, offset: 0, byteCount: segment.fileSize,
                isAcknowledged: false, evidence: reason))
        steps.append(RecoveryPlan.Step(segment: segment, action: .setAside, reason: reason))
    }
}

extension SegmentHeader {
    /// Whether this segment was begun right after `other`, or after the file that `other` replaces.
    ///
    /// A header that states more records for its predecessor than a segment can hold doesn't count: this log never
    /// writes one.
    func follows(_ other: SegmentHeader) -> Bool {
        names(other) && predecessor.finalSequence < other.baseSequence + UInt64(SegmentHeader.recordCountMax)
    }

    /// Whether the header refers to `other` as its predecessor. `other` may be a prepared segment, which has no base
    /// sequence.
    ///
    /// The header of a log's first segment refers to number 0 and has no predecessor.
    fileprivate func names(_ other: SegmentHeader) -> Bool {
        predecessor.number != 0 && predecessor.number == other.segmentNumber
            && predecessor.incarnation == other.lineage
    }
}

extension SegmentHeader.Predecessor {
    /// The number of the predecessor's records, if they begin with this sequence number.
    func recordCount(from baseSequence: UInt64) -> UInt64 {
        finalSequence >= baseSequence ? finalSequence - baseSequence + 1 : 0
    }
}
