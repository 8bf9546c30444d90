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
            // The beginning of the next segment, or the end of the log.
            var end = claimed
            for entry in state.entries.reversed() {
                let header = entry.segment.header
                guard header.baseSequence > sequence + 1 else {
                    let first = max(header.baseSequence, sequence + 1)
                    let records = end.sequence + 1 - min(header.baseSequence, end.sequence)
                    let size = end.position - min(header.basePosition, end.position)
                    let part = Double(end.sequence + 1 - min(first, end.sequence)) / Double(max(1, records))
                    return claimed.position - end.position + UInt64(Double(size) * part)
                }
                end = LogPosition(sequence: header.baseSequence - 1, position: header.basePosition)
            }
            return claimed.position - end.position
        }
    }
}
