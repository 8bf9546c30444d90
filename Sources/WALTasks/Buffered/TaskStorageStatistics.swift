public import WAL

/// What a ``BufferedTaskStorage`` has done since it was opened, and how far the store is behind.
public struct TaskStorageStatistics: Sendable {
    /// Mutations that were put into the log.
    public var recordsBuffered: UInt64 = 0
    /// Mutations that the store has taken.
    public var recordsApplied: UInt64 = 0
    /// Transactions of the store that succeeded.
    public var batchesApplied: UInt64 = 0
    /// Transactions of the store that failed; they are tried again.
    public var failedBatches: UInt64 = 0
    /// How often what an earlier process left was read back: 0 or 1.
    public var recoveryOperations: UInt64 = 0
    /// Whether that failed.
    public var recoveryErrors: UInt64 = 0
    /// How long a successful transaction took on average.
    public var averageFlushTime: Duration = .zero
    /// When the last one succeeded.
    public var lastFlushTime: Timestamp?

    /// Bytes of memory that changes take which wait for the store.
    public var overlayMemory: Int = 0
    /// Mutations that the last process left to be delivered.
    public var recordsRecovered: UInt64 = 0
    /// Rows that the store has written, after coalescing.
    public var rowsWritten: UInt64 = 0
    /// Mutations that a later one of the same batch made superfluous.
    public var recordsCoalesced: UInt64 = 0
    /// Mutations that the store has refused and set aside.
    public var deadLetters: UInt64 = 0
    /// Records that are in the log and not yet in the store.
    public var depth: UInt64 = 0
    /// How long the oldest of them has been waiting.
    public var lag: Duration = .zero
}
