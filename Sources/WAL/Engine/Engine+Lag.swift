extension Engine {
    /// The last record before the first segment that there is.
    var lastRemovedSequence: SequenceNumber {
        SequenceNumber(
            rawValue: state.withLock { $0.entries.first?.segment.header.predecessor.finalSequence ?? 0 })
    }

    /// How many bytes of the log lie behind a record: exact to a segment, and within one by the average size of its records.
    func byteCount(behind sequence: UInt64) -> UInt64 {
        let claimed = claimed
        guard sequence < claimed.sequence else { return 0 }
        return state.withLock { state in
            // The end of the log, and of what `sequence` is compared with, is where the next segment begins.
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
                end = DurableMark(sequence: header.baseSequence - 1, position: header.basePosition)
            }
            return claimed.position - end.position
        }
    }
}
