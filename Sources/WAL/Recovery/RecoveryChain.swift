/// The walk along the segments, each of which says in its header how the one before it ended.
struct RecoveryChain {
    let boot: BootID
    /// The last segment that stays, and where its records end.
    private var last: (header: SegmentHeader, end: SegmentEnd)?
    /// The log ended in a torn tail: nothing after it counts.
    private var isTorn = false
    /// Why the next header won't follow has been told.
    private var isBreakTold = false

    /// What is within reach behind the segments that stay.
    private(set) var reach = HeaderReach()

    init(boot: BootID) {
        self.boot = boot
    }

    mutating func add(
        _ segment: ExaminedSegment, _ header: SegmentHeader, later: LaterSegments,
        _ plan: inout RecoveryPlan
    ) {
        guard !isTorn else {
            plan.report.findings.append(
                finding(
                    .tornTail, header, offset: 0, end: segment.fileSize,
                    records: 0..<(segment.end?.recordCount ?? 0),
                    isAcknowledged: false, Self.isBehindTheEnd))
            plan.steps.append(RecoveryPlan.Step(segment: segment, action: .setAside, reason: Self.isBehindTheEnd))
            return
        }
        reach.add(header)
        reportMissing(before: header, segment, later: later, &plan)
        let bridge = bridge(to: header, segment, later)
        isBreakTold = false
        var step = RecoveryPlan.Step(segment: segment, action: .keep)
        if let scan = segment.scan {
            step = decide(segment, header, scan, later: later, &plan)
        } else if let footer = segment.footer {
            step.recordCount = footer.finalSequence + 1 - footer.firstSequence
        }
        if segment.hasBadCopy {
            let isInterrupted = isHeaderInterrupted(segment, header, later)
            if !isInterrupted {
                plan.report.findings.append(
                    finding(
                        .corruption, header, offset: 0, end: SegmentHeader.size, records: 0..<0, isAcknowledged: true,
                        Self.isHalfThere(segment)))
            }
            step.rewrite(at: 0, because: isInterrupted ? Self.isInterruptedHeader : Self.isHalfThere(segment))
        }
        if segment.isPoisoned {
            step.rewrite(at: 0, because: "a sync of it failed, so what is shown of it may not be on the disk")
        }
        if bridge == nil, let last, !header.follows(last.header) {
            step.relinks = true
            step.rewrite(at: 0, because: Self.isMissing(before: header))
        }
        step.bridge = bridge.map(Box.init)
        plan.nextSequence = max(plan.nextSequence, header.baseSequence + step.recordCount)
        last = (header, SegmentEnd(offset: segment.end?.offset ?? 0, recordCount: step.recordCount))
        plan.steps.append(step)
    }

    /// Whether a header with a bad copy is one that was being written when the process or the machine stopped: a page can be on its
    /// way to the disk while it is stored to. With the first sync the header is whole, and frames come behind it.
    private func isHeaderInterrupted(
        _ segment: ExaminedSegment, _ header: SegmentHeader, _ later: LaterSegments
    ) -> Bool {
        let wasDurable = max(segment.durablePosition, later.durablePosition) > header.basePosition
        let isEmpty = segment.scan?.hasNoFrame ?? false
        return !wasDurable && !segment.isCompressed && (isEmpty || !header.bootID.isSameBoot(as: boot))
    }

