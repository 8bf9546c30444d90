/// The gaps that a reader has found and not told yet, and what it knows of why they are there.
struct GapReporter {
    private struct Numbers {
        var first: UInt64
        /// Behind the last.
        var end: UInt64
        /// What is told of numbers that nothing else is known of.
        var otherwise: LogGap
    }

    /// What recovery would say of the log, in order.
    var known: [LogGap] = []
    private var found: [Numbers] = []
    /// The last frame said this of the numbers from its own to those of the next one.
    private var mark: LogGap?
    /// Where a gap begins that was reported, and whose end isn't known.
    private var openTold: SequenceNumber?
    /// The number after the gaps at the log's end that were reported.
    private var endTold: SequenceNumber = 0

    /// The first number that is to be told.
    var next: UInt64? { found.first?.first }

    /// Takes numbers that no record was found for.
    mutating func add(from first: UInt64, to end: UInt64, otherwise: LogGap) {
        guard first < end else { return }
        let mark = found.isEmpty ? mark : nil
        found.append(Numbers(first: first, end: end, otherwise: mark ?? otherwise))
        self.mark = nil
    }

    /// Takes note of a frame: void and lost ones stand for the numbers up to the next frame.
    mutating func passed(_ kind: Frame.Kind, segment: UInt64, offset: Int) {
        mark =
            switch kind {
            case .void: .marked(.void, segment: segment, offset: offset, "its producer died before it committed")
            case .lost: .marked(.lost, segment: segment, offset: offset, "a recovery found the records damaged")
            default: nil
            }
    }

    /// Takes note of a segment's end. What its last frame stands for ends there, too.
    mutating func leaveSegment() { mark = nil }

    /// The next gap. What lies between two that are known of is one by itself.
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

    /// What is missing behind the last record, as far as it had been acknowledged.
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

    /// Numbers that frames or headers leave out without a word.
    static func unexplained(segment: UInt64, offset: Int) -> LogGap {
        LogGap(
            first: 0, last: nil, reason: .skipped, isAcknowledged: nil, segment: segment, offset: offset,
            evidence: "what follows has higher numbers, and nothing tells why")
    }

    /// Numbers that an opening or a flusher passed over when it began a segment.
    static func skipped(before header: SegmentHeader, isAcknowledged: Bool?) -> LogGap {
        LogGap(
            first: 0, last: nil, reason: .skipped, isAcknowledged: isAcknowledged, segment: header.segmentNumber,
            offset: 0,
            evidence: isAcknowledged == false
                ? "the opening that began the segment passed over numbers of records that had not become durable"
                : "the segment was begun with a higher number, which an earlier life or copy of the log may have given")
    }
}
