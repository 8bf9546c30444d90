public import WAL

/// An asynchronous sequence of a journal's entries in order: events, records that can't be decoded, and gaps.
///
/// The sequence waits at the end of the log for more events, and finishes when the log is closed. ``finishingAtEnd()``
/// returns a sequence that doesn't wait.
public struct JournalEntries<Event: Sendable>: AsyncSequence, Sendable {
    public typealias Element = JournalEntry<Event>
    public typealias Failure = WALError

    private let entries: LogEntries
    private let format: EventFormat<Event>

    init(_ entries: LogEntries, _ format: EventFormat<Event>) {
        self.entries = entries
        self.format = format
    }

    /// Returns a sequence of the same entries that finishes at the end of the log instead of waiting there.
    public func finishingAtEnd() -> Self {
        JournalEntries(entries.finishingAtEnd(), format)
    }

    /// Makes an iterator that has its own reader.
    public func makeAsyncIterator() -> Iterator {
        Iterator(entries: entries.makeAsyncIterator(), format: format)
    }

    /// An iterator over a journal.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var entries: LogIterator<LogEntry>
        fileprivate let format: EventFormat<Event>

        /// Returns the next entry. Suspends until there is one.
        ///
        /// - Returns: The next entry; nil after the last one, or when the log is closed.
        /// - Throws: `WALError.Code.corrupted` at damage that the reader can't pass; `cancelled` if the task was
        ///   canceled.
        public mutating func next() async throws(WALError) -> JournalEntry<Event>? {
            try await entries.next().map(format.decode)
        }
    }
}
