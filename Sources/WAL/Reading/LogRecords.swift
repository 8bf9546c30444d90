/// The entries of a log as they come, each record a copy: an asynchronous sequence that waits at the end of the log and finishes
/// when the log is closed.
///
/// Gaps are elements, so that a loop can't overlook them. For a loop over records alone, which ends with an error at a gap, there
/// is ``LogRecords``.
public struct LogEntries: AsyncSequence, Sendable {
    public typealias Element = LogEntry
    public typealias Failure = WALError

    let makeReader: @Sendable () -> LogReader

    /// Starts a walk of its own. Its `next()` throws `corrupted` and `cancelled`.
    public func makeAsyncIterator() -> LogIterator<LogEntry> {
        LogIterator(reader: makeReader()) { reader throws(WALError) in try reader.nextEntry() }
    }
}

/// The records of a log as they come, each a copy: an asynchronous sequence that waits at the end of the log and finishes
/// when the log is closed.
///
/// At a gap in which records that were acknowledged are missing, or may be, it throws `corrupted` or `removed` with the
/// ``WALError/gap``: go on with another one from the gap's ``LogGap/next``.
public struct LogRecords: AsyncSequence, Sendable {
    public typealias Element = LogRecord
    public typealias Failure = WALError

    let makeReader: @Sendable () -> LogReader

    /// Starts a walk of its own. Its `next()` throws `corrupted`, `removed` and `cancelled`.
    public func makeAsyncIterator() -> LogIterator<LogRecord> {
        LogIterator(reader: makeReader()) { reader throws(WALError) in try reader.next() }
    }
}

/// A walk through a log that waits at its end.
public struct LogIterator<Element>: AsyncIteratorProtocol {
    let reader: LogReader
    let take: (LogReader) throws(WALError) -> Element?

    /// The next element; waits for it. Nil when the log was closed.
    public mutating func next() async throws(WALError) -> Element? {
        while true {
            if let element = try take(reader) { return element }
            do throws(WALError) {
                try await reader.waitForMore()
            } catch {
                guard error.code == .closed else { throw error }
                return try take(reader)
            }
        }
    }
}
