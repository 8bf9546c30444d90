/// The decision about one scanned segment: a pure function of the examined data.
struct SegmentDecision {
    private(set) var step: RecoveryPlan.Step
    private(set) var findings: [RecoveryReport.Finding] = []
    /// The gaps that readers report, in order.
    private(set) var gaps: [LogGap] = []
    /// Higher than any sequence number that the segment may have had, or 0 if its records define that.
    private(set) var nextSequence: UInt64 = 0
    /// Whether the log ends in this segment, in a torn tail.
    private(set) var isTorn = false

    /// Decides about each place where frames break off, in order.
    init(
        _ segment: ExaminedSegment, _ header: SegmentHeader, _ scan: SegmentScan, later: LaterSegments, boot: BootID
    ) {
        let successor = later.headers.first { $0.follows(header) }
        step = RecoveryPlan.Step(
            segment: segment,
            // Only a segment with a footer is compressed.
            action: segment.hasFooter ? .keep : segment.isCompressed ? .rewrite(end: nil) : .seal(abandoned: []),
            reason: scan.footer == nil ? "its writer died without sealing it" : "its writer died while sealing it",
            recordCount: scan.end.recordCount)
        if scan.endsWithoutRecords, let successor {
            step.recordCount = max(step.recordCount, successor.predecessor.recordCount(from: header.baseSequence))
        }
        for var gap in Self.breaks(of: scan, segment, header, successor) {
            // The number of records in a damaged end is open only if no later header states it.
            if !later.headers.isEmpty { gap.tail = nil }
            let evidence = GapEvidence(
                content: Self.isLoss(gap, segment, scan) ? .invalid : gap.content,
                isFollowed: gap.nextRecordIndex != nil,
                wasDurable: segment.isCompressed
                    || max(gap.durablePositionAfter, later.durablePosition) > header.position(at: gap.offset),
                isSameBoot: header.bootID.isSameBoot(as: boot))
            let decision = DecisionTable.decide(evidence)
            let likelyEnd = gap.recordIndex + (decision == .corruption ? gap.tail?.likely ?? 0 : 0)
            let records = gap.recordIndex..<max(gap.recordIndex, gap.nextRecordIndex ?? likelyEnd)
            step.breaks.append(
                RecoveryPlan.Break(
                    offset: gap.offset, next: gap.next, decision: decision, isNumbered: !records.isEmpty))
            switch decision {
            case .cleanEnd: continue
            case .abandonedClaims where !gap.isFillable:
                // A sealed segment with zeros between its frames counts as damaged.
                step.rewrite(at: gap.offset, because: "a place was claimed and abandoned, and no void frame fits there")
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
                nextSequence = max(nextSequence, first + tail.possible)
                description += "; records from \(first) on may be lost"
                if records.isEmpty { gaps.add(first, nil, .unreadable, true, header, gap.offset, description) }
            }
            if decision != .tornTail, !records.isEmpty {
                gaps.add(
                    header.baseSequence + records.lowerBound, header.baseSequence + records.upperBound - 1,
                    decision == .corruption ? .unreadable : .void, decision == .corruption, header, gap.offset,
                    description)
            }
            findings.append(
                RecoveryReport.Finding(
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
    }

    /// Whether zeros can't be an abandoned claim. A segment is sealed only when all of it is committed, and after a
    /// failed sync the kernel may have dropped pages.
    private static func isLoss(_ gap: SegmentScan.Gap, _ segment: ExaminedSegment, _ scan: SegmentScan) -> Bool {
        guard gap.content == .zero else { return false }
        return scan.footer != nil || (segment.isPoisoned && gap.nextRecordIndex != nil)
    }

    /// Returns the gaps that the scan found, including one that only the successor's header proves.
    private static func breaks(
        of scan: SegmentScan, _ segment: ExaminedSegment, _ header: SegmentHeader, _ successor: SegmentHeader?
    ) -> [SegmentScan.Gap] {
        var gaps = scan.gaps
        guard let successor else { return gaps }
        let recordCount = successor.predecessor.recordCount(from: header.baseSequence)
        let length = Int(clamping: successor.predecessor.length)
        let isSameFile = successor.predecessor.incarnation == header.incarnation
        guard recordCount > scan.end.recordCount || (isSameFile && length > scan.end.offset) else { return gaps }
        // An earlier recovery filled the place up to the end, and was interrupted before it wrote the footer.
        if scan.endsWithoutRecords, isSameFile, length == scan.end.offset { return gaps }
        if let last = gaps.indices.last, gaps[last].nextRecordIndex == nil {
            gaps[last].nextRecordIndex = recordCount
            gaps[last].end = max(gaps[last].offset, min(length, segment.fileSize))
        }
        return gaps
    }
}

extension [LogGap] {
    mutating func add(
        _ first: UInt64, _ last: UInt64?, _ reason: LogGap.Reason, _ isAcknowledged: Bool, _ header: SegmentHeader,
        _ offset: Int, _ evidence: String
    ) {
        append(
            LogGap(
                first: SequenceNumber(rawValue: first), last: last.map(SequenceNumber.init(rawValue:)),
                reason: reason, isAcknowledged: isAcknowledged, segment: header.segmentNumber, offset: offset,
                evidence: evidence))
    }
}

extension RecoveryReport.Finding {
    /// `records` are indexes within the segment.
    init(
        _ classification: RecoveryReport.Classification, _ header: SegmentHeader, offset: Int, end: Int,
        records: Range<UInt64>, isAcknowledged: Bool, _ evidence: String
    ) {
        let base = header.baseSequence
        self.init(
            classification: classification, segment: header.segmentNumber, offset: offset,
            byteCount: max(0, end - offset),
            sequences: records.isEmpty
                ? nil : SequenceNumber.range(base + records.lowerBound...base + records.upperBound - 1),
            isAcknowledged: isAcknowledged, evidence: evidence)
    }
}

extension SequenceNumber {
    static func range(_ range: ClosedRange<UInt64>) -> ClosedRange<SequenceNumber> {
        SequenceNumber(rawValue: range.lowerBound)...SequenceNumber(rawValue: range.upperBound)
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
