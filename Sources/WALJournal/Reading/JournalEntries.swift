public import WAL

/// An asynchronous sequence of a journal's entries in order: events, records that can't be decoded, and gaps.
///
/// It waits at the end of the log, unless ``finishingAtEnd()`` is called, and finishes when the log is closed.
public struct JournalEntries<Event: Sendable>: AsyncSequence, Sendable {
    public typealias Element = JournalEntry<Event>
    public typealias Failure = WALError

    private let entries: LogEntries
    private let format: EventFormat<Event>

    init(_ entries: LogEntries, _ format: EventFormat<Event>) {
        self.entries = entries
        self.format = format
    }

    /// Returns the sequence in a form that finishes at the end of the log instead of waiting there.
    public func finishingAtEnd() -> Self {
        JournalEntries(entries.finishingAtEnd(), format)
    }

    /// Makes an iterator with a reader of its own. Its `next()` throws `WALError.Code.corrupted` at damage that it can't
    /// pass, and `cancelled`.
    public func makeAsyncIterator() -> Iterator {
        Iterator(entries: entries.makeAsyncIterator(), format: format)
    }

    /// An iterator over a journal.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var entries: LogIterator<LogEntry>
        fileprivate let format: EventFormat<Event>

        /// Returns the next entry, and suspends until there is one. Returns nil after the last one, or when the log is
        /// closed.
        public mutating func next() async throws(WALError) -> JournalEntry<Event>? {
            try await entries.next().map(format.decode)
        }
    }
}
