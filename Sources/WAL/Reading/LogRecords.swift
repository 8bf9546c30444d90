/// The entries of a log in order, each record a copy: an asynchronous sequence that waits at the end of the log and finishes when the log
/// is closed.
///
/// Gaps are elements, so that a loop can't overlook them. ``LogRecords`` is for a loop over records alone, which a gap ends with an error.
public struct LogEntries: AsyncSequence, Sendable {
    public typealias Element = LogEntry
    public typealias Failure = WALError

    private let last: SequenceNumber?
    private let end: Timestamp?
    private let makeReader: @Sendable () -> LogReader

    init(
        through last: SequenceNumber? = nil, until end: Timestamp? = nil, _ makeReader: @escaping @Sendable () -> LogReader
    ) {
        self.last = last
        self.end = end
        self.makeReader = makeReader
    }

    /// Starts an iteration of its own. Its `next()` throws ``WALError/Code/corrupted`` and ``WALError/Code/cancelled``.
    public func makeAsyncIterator() -> LogIterator<LogEntry> {
        LogIterator(reader: makeReader(), last: last) { reader throws(WALError) in
            try reader.nextEntry()
        } isPastEnd: { [end] entry in
            guard let end, case .record(let record) = entry else { return false }
            return record.time > end
        }
    }
}

/// The records of a log in order, each a copy: an asynchronous sequence that waits at the end of the log and finishes when the log is
/// closed.
///
/// It throws ``WALError/Code/corrupted`` or ``WALError/Code/removed`` at a gap in which acknowledged records are missing, or may be. The
/// error's ``WALError/gap`` says which: continue with another sequence from the gap's ``LogGap/next``.
public struct LogRecords: AsyncSequence, Sendable {
    public typealias Element = LogRecord
    public typealias Failure = WALError

    private let last: SequenceNumber?
    private let end: Timestamp?
    private let makeReader: @Sendable () -> LogReader

    init(
        through last: SequenceNumber? = nil, until end: Timestamp? = nil, _ makeReader: @escaping @Sendable () -> LogReader
    ) {
        self.last = last
        self.end = end
        self.makeReader = makeReader
    }

    /// Starts an iteration of its own. Its `next()` throws ``WALError/Code/corrupted``, ``WALError/Code/removed`` and
    /// ``WALError/Code/cancelled``.
    public func makeAsyncIterator() -> LogIterator<LogRecord> {
        LogIterator(reader: makeReader(), last: last) { reader throws(WALError) in
            try reader.next()
        } isPastEnd: { [end] record in
            end.map { record.time > $0 } ?? false
        }
    }
}

/// An iteration over a log that waits at its end.
public struct LogIterator<Element>: AsyncIteratorProtocol {
    private let reader: LogReader
    private let last: SequenceNumber?
    private let take: (LogReader) throws(WALError) -> Element?
    private let isPastEnd: (Element) -> Bool
    private var isFinished = false

    init(
        reader: LogReader, last: SequenceNumber?, take: @escaping (LogReader) throws(WALError) -> Element?,
        isPastEnd: @escaping (Element) -> Bool
    ) {
        self.reader = reader
        self.last = last
        self.take = take
        self.isPastEnd = isPastEnd
    }

    /// Returns the next element, and suspends until there is one. Returns nil after the last one, and when the log is closed.
    public mutating func next() async throws(WALError) -> Element? {
        while true {
            if isFinished { return nil }
            if let last, reader.nextSequence > last { return nil }
            if let element = try take(reader) { return checked(element) }
            do throws(WALError) {
                try await reader.waitForMore()
            } catch {
                guard error.code == .closed else { throw error }
                return try take(reader).flatMap { checked($0) }
            }
        }
    }

    private mutating func checked(_ element: Element) -> Element? {
        isFinished = isPastEnd(element)
        return isFinished ? nil : element
    }
}
