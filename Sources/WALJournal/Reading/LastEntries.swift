internal import WAL

/// The search for the last records of a log.
enum LastEntries {
    /// Returns the last `count` records and the gaps between them, newest first. Numbers without a record don't count, so
    /// the search goes back as long as records are missing.
    ///
    /// `reader` makes a reader that starts with a record.
    static func find(
        _ count: Int, first: SequenceNumber, last: SequenceNumber, _ reader: (SequenceNumber) -> LogReader
    ) throws(WALError) -> [LogEntry] {
        var distance = UInt64(clamping: max(0, count))
        guard distance > 0, last >= first else { return [] }
        while true {
            let available = last.rawValue - first.rawValue + 1
            distance = min(distance, available)
            let entries = try read(reader(SequenceNumber(rawValue: last.rawValue - distance + 1)), through: last)
            let records = entries.count { if case .record = $0 { true } else { false } }
            if records >= count || distance == available { return newest(count, of: entries) }
            distance *= 2
        }
    }

    private static func read(_ reader: LogReader, through last: SequenceNumber) throws(WALError) -> [LogEntry] {
        var entries: [LogEntry] = []
        while reader.nextSequence <= last, let entry = try reader.nextEntry() { entries.append(entry) }
        return entries
    }

    /// Returns entries newest first, up to and including the record that is the `count`th.
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
