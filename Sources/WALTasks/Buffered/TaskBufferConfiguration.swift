public import WAL

/// How a ``BufferedTaskStorage`` works.
public struct TaskBufferConfiguration: Sendable {
    /// So many mutations since the last time, and the flusher is told not to wait for ``flushInterval``: at least 1.
    public var maxBufferSize = 1000
    /// Whether opening fails where the store can't be reached. If not, the storage opens from its log alone, logs a warning, and
    /// delivers when the store is there.
    public var requiresStore = false
    /// How long a mutation waits for others of its batch at most.
    public var flushInterval: Duration = .seconds(5)
    /// So many failures of the store in a row open the circuit breaker, which is logged: at least 1. Nothing is dropped:
    /// delivery goes on when the store is back.
    public var maxFlushRetries = 3
    /// How many records end a segment of the log: 1 to 2^26. It ends as soon as the next one is ready, and not within 50 ms of
    /// its opening; until then it takes more, up to ``segmentSize``.
    public var targetSegmentRecords = 5000
    /// The size of a segment file in bytes: 64 KiB to 1 GiB, a multiple of 4096; files are made smaller where
    /// ``targetSegmentRecords`` records take less than half of it. A record, and a `save` of many tasks, must fit.
    public var segmentSize = 8 << 20
    /// How long segments are kept after the store has everything in them, for a store that falls back to an older state.
    public var segmentRetention: Duration = .seconds(24 * 60 * 60)
    /// How many batches are applied at the same time; bounded by the store's `maxConcurrency`: at least 1.
    public var workerCount = 2
    /// The number of mutations in the first batches: at least 1. Full batches grow up to ``maxBatchSize`` while a transaction
    /// takes less than 50 ms.
    public var batchSize = 100
    /// Whether what the last process left in the log can be read at once after a start. If not, it is delivered all the same, but
    /// can only be read when the store has it.
    public var recoveryEnabled = true
    /// How long a query by id waits for what the last process left to be read back, which takes about a second for 100,000 mutations
    /// and holds up neither delivery nor changes. After that the query searches the log itself.
    public var recoveryTimeout: Duration = .seconds(30)
    /// How many bytes of memory the changes that wait for the store may take: at least 1 MiB.
    ///
    /// In memory each takes its encoded size and some 40 bytes. Beyond the limit the oldest are found in the log by an index: 8 bytes
    /// for each in a file without a name in the log's directory, next to none of memory, and about a millisecond for a query by id.
    public var maxOverlayMemory = 256 << 20
    /// Whether figures go to the metrics factory.
    public var metricsEnabled = true
    /// How often depth and lag go there. Just as often the memory of what was delivered is let go of, where nothing is saved.
    public var metricsInterval: Duration = .seconds(10)
    /// When mutations become durable. With `.always`, they are when the call returns; the wait is outside of all locks, and
    /// concurrent calls share a sync.
    public var syncPolicy: WriteAheadLog.SyncPolicy = .interval(.milliseconds(5))
    /// The largest number of mutations that a batch grows to. With ``batchSize`` or less, batches don't grow.
    public var maxBatchSize = 5000
    /// How many bytes the log may take up on the disk: at least four segments. Nil: as many as there are.
    public var diskBudget: Int?
    /// What a change does when the disk budget is used up, because the store is slow or away.
    public var whenFull: WriteAheadLog.FullPolicy = .wait(.seconds(10))
    /// How long closing goes on delivering before it leaves the rest to the next start.
    public var drainTimeout: Duration = .seconds(30)
    /// Whether a batch leaves out what a later mutation of it makes superfluous.
    public var coalescingEnabled = true

    /// Makes a configuration; each argument that is left out has its default.
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

    /// Checks that all values are in their ranges.
    ///
    /// - Throws: `invalidArgument`, with the property, its range and its value.
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
        var configuration = WriteAheadLog.Configuration()
        // Each call then waits for its own sync, where it holds no lock.
        configuration.syncPolicy = syncPolicy == .always ? .manual : syncPolicy
        configuration.segmentSize = segmentSize
        configuration.targetSegmentRecords = targetSegmentRecords
        configuration.diskBudget = diskBudget
        configuration.whenFull = whenFull
        configuration.retention = WriteAheadLog.Retention(age: segmentRetention)
        return configuration
    }
}