    /// Goes through the places where frames break off, in order.
    private mutating func decide(
        _ segment: ExaminedSegment, _ header: SegmentHeader, _ scan: SegmentScan,
        later: LaterSegments, _ plan: inout RecoveryPlan
    ) -> RecoveryPlan.Step {
        let successor = later.headers.first { $0.follows(header) }
        var step = RecoveryPlan.Step(
            segment: segment,
            // A compressed one had a footer.
            action: segment.footer != nil ? .keep : segment.isCompressed ? .rewrite(end: nil) : .seal(abandoned: []),
            reason: scan.footer == nil ? "its writer ended without sealing it" : "its writer ended while sealing it",
            recordCount: scan.end.recordCount)
        if scan.endsWithoutRecords, let successor {
            step.recordCount = max(step.recordCount, successor.predecessor.recordCount(from: header.baseSequence))
        }
        for var gap in gaps(of: scan, segment, header, successor) {
            // How many records a damaged end had is only in question where no later header tells.
            if !later.headers.isEmpty { gap.tail = nil }
            let evidence = GapEvidence(
                content: isLoss(gap, segment, scan) ? .invalid : gap.content,
                isFollowed: gap.nextRecordIndex != nil,
                wasDurable: segment.isCompressed
                    || max(gap.durablePositionAfter, later.durablePosition) > header.basePosition + UInt64(gap.offset),
                isSameBoot: header.bootID.isSameBoot(as: boot))
            let decision = DecisionTable.decide(evidence)
            step.breaks.append(
                RecoveryPlan.Break(offset: gap.offset, next: gap.next, decision: decision))
            let likelyEnd = gap.recordIndex + (decision == .corruption ? gap.tail?.likely ?? 0 : 0)
            let records = gap.recordIndex..<max(gap.recordIndex, gap.nextRecordIndex ?? likelyEnd)
            switch decision {
            case .cleanEnd: continue
            case .abandonedClaims:
                if case .seal(let others) = step.action { step.action = .seal(abandoned: others + [gap]) }
            case .tornTail:
                step.rewrite(at: gap.offset, because: evidence.description)
                step.action = .rewrite(end: gap.offset)
                step.recordCount = gap.recordIndex
                isTorn = true
            case .corruption:
                step.rewrite(at: gap.offset, because: evidence.description)
            }
            if decision != .tornTail { step.recordCount = max(step.recordCount, records.upperBound) }
            var description = evidence.description
            if decision == .corruption, gap.nextRecordIndex == nil, let tail = gap.tail {
                let first = header.baseSequence + gap.recordIndex
                plan.nextSequence = max(plan.nextSequence, first + tail.possible)
                description += "; records from \(first) on may be lost"
                if records.isEmpty { plan.addGap(first, nil, .unreadable, true, header, gap.offset, description) }
            }
            if decision != .tornTail, !records.isEmpty {
                plan.addGap(
                    header.baseSequence + records.lowerBound, header.baseSequence + records.upperBound - 1,
                    decision == .corruption ? .unreadable : .void, decision == .corruption, header, gap.offset,
                    description)
            }
            plan.report.findings.append(
                finding(
                    RecoveryReport.Classification(decision), header, offset: gap.offset, end: gap.end,
                    records: decision == .tornTail
                        ? gap.recordIndex..<max(gap.recordIndex, scan.end.recordCount) : records,
                    isAcknowledged: decision == .corruption, description))
            if isTorn { break }
        }
        if case .seal = step.action, scan.footer == nil,
            scan.end.offset > Segment.frameLimit(capacity: Int(clamping: header.capacity))
        {
            step.rewrite(at: 0, because: "its header leaves no room for a footer")
        }
        return step
    }

    /// Whether zeros can't be a claim that was abandoned: a segment is sealed when all of it is committed, and after a failed sync
    /// the kernel may have dropped pages.
    private func isLoss(_ gap: SegmentScan.Gap, _ segment: ExaminedSegment, _ scan: SegmentScan) -> Bool {
        guard gap.content == .zero else { return false }
        return scan.footer != nil || (segment.isPoisoned && gap.nextRecordIndex != nil)
    }

    /// The gaps that the scan found, and the one that only the successor's header tells of.
    private func gaps(
        of scan: SegmentScan, _ segment: ExaminedSegment, _ header: SegmentHeader, _ successor: SegmentHeader?
    ) -> [SegmentScan.Gap] {
        var gaps = scan.gaps
        guard let successor else { return gaps }
        let recordCount = successor.predecessor.recordCount(from: header.baseSequence)
        let length = Int(clamping: successor.predecessor.length)
        let isSameFile = successor.predecessor.incarnation == header.incarnation
        guard recordCount > scan.end.recordCount || (isSameFile && length > scan.end.offset) else { return gaps }
        // An earlier recovery has filled the place up to the end, and was interrupted before it wrote the footer.
        if scan.endsWithoutRecords, isSameFile, length == scan.end.offset { return gaps }
        if let last = gaps.indices.last, gaps[last].nextRecordIndex == nil {
            gaps[last].nextRecordIndex = recordCount
            gaps[last].end = max(gaps[last].offset, min(length, segment.fileSize))
        }
        return gaps
    }

    /// What the headers say was between this segment and the last one.
    private func reportMissing(
        before header: SegmentHeader, _ segment: ExaminedSegment, later: LaterSegments,
        _ plan: inout RecoveryPlan
    ) {
        guard let last, !header.follows(last.header), !isBreakTold else { return }
        let first = last.header.baseSequence + last.end.recordCount
        let sequences = first < header.baseSequence ? first...header.baseSequence - 1 : nil
        let isAcknowledged = wasAcknowledged(before: header, segment, later)
        if let sequences {
            plan.addGap(
                sequences.lowerBound, sequences.upperBound, .missing, isAcknowledged, last.header,
                last.end.offset, Self.isMissing(before: header))
        }
        plan.report.findings.append(
            RecoveryReport.Finding(
                classification: .missingSegment, segment: header.predecessor.number, offset: 0, byteCount: 0,
                sequences: sequences.map(Self.range), isAcknowledged: isAcknowledged,
                evidence: Self.isMissing(before: header)))
    }

