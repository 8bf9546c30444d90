/// The records of a log as they come, each a copy: an asynchronous sequence that waits at the end of the log and finishes
/// when the log is closed.
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

        /// The next record; waits for it. Nil when the log was closed. Throws `corrupted` and `cancelled`.
        public mutating func next() async throws(WALError) -> LogRecord? {
            while true {
                if let record = try reader.next() { return record }
                do throws(WALError) {
                    try await reader.waitForMore()
                } catch {
                    guard error.code == .closed else { throw error }
                    return try reader.next()
                }
            }
        }
    }
}
