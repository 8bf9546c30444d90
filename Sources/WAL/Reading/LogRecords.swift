/// An asynchronous sequence of a log's entries in order, each record a copy. It waits at the end of the log, unless
/// ``finishingAtEnd()`` is called, and finishes when the log is closed.
///
/// Gaps are elements, so a loop can't overlook them. To loop over records only, use ``LogRecords``, which throws at a
/// gap that may be a loss.
public struct LogEntries: AsyncSequence, Sendable {
    public typealias Element = LogEntry
    public typealias Failure = WALError

    var range: LogRange

    /// Returns the sequence in a form that finishes at the end of the log instead of waiting there.
    ///
    /// Records that are appended during the iteration belong to it, if they come before the end is reached.
    public func finishingAtEnd() -> Self {
        var copy = self
        copy.range.finishesAtEnd = true
        return copy
    }

    /// Makes an iterator with a reader of its own. Its `next()` throws ``WALError/Code/corrupted`` and
    /// ``WALError/Code/cancelled``.
    public func makeAsyncIterator() -> LogIterator<LogEntry> {
        LogIterator(range) { reader throws(WALError) in
            try reader.nextEntry()
        } time: { entry in
            if case .record(let record) = entry { record.time } else { nil }
        }
    }
}

/// An asynchronous sequence of a log's records in order, each a copy. It waits at the end of the log, unless
/// ``finishingAtEnd()`` is called, and finishes when the log is closed.
///
/// At a gap in which acknowledged records are or may be missing, it throws ``WALError/Code/corrupted`` or
/// ``WALError/Code/removed``. The error's ``WALError/gap`` describes the gap. Continue with another sequence from the
/// gap's ``LogGap/next``.
public struct LogRecords: AsyncSequence, Sendable {
    public typealias Element = LogRecord
    public typealias Failure = WALError

    var range: LogRange

    /// Returns the sequence in a form that finishes at the end of the log instead of waiting there.
    ///
    /// Records that are appended during the iteration belong to it, if they come before the end is reached.
    public func finishingAtEnd() -> Self {
        var copy = self
        copy.range.finishesAtEnd = true
        return copy
    }

    /// Makes an iterator with a reader of its own. Its `next()` throws ``WALError/Code/corrupted``,
    /// ``WALError/Code/removed`` and ``WALError/Code/cancelled``.
    public func makeAsyncIterator() -> LogIterator<LogRecord> {
        LogIterator(range) { reader throws(WALError) in
            try reader.next()
        } time: { record in
            record.time
        }
    }
}

/// The part of a log that an asynchronous sequence covers. Each iteration has a reader of its own.
struct LogRange: Sendable {
    let source: any SegmentSource
    let start: LogReader.Place
    let visibility: ReadVisibility
    /// The last record, after which the sequence ends.
    var last: SequenceNumber?
    /// The latest time of the sequence's records.
    var end: Timestamp?
    /// Whether an iterator finishes at the end of the log instead of waiting there.
    var finishesAtEnd = false
}

/// An iterator over a log. It waits at the end of the log, unless its sequence finishes there.
public struct LogIterator<Element>: AsyncIteratorProtocol {
    private let reader: LogReader
    private let range: LogRange
    private let take: (LogReader) throws(WALError) -> Element?
    /// Returns the time of an element, or nil if it has none.
    private let time: (Element) -> Timestamp?
    private var isFinished = false

    init(
        _ range: LogRange, take: @escaping (LogReader) throws(WALError) -> Element?,
        time: @escaping (Element) -> Timestamp?
    ) {
        reader = LogReader(range.source, at: range.start, visibility: range.visibility)
        self.range = range
        self.take = take
        self.time = time
    }

    /// Returns the next element, and suspends until there is one. Returns nil after the last element, or when the log
    /// is closed.
    ///
    /// - Throws: The errors that the sequence's `makeAsyncIterator()` lists.
    public mutating func next() async throws(WALError) -> Element? {
        while true {
            if isFinished { return nil }
            if let last = range.last, reader.nextSequence > last { return nil }
            if let element = try take(reader) { return checked(element) }
            if range.finishesAtEnd {
                isFinished = true
                return nil
            }
            do throws(WALError) {
                try await reader.waitForMore()
            } catch {
                guard error.code == .closed else { throw error }
                return try take(reader).flatMap { checked($0) }
            }
        }
    }

    private mutating func checked(_ element: Element) -> Element? {
        if let end = range.end, let time = time(element) { isFinished = time > end }
        return isFinished ? nil : element
    }
}
