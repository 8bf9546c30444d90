/// The gaps that a reader has found and not reported yet, and their known reasons.
struct GapReporter {
    private struct Numbers {
        var first: UInt64
        /// The number after the last one.
        var end: UInt64
        /// The gap to report if no other reason is known.
        var otherwise: LogGap
    }

    /// The gaps that recovery would report, in order.
    var known: [LogGap] = []
    private var found: [Numbers] = []
    /// The gap stated by the last frame. It covers the numbers up to those of the next frame.
    private var mark: LogGap?
    /// The first number of a reported gap whose end is unknown.
    private var openTold: SequenceNumber?
    /// The number after the reported gaps at the log's end.
    private var endTold: SequenceNumber = 0

    /// The first number that isn't reported yet.
    var next: UInt64? { found.first?.first }

    /// Adds numbers that have no record.
    mutating func add(from first: UInt64, to end: UInt64, otherwise: LogGap) {
        guard first < end else { return }
        let mark = found.isEmpty ? mark : nil
        found.append(Numbers(first: first, end: end, otherwise: mark ?? otherwise))
        self.mark = nil
    }

    /// Notes a frame. Void and lost frames stand for the numbers up to the next frame.
    mutating func passed(_ kind: Frame.Kind, segment: UInt64, offset: Int) {
        mark =
            switch kind {
            case .void: .marked(.void, segment: segment, offset: offset, "its producer died before it committed")
            case .lost: .marked(.lost, segment: segment, offset: offset, "a recovery found the records damaged")
            default: nil
            }
    }

    /// Notes the end of a segment. A mark in its last frame ends there, too.
    mutating func leaveSegment() { mark = nil }

    /// Returns the next gap. Numbers between two known gaps are a gap of their own.
    mutating func take() -> LogGap? {
        guard let numbers = found.first else { return nil }
        let first = SequenceNumber(rawValue: numbers.first)
        var gap = known.first { $0.first <= first && $0.last.map { $0 >= first } ?? true } ?? numbers.otherwise
        var last = min(numbers.end - 1, gap == numbers.otherwise ? .max : gap.last?.rawValue ?? .max)
        if gap == numbers.otherwise, let next = known.first(where: { $0.first > first }) {
            last = min(last, next.first.rawValue - 1)
        }
        gap.first = first
        gap.last = SequenceNumber(rawValue: last)
        found[0].first = last + 1
        if found[0].first == numbers.end { found.removeFirst() }
        return gap
    }

    /// Returns the gap after the last record, if acknowledged records are or may be missing there.
    mutating func atEnd(from first: UInt64) -> LogGap? {
        let first = max(SequenceNumber(rawValue: first), endTold)
        let gap = known.first { gap in
            gap.isLoss && (gap.last.map { $0 >= first } ?? (gap.first >= first && gap.first != openTold))
        }
        guard var gap else { return nil }
        gap.first = max(gap.first, first)
        if gap.last == nil { openTold = gap.first } else { endTold = gap.next }
        return gap
    }
}

extension LogGap {
    fileprivate static func marked(_ reason: Reason, segment: UInt64, offset: Int, _ evidence: String) -> LogGap {
        LogGap(
            first: 0, last: nil, reason: reason, isAcknowledged: reason == .lost, segment: segment, offset: offset,
            evidence: evidence)
    }

    /// Returns a gap of numbers that frames or headers skip without a reason.
    static func unexplained(segment: UInt64, offset: Int) -> LogGap {
        LogGap(
            first: 0, last: nil, reason: .skipped, isAcknowledged: nil, segment: segment, offset: offset,
            evidence: "the next record has a higher number for an unknown reason")
    }

    /// Returns a gap of numbers that an opening or a flusher skipped when it began a segment.
    static func skipped(before header: SegmentHeader, isAcknowledged: Bool?) -> LogGap {
        LogGap(
            first: 0, last: nil, reason: .skipped, isAcknowledged: isAcknowledged, segment: header.segmentNumber,
            offset: 0,
            evidence: isAcknowledged == false
                ? "the opening that began the segment skipped the numbers of records that had not become durable"
                : "an earlier state or a copy of the log may have used the numbers before this segment")
    }
}
