public import WAL

/// The configuration of a ``BufferedTaskStorage``.
public struct TaskBufferConfiguration: Sendable {
    /// The number of buffered mutations that triggers a flush before ``flushInterval`` has passed. Must be at least
    /// 1.
    public var maxBufferSize = 1000
    /// Whether opening fails if the store can't be reached. If false, the storage opens from its log alone, logs a
    /// warning, and delivers once the store is available.
    public var requiresStore = false
    /// The longest time that a mutation waits for others of its batch.
    public var flushInterval: Duration = .seconds(5)
    /// The number of consecutive failures of the store that opens the circuit breaker, which is logged. Must be at
    /// least 1. No change is dropped: delivery resumes once the store is available again.
    public var maxFlushRetries = 3
    /// The number of records after which the log starts a new segment, 1 to 2^26. This is a target: a segment stays
    /// open for at least 50 ms and until its successor is ready. Until then it takes more records, up to
    /// ``segmentSize``.
    public var targetSegmentRecords = 5000
    /// The size of a segment file in bytes: 64 KiB to 1 GiB, a multiple of 4096. Files are made smaller if
    /// ``targetSegmentRecords`` records take less than half of it. A record must fit, and so must a `save` of many
    /// tasks.
    public var segmentSize = 8 << 20
    /// The age of a segment's last record up to which the log keeps the segment although the store has its records, in
    /// case the store is restored to an older state. After a longer outage of the store, the segments are removed soon
    /// after their delivery.
    public var segmentRetention: Duration = .seconds(24 * 60 * 60)
    /// The number of batches that are applied concurrently, at least 1. The store's `maxConcurrency` bounds it.
    public var workerCount = 2
    /// The number of mutations in the first batches: at least 1. Full batches grow up to ``maxBatchSize`` while a transaction
    /// takes less than 50 ms.
    public var batchSize = 100
    /// Whether changes that the last process left in the log can be read at once after a start. If false, they are
    /// delivered nevertheless, but can only be read once the store has them. Until then, a runner of flows begins no task
    /// with an id of the caller, because the task may have ended already.
    public var recoveryEnabled = true
    /// The longest time that a query by id waits for the changes of the last process to be indexed. Indexing takes
    /// about a second for 100,000 mutations, and delays neither delivery nor changes. After this time the query
    /// searches the log itself. It is also the longest time that the beginning of a flow's task waits without
    /// ``recoveryEnabled``.
    public var recoveryTimeout: Duration = .seconds(30)
    /// The number of bytes of memory that undelivered changes may take. Must be at least 1 MiB.
    ///
    /// In memory each change takes its encoded size and some 40 bytes. Over the limit, an index finds the oldest
    /// changes in the log. The index takes 8 bytes for each change in an unnamed file in the log's directory, almost
    /// no memory, and about a millisecond for a query by id.
    public var maxOverlayMemory = 256 << 20
    /// Whether the storage and its flusher report metrics.
    public var metricsEnabled = true
    /// The interval at which the gauges are updated. When the storage is idle, memory of delivered changes is also
    /// released at this interval.
    public var metricsInterval: Duration = .seconds(10)
    /// The sync policy for mutations. With `.always`, a mutation is durable when its call returns. The wait is
    /// outside of all locks, and concurrent calls share a sync.
    public var syncPolicy: WriteAheadLog.SyncPolicy = .interval(.milliseconds(5))
    /// The largest number of mutations that a batch grows to. With ``batchSize`` or less, batches don't grow.
    public var maxBatchSize = 5000
    /// The number of bytes that the log may take up on the disk, at least four segments. Nil for no limit.
    public var diskBudget: Int?
    /// The behavior of a change when the disk budget is used up because the store is slow or unavailable.
    public var whenFull: WriteAheadLog.FullPolicy = .wait(.seconds(10))
    /// The longest time that closing continues to deliver. The next start delivers the rest.
    public var drainTimeout: Duration = .seconds(30)
    /// Whether a batch leaves out mutations that a later mutation of it makes unnecessary.
    public var coalescingEnabled = true

    /// Makes a configuration. Each argument has a default.
    public init(
        maxBufferSize: Int = 1000,
        requiresStore: Bool = false,
        flushInterval: Duration = .seconds(5),
        maxFlushRetries: Int = 3,
        targetSegmentRecords: Int = 5000,
        segmentSize: Int = 8 << 20,
        segmentRetention: Duration = .seconds(24 * 60 * 60),
        workerCount: Int = 2,
        batchSize: Int = 100,
        recoveryEnabled: Bool = true,
        recoveryTimeout: Duration = .seconds(30),
        maxOverlayMemory: Int = 256 << 20,
        metricsEnabled: Bool = true,
        metricsInterval: Duration = .seconds(10),
        syncPolicy: WriteAheadLog.SyncPolicy = .interval(.milliseconds(5)),
        maxBatchSize: Int = 5000,
        diskBudget: Int? = nil,
        whenFull: WriteAheadLog.FullPolicy = .wait(.seconds(10)),
        drainTimeout: Duration = .seconds(30),
        coalescingEnabled: Bool = true
    ) {
        self.maxBufferSize = maxBufferSize
        self.requiresStore = requiresStore
        self.flushInterval = flushInterval
        self.maxFlushRetries = maxFlushRetries
        self.targetSegmentRecords = targetSegmentRecords
        self.segmentSize = segmentSize
        self.segmentRetention = segmentRetention
        self.workerCount = workerCount
        self.batchSize = batchSize
        self.recoveryEnabled = recoveryEnabled
        self.recoveryTimeout = recoveryTimeout
        self.maxOverlayMemory = maxOverlayMemory
        self.metricsEnabled = metricsEnabled
        self.metricsInterval = metricsInterval
        self.syncPolicy = syncPolicy
        self.maxBatchSize = maxBatchSize
        self.diskBudget = diskBudget
        self.whenFull = whenFull
        self.drainTimeout = drainTimeout
        self.coalescingEnabled = coalescingEnabled
    }

    /// Checks that all values are within their ranges.
    ///
    /// - Throws: `invalidArgument` with the property, its range and its value.
    public func validate() throws(TaskStorageError) {
        let atLeastOne = [
            ("maxBufferSize", maxBufferSize), ("maxFlushRetries", maxFlushRetries), ("workerCount", workerCount),
            ("batchSize", batchSize),
        ]
        for (name, value) in atLeastOne where value < 1 {
            throw TaskStorageError(.invalidArgument, "\(name) must be at least 1, not \(value).")
        }
        guard maxOverlayMemory >= 1 << 20 else {
            throw TaskStorageError(
                .invalidArgument, "maxOverlayMemory must be at least 1 MiB, not \(maxOverlayMemory) bytes.")
        }
        guard metricsInterval > .zero else {
            throw TaskStorageError(.invalidArgument, "metricsInterval must be positive, not \(metricsInterval).")
        }
    }

    var logConfiguration: WriteAheadLog.Configuration {
        WriteAheadLog.Configuration(
            // With `.manual`, each call waits for its own sync without holding a lock.
            syncPolicy: syncPolicy == .always ? .manual : syncPolicy, segmentSize: segmentSize,
            targetSegmentRecords: targetSegmentRecords, diskBudget: diskBudget, whenFull: whenFull,
            retention: WriteAheadLog.Retention(age: segmentRetention))
    }
}
