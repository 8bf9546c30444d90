public import WAL

/// The counts of a ``BufferedTaskStorage`` since it was opened, and the lag of its store.
public struct TaskStorageStatistics: Sendable {
    /// Mutations that were appended to the log.
    public var recordsBuffered: UInt64 = 0
    /// Mutations that the store has applied.
    public var recordsApplied: UInt64 = 0
    /// Transactions of the store that succeeded.
    public var batchesApplied: UInt64 = 0
    /// Transactions of the store that failed; they are tried again.
    public var failedBatches: UInt64 = 0
    /// The number of times that changes of an earlier process were read back: 0 or 1.
    public var recoveryOperations: UInt64 = 0
    /// The number of times that reading them back failed: 0 or 1.
    public var recoveryErrors: UInt64 = 0
    /// The average duration of a successful transaction.
    public var averageFlushTime: Duration = .zero
    /// The time of the last successful transaction.
    public var lastFlushTime: Timestamp?

    /// The bytes of memory that undelivered changes take.
    public var overlayMemory: Int = 0
    /// Undelivered mutations that the last process left.
    public var recordsRecovered: UInt64 = 0
    /// Rows that the store has written, after coalescing.
    public var rowsWritten: UInt64 = 0
    /// Mutations that a later mutation of the same batch made unnecessary.
    public var recordsCoalesced: UInt64 = 0
    /// Mutations that the store has rejected and set aside.
    public var deadLetters: UInt64 = 0
    /// Records in the log that the store doesn't have yet.
    public var depth: UInt64 = 0
    /// The time that the oldest of these records has been waiting.
    public var lag: Duration = .zero
}
