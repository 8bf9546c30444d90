internal import WAL

/// Finds the last records of a log.
enum LastEntries {
    /// Returns the last `count` records and the gaps between them, newest first.
    ///
    /// The search reads farther back as long as too few records are found, because some numbers may have no record.
    ///
    /// - Parameters:
    ///   - segments: Returns the segments of the log.
    ///   - reader: Makes a reader that starts at a sequence number.
    static func find(
        _ count: Int, first: SequenceNumber, last: SequenceNumber, in segments: () throws(WALError) -> [SegmentInfo],
        _ reader: (SequenceNumber) -> LogReader
    ) throws(WALError) -> [LogEntry] {
        var distance = UInt64(clamping: max(0, count))
        guard distance > 0, last >= first else { return [] }
        var end = last.rawValue + 1
        while true {
            let start = end - min(distance, end - first.rawValue)
            let entries = try read(reader(SequenceNumber(rawValue: start)), through: last)
            let records = entries.count { if case .record = $0 { true } else { false } }
            if records >= count || start == first.rawValue { return newest(count, of: entries) }
            // A promotion skips 2^40 numbers. By doubling alone, the search would pass them and all records before.
            end = max(first.rawValue, try segments().end(before: start))
            if end == start { distance *= 2 }
        }
    }

    private static func read(_ reader: LogReader, through last: SequenceNumber) throws(WALError) -> [LogEntry] {
        var entries: [LogEntry] = []
        while reader.nextSequence <= last, let entry = try reader.nextEntry() { entries.append(entry) }
        return entries
    }

    /// Returns the newest entries first, and stops after `count` records.
    private static func newest(_ count: Int, of entries: [LogEntry]) -> [LogEntry] {
        var records = 0
        var newest: [LogEntry] = []
        for entry in entries.reversed() {
            if records == count { break }
            if case .record = entry { records += 1 }
            newest.append(entry)
        }
        return newest
    }
}