    /// Whether anything that is missing between the last segment and this one may have been acknowledged.
    private func wasAcknowledged(
        before header: SegmentHeader, _ segment: ExaminedSegment, _ later: LaterSegments
    ) -> Bool {
        guard let last else { return true }
        return max(segment.durablePosition, later.durablePosition)
            > last.header.basePosition + UInt64(last.end.offset) || header.bootID.isSameBoot(as: boot)
    }

    private static let isBehindTheEnd = "begun behind the place where the log ends"
    private static let isInterruptedHeader = "one of the header's two copies was being written when its writer ended"
    private static func isHalfThere(_ segment: ExaminedSegment) -> String {
        segment.damagedHeaderCopies == 0
            ? "the table of the compressed blocks is damaged; they were found without it"
            : "one of the header's two copies is damaged; the other is whole"
    }

    private static func isMissing(before header: SegmentHeader) -> String {
        "segment \(header.segmentNumber) follows segment \(header.predecessor.number), which isn't there"
    }

    /// What to put between the last segment and one that doesn't follow it.
    private func bridge(
        to header: SegmentHeader, _ segment: ExaminedSegment, _ later: LaterSegments
    ) -> RecoveryPlan.Bridge? {
        guard let last, !header.follows(last.header), header.predecessor.number > last.header.segmentNumber,
            header.predecessor.number < header.segmentNumber,
            // A stand-in names the file by its incarnation, and no file has 0.
            header.predecessor.incarnation != 0
        else { return nil }
        var missing = last.header
        missing.segmentNumber = header.predecessor.number
        missing.incarnation = header.predecessor.incarnation
        missing.replacedIncarnation = 0
        missing.baseSequence = last.header.baseSequence + last.end.recordCount
        missing.basePosition = last.header.basePosition + UInt64(last.end.offset)
        missing.predecessor = SegmentHeader.Predecessor(
            number: last.header.segmentNumber, incarnation: last.header.lineage,
            length: UInt64(last.end.offset), finalSequence: missing.baseSequence - 1)
        let recordCount =
            header.baseSequence > missing.baseSequence ? header.baseSequence - missing.baseSequence : 0
        guard recordCount <= UInt64(ClaimWord.recordsMax), header.follows(missing) else { return nil }
        return RecoveryPlan.Bridge(
            header: missing, recordCount: recordCount,
            // The finding of what can't be read says that it was acknowledged.
            isAcknowledged: isBreakTold || wasAcknowledged(before: header, segment, later),
            reason: Self.isMissing(before: header))
    }

    /// A segment whose header says that it was made ready and not used. Where a later one follows it, it was, and its
    /// header never reached the disk: then nothing in it was durable, nor anything behind it.
    mutating func addUnused(
        _ segment: ExaminedSegment, _ header: SegmentHeader, later: LaterSegments, _ plan: inout RecoveryPlan
    ) {
        let follower = later.headers.first { $0.names(header) }
        guard let follower, !isTorn else {
            plan.steps.append(
                isTorn
                    ? RecoveryPlan.Step(segment: segment, action: .setAside, reason: Self.isBehindTheEnd)
                    : RecoveryPlan.Step(segment: segment, action: .remove, reason: "made ready and never used"))
            return
        }
        let start = last.map { $0.header.basePosition + UInt64($0.end.offset) } ?? 0
        let wasDurable = later.durablePosition > start + UInt64(SegmentHeader.size)
        if wasDurable || follower.bootID.isSameBoot(as: boot) {
            return setAsideUnreadable(
                segment, before: follower,
                because: "a later segment follows it, and its header says it was never used",
                &plan)
        }
        isTorn = true
        let reason = "its header was not durable, nothing in it was, and a later segment follows it"
        plan.report.findings.append(
            finding(
                .tornTail, header, offset: 0, end: segment.fileSize, records: 0..<0, isAcknowledged: false, reason))
        plan.steps.append(RecoveryPlan.Step(segment: segment, action: .setAside, reason: reason))
    }

