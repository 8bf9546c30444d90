extension SegmentCatalog {
    /// The last record before the first segment that is still in the log.
    var lastRemovedSequence: SequenceNumber {
        SequenceNumber(
            rawValue: state.withLock { $0.entries.first?.segment.header.predecessor.finalSequence ?? 0 })
    }

    /// The number of log bytes after a record. Exact at segment boundaries, interpolated within a segment.
    func byteCount(after sequence: UInt64) -> UInt64 {
        let claimed = waitForClaimed()
        guard sequence < claimed.sequence else { return 0 }
        return state.withLock { state in
            Self.byteCount(
                after: sequence, before: claimed,
                state.entries.lazy.map(\.segment.header).map {
                    LogPosition(sequence: $0.baseSequence - 1, position: $0.basePosition)
                })
        }
    }

    /// Returns the number of log bytes between a record and a position, from the starts of the segments, oldest first.
    /// Segments may have begun after that position.
    static func byteCount(
        after sequence: UInt64, before last: LogPosition, _ starts: some BidirectionalCollection<LogPosition>
    ) -> UInt64 {
        // The beginning of the next segment, or the end of the log.
        var end = last
        for start in starts.reversed() where start.position < last.position {
            guard start.sequence > sequence else {
                let first = max(start.sequence, sequence)
                let records = end.sequence - min(start.sequence, end.sequence)
                let size = end.position - min(start.position, end.position)
                let part = Double(end.sequence - min(first, end.sequence)) / Double(max(1, records))
                return last.position - end.position + UInt64(Double(size) * part)
            }
            end = start
        }
        return last.position - end.position
    }
}
