extension WriteAheadLog {
    /// Returns a reader that starts with a record, or with the first one that is still in the log.
    ///
    /// If records from this number on were removed, they are the reader's first gap.
    ///
    /// - Parameters:
    ///   - sequence: The first record. Without it, the first record that is still in the log.
    ///   - visibility: Whether to return records before they are durable.
    public func reader(from sequence: SequenceNumber? = nil, visibility: ReadVisibility = .written) -> LogReader {
        LogReader(engine.source, at: .from(sequence), visibility: visibility)
    }

    /// Returns a reader that starts with the first record of this time or later.
    public func reader(since time: Timestamp, visibility: ReadVisibility = .written) -> LogReader {
        LogReader(engine.source, at: .time(time.rawValue), visibility: visibility)
    }

    /// Returns the entries from a record on: records, and gaps in place of missing records.
    ///
    /// - Parameters:
    ///   - sequence: The first record. Without it, the first record that is still in the log.
    ///   - last: The last record, after which the sequence ends. Without it, the sequence waits at the end of the log,
    ///     until the log is closed.
    ///   - visibility: Whether to return records before they are durable.
    public func entries(
        from sequence: SequenceNumber? = nil, through last: SequenceNumber? = nil, visibility: ReadVisibility = .written
    ) -> LogEntries {
        LogEntries(range: LogRange(source: engine.source, start: .from(sequence), visibility: visibility, last: last))
    }

    /// Returns the entries from a time on: records, and gaps in place of missing records.
    ///
    /// - Parameters:
    ///   - time: The sequence starts with the first record of this time or later.
    ///   - end: The sequence ends before the first record that is later than this. Without it, the sequence waits at
    ///     the end of the log, until the log is closed.
    ///   - visibility: Whether to return records before they are durable.
    public func entries(
        since time: Timestamp, until end: Timestamp? = nil, visibility: ReadVisibility = .written
    ) -> LogEntries {
        LogEntries(
            range: LogRange(source: engine.source, start: .time(time.rawValue), visibility: visibility, end: end))
    }

    /// Returns the records from a record on. Throws at a gap that may be a loss; see ``LogRecords``.
    ///
    /// - Parameters:
    ///   - sequence: The first record. Without it, the first record that is still in the log.
    ///   - last: The last record, after which the sequence ends. Without it, the sequence waits at the end of the log,
    ///     until the log is closed.
    ///   - visibility: Whether to return records before they are durable.
    public func records(
        from sequence: SequenceNumber? = nil, through last: SequenceNumber? = nil, visibility: ReadVisibility = .written
    ) -> LogRecords {
        LogRecords(range: LogRange(source: engine.source, start: .from(sequence), visibility: visibility, last: last))
    }

    /// Returns the records from a time on. Throws at a gap that may be a loss; see ``LogRecords``.
    ///
    /// - Parameters:
    ///   - time: The sequence starts with the first record of this time or later.
    ///   - end: The sequence ends before the first record that is later than this. Without it, the sequence waits at
    ///     the end of the log, until the log is closed.
    ///   - visibility: Whether to return records before they are durable.
    public func records(
        since time: Timestamp, until end: Timestamp? = nil, visibility: ReadVisibility = .written
    ) -> LogRecords {
        LogRecords(
            range: LogRange(source: engine.source, start: .time(time.rawValue), visibility: visibility, end: end))
    }
}
