public import WAL

/// A journal that is open for reading only. A writer in this or another process may run at the same time.
public struct ReadOnlyJournal<Event: Sendable>: Sendable {
    /// The log that contains the journal's records.
    public let log: ReadOnlyLog
    /// The format of the events in the log's records.
    public let format: EventFormat<Event>

    /// Makes a journal in a log that is open for reading.
    ///
    /// - Parameters:
    ///   - log: The log.
    ///   - format: The format of the journal's events.
    public init(_ log: ReadOnlyLog, format: EventFormat<Event>) {
        self.log = log
        self.format = format
    }
}

extension ReadOnlyJournal where Event: Codable {
    /// Makes a journal in a log that is open for reading, whose events are JSON without a type name.
    ///
    /// - Parameter log: The log.
    public init(_ log: ReadOnlyLog) {
        self.init(log, format: .json())
    }
}

extension ReadOnlyJournal {
    /// Returns the entries from a sequence number on: events, records that can't be decoded, and gaps.
    ///
    /// - Parameters:
    ///   - sequence: The number of the first event. Without it, the sequence starts with the first event that is still
    ///     in the log.
    ///   - last: The number of the last event, after which the sequence ends. Without it, the sequence waits at the end
    ///     of the log for more events.
    public func entries(
        from sequence: SequenceNumber? = nil, through last: SequenceNumber? = nil
    ) -> JournalEntries<Event> {
        JournalEntries(log.entries(from: sequence, through: last), format)
    }

    /// Returns the entries from a time on: events, records that can't be decoded, and gaps.
    ///
    /// - Parameters:
    ///   - time: The sequence starts with the first event of this time or later.
    ///   - end: The sequence ends before the first event that is later than this time. Without it, the sequence waits
    ///     at the end of the log for more events.
    public func entries(since time: Timestamp, until end: Timestamp? = nil) -> JournalEntries<Event> {
        JournalEntries(log.entries(since: time, until: end), format)
    }

    /// Returns the last `count` events, newest first, and the gaps between them. Blocks while it reads the end of the
    /// log.
    ///
    /// A record that can't be decoded counts as an event.
    ///
    /// - Parameter count: The largest number of events to return.
    /// - Throws: `WALError.Code.corrupted` at damage that the reader can't pass; `inputOutput`.
    public func last(_ count: Int) throws(WALError) -> [JournalEntry<Event>] {
        let statistics = try log.statistics
        return try LastEntries.find(
            count, first: statistics.firstSequence, last: statistics.lastSequence,
            in: { () throws(WALError) in try log.segments }
        ) {
            log.reader(from: $0)
        }.map(format.decode)
    }
}
