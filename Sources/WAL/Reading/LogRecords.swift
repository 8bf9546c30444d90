/// The entries of a log as they come, each record a copy: an asynchronous sequence that waits at the end of the log and finishes
/// when the log is closed.
///
/// Gaps are elements, so that a loop can't overlook them. For a loop over records alone, which ends with an error at a gap, there
/// is ``LogRecords``.
public struct LogEntries: AsyncSequence, Sendable {
    public typealias Element = LogEntry
    public typealias Failure = WALError

    let makeReader: @Sendable () -> LogReader

    /// Starts a walk of its own.
    public func makeAsyncIterator() -> Iterator {
        Iterator(reader: makeReader())
    }

    /// A walk through the log.
    public struct Iterator: AsyncIteratorProtocol {
        let reader: LogReader

        /// The next entry; waits for it. Nil when the log was closed. Throws `corrupted` and `cancelled`.
        public mutating func next() async throws(WALError) -> LogEntry? {
            try await reader.next { () throws(WALError) in try reader.nextEntry() }
        }
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

    /// Starts a walk of its own.
    public func makeAsyncIterator() -> Iterator {
        Iterator(reader: makeReader())
    }

    /// A walk through the log.
    public struct Iterator: AsyncIteratorProtocol {
        let reader: LogReader

        /// The next record; waits for it. Nil when the log was closed. Throws `corrupted`, `removed` and `cancelled`.
        public mutating func next() async throws(WALError) -> LogRecord? {
            try await reader.next { () throws(WALError) in try reader.next() }
        }
    }
}

extension LogReader {
    /// What `take` returns, once it returns something; nil when the log was closed.
    fileprivate func next<Element>(
        _ take: () throws(WALError) -> Element?
    ) async throws(WALError) -> Element? {
        while true {
            if let element = try take() { return element }
            do throws(WALError) {
                try await waitForMore()
            } catch {
                guard error.code == .closed else { throw error }
                return try take()
            }
        }
    }
}