    mutating func setAsideUnreadable(
        _ segment: ExaminedSegment, before next: SegmentHeader?,
        because reason: String = "both copies of the header are damaged", _ plan: inout RecoveryPlan
    ) {
        let first = last.map { $0.header.baseSequence + $0.end.recordCount } ?? 1
        let sequences: ClosedRange<UInt64>? = next.flatMap {
            first < $0.baseSequence ? first...$0.baseSequence - 1 : nil
        }
        let evidence = next == nil ? "\(reason); records from \(first) on may be lost" : reason
        if sequences != nil || next == nil {
            plan.gaps.append(
                LogGap(
                    first: SequenceNumber(rawValue: first),
                    last: (sequences?.upperBound).map(SequenceNumber.init(rawValue:)), reason: .unreadable,
                    isAcknowledged: true, segment: segment.number, offset: 0, evidence: evidence))
        }
        plan.report.findings.append(
            RecoveryReport.Finding(
                classification: .corruption, segment: segment.number, offset: 0, byteCount: segment.fileSize,
                sequences: sequences.map(Self.range), isAcknowledged: true, evidence: evidence))
        plan.steps.append(RecoveryPlan.Step(segment: segment, action: .setAside, reason: reason))
        isBreakTold = true
        // How many sequence numbers it had can't be told, so as many as it may have had aren't used again.
        if next == nil { plan.nextSequence = max(plan.nextSequence, first) + UInt64(ClaimWord.recordsMax) }
    }

    func setAsideForeign(_ segment: ExaminedSegment, _ header: SegmentHeader, _ plan: inout RecoveryPlan) {
        let reason =
            header.logID != plan.logID
            ? "its header has the log identifier \(header.logID)"
            : "its header has the segment number \(header.segmentNumber)"
        plan.report.findings.append(
            RecoveryReport.Finding(
                classification: .foreignSegment, segment: segment.number, offset: 0, byteCount: segment.fileSize,
                isAcknowledged: false, evidence: reason))
        plan.steps.append(RecoveryPlan.Step(segment: segment, action: .setAside, reason: reason))
    }

    private func finding(
        _ classification: RecoveryReport.Classification, _ header: SegmentHeader, offset: Int, end: Int,
        records: Range<UInt64>, isAcknowledged: Bool, _ evidence: String
    ) -> RecoveryReport.Finding {
        RecoveryReport.Finding(
            classification: classification, segment: header.segmentNumber, offset: offset,
            byteCount: max(0, end - offset),
            sequences: records.isEmpty
                ? nil
                : Self.range(
                    header.baseSequence + records.lowerBound...header.baseSequence + records.upperBound - 1),
            isAcknowledged: isAcknowledged, evidence: evidence)
    }

    private static func range(_ range: ClosedRange<UInt64>) -> ClosedRange<SequenceNumber> {
        SequenceNumber(rawValue: range.lowerBound)...SequenceNumber(rawValue: range.upperBound)
    }
}

extension RecoveryPlan {
    fileprivate mutating func addGap(
        _ first: UInt64, _ last: UInt64?, _ reason: LogGap.Reason, _ isAcknowledged: Bool, _ header: SegmentHeader,
        _ offset: Int, _ evidence: String
    ) {
        gaps.append(
            LogGap(
                first: SequenceNumber(rawValue: first), last: last.map(SequenceNumber.init(rawValue:)),
                reason: reason, isAcknowledged: isAcknowledged, segment: header.segmentNumber, offset: offset,
                evidence: evidence))
    }
}

extension SegmentHeader {
    /// Whether this segment was begun right after that one, or after the one that that one replaces. No header that tells of more
    /// records than a segment has is of this log's making.
    func follows(_ other: SegmentHeader) -> Bool {
        names(other) && predecessor.finalSequence < other.baseSequence + UInt64(ClaimWord.recordsMax)
    }

    /// Whether it names that one as its predecessor, which may be a prepared one, without a base sequence. The first segment of a log
    /// names none, with the number 0.
    fileprivate func names(_ other: SegmentHeader) -> Bool {
        predecessor.number != 0 && predecessor.number == other.segmentNumber
            && predecessor.incarnation == other.lineage
    }
}

extension SegmentHeader.Predecessor {
    /// How many records it has, if they begin with this sequence number.
    fileprivate func recordCount(from baseSequence: UInt64) -> UInt64 {
        finalSequence >= baseSequence ? finalSequence - baseSequence + 1 : 0
    }
}

extension RecoveryReport.Classification {
    fileprivate init(_ decision: GapDecision) {
        self =
            switch decision {
            case .abandonedClaims: .abandonedClaims
            case .tornTail, .cleanEnd: .tornTail
            case .corruption: .corruption
            }
    }
}
