extension WriteAheadLog {
    /// Returns a reader that starts with a record; without a number, with the first that is still there.
    ///
    /// If records from this number on were removed, they are the reader's first gap.
    public func reader(from sequence: SequenceNumber? = nil, visibility: ReadVisibility = .written) -> LogReader {
        LogReader(engine.source, from: sequence?.rawValue, visibility: visibility)
    }

    /// Returns a reader that starts with the first record of this time or later.
    public func reader(since time: Timestamp, visibility: ReadVisibility = .written) -> LogReader {
        LogReader(engine.source, since: time.rawValue, visibility: visibility)
    }

    /// Returns the entries from a record on: records, and gaps where records are missing.
    ///
    /// - Parameters:
    ///   - sequence: The first record; without a number, the first that is still there.
    ///   - last: The last record, after which the sequence ends; without one it waits at the end of the log, until the log is closed.
    ///   - visibility: Whether records count before they are durable.
    public func entries(
        from sequence: SequenceNumber? = nil, through last: SequenceNumber? = nil, visibility: ReadVisibility = .written
    ) -> LogEntries {
        LogEntries(through: last) { [source = engine.source] in
            LogReader(source, from: sequence?.rawValue, visibility: visibility)
        }
    }

    /// Returns the entries from a time on: records, and gaps where records are missing.
    ///
    /// - Parameters:
    ///   - time: The time of the first record, or an earlier one.
    ///   - end: The sequence ends at the first record that is later; without one it waits at the end of the log, until the log is closed.
    ///   - visibility: Whether records count before they are durable.
    public func entries(
        since time: Timestamp, until end: Timestamp? = nil, visibility: ReadVisibility = .written
    ) -> LogEntries {
        LogEntries(until: end) { [source = engine.source] in
            LogReader(source, since: time.rawValue, visibility: visibility)
        }
    }

    /// Returns the records from a record on. A gap with a loss throws; see ``LogRecords``.
    ///
    /// - Parameters:
    ///   - sequence: The first record; without a number, the first that is still there.
    ///   - last: The last record, after which the sequence ends; without one it waits at the end of the log, until the log is closed.
    ///   - visibility: Whether records count before they are durable.
    public func records(
        from sequence: SequenceNumber? = nil, through last: SequenceNumber? = nil, visibility: ReadVisibility = .written
    ) -> LogRecords {
        LogRecords(through: last) { [source = engine.source] in
            LogReader(source, from: sequence?.rawValue, visibility: visibility)
        }
    }

    /// Returns the records from a time on. A gap with a loss throws; see ``LogRecords``.
    ///
    /// - Parameters:
    ///   - time: The time of the first record, or an earlier one.
    ///   - end: The sequence ends at the first record that is later; without one it waits at the end of the log, until the log is closed.
    ///   - visibility: Whether records count before they are durable.
    public func records(
        since time: Timestamp, until end: Timestamp? = nil, visibility: ReadVisibility = .written
    ) -> LogRecords {
        LogRecords(until: end) { [source = engine.source] in
            LogReader(source, since: time.rawValue, visibility: visibility)
        }
    }
}
