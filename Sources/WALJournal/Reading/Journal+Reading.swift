public import WAL

extension Journal {
    /// Returns the entries from a sequence number on: events, records that can't be decoded, and gaps.
    ///
    /// - Parameters:
    ///   - sequence: The number of the first event. Without it, the sequence starts with the first event that is still
    ///     in the log.
    ///   - last: The number of the last event, after which the sequence ends. Without it, the sequence waits at the end
    ///     of the log for more events, until the log is closed.
    ///   - visibility: Whether to return events before they are durable.
    public func entries(
        from sequence: SequenceNumber? = nil, through last: SequenceNumber? = nil, visibility: ReadVisibility = .written
    ) -> JournalEntries<Event> {
        JournalEntries(log.entries(from: sequence, through: last, visibility: visibility), format)
    }

    /// Returns the entries from a time on: events, records that can't be decoded, and gaps.
    ///
    /// - Parameters:
    ///   - time: The sequence starts with the first event of this time or later.
    ///   - end: The sequence ends before the first event that is later than this time. Without it, the sequence waits
    ///     at the end of the log for more events, until the log is closed.
    ///   - visibility: Whether to return events before they are durable.
    public func entries(
        since time: Timestamp, until end: Timestamp? = nil, visibility: ReadVisibility = .written
    ) -> JournalEntries<Event> {
        JournalEntries(log.entries(since: time, until: end, visibility: visibility), format)
    }

    /// Returns the last `count` events, newest first, and the gaps between them. Blocks while it reads the end of the
    /// log.
    ///
    /// A record that can't be decoded counts as an event.
    ///
    /// - Parameter count: The largest number of events to return.
    /// - Throws: `WALError.Code.corrupted` at damage that the reader can't pass; `closed`; `inputOutput`.
    public func last(_ count: Int) throws(WALError) -> [JournalEntry<Event>] {
        try LastEntries.find(count, first: log.firstSequence, last: log.lastSequence, in: { log.segments }) {
            log.reader(from: $0)
        }.map(format.decode)
    }
}
