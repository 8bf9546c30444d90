internal import Logging
internal import Metrics
public import ServiceLifecycle
internal import Synchronization
public import WAL
public import WALDelivery

/// A task storage with a log in front of a store. Changes return once they are in the log, and reach the store in
/// batches.
///
/// - Every change goes through the log, never directly to the store. The store gets each change exactly once, in
///   order per task.
/// - Every query sees all changes whose call returned before the query began, delivered or not.
/// - Tasks aren't isolated from each other: a query during a change of many tasks may see some of them.
/// - Logging an activity with an existing id is ignored. The repeat must carry the same task and `createdAt`;
///   otherwise queries may return either version until both are delivered.
/// - Only one storage may deliver from a log into a store, and no other program should change the delivered rows.
///
/// Open one with ``open(at:store:additionalSinks:configuration:logger:metrics:)``. It delivers from then on, in its own task. In a
/// service group, add it as a service, so that a graceful shutdown drains and closes it. Elsewhere call ``close()``.
/// Undelivered changes stay in the log, and the next start delivers them.
public final class BufferedTaskStorage<Store: TaskStore>: TaskStorage, Service {
    /// The configuration of the buffer.
    public typealias Configuration = TaskBufferConfiguration

    /// The store to which changes are delivered.
    public let store: Store
    /// The log to which changes are appended first.
    public let writeAheadLog: WriteAheadLog
    /// The flusher that delivers the log into the store.
    public let flusher: Flusher<TaskSink<Store>>

    let additional: [BufferLife.Delivery]
    let configuration: Configuration
    let instruments: TaskInstruments?
    private let progress: TaskSinkProgress
    private let recoveredCount: UInt64
    let life = BufferLife()
    let overlay: TaskOverlay
    let events: BufferLog
    package let attachment: Monitor<(any AnyObject & Sendable)?> = Monitor(nil)
    private let reader: OverlaidReader<Store>
    private let bufferedCount = Atomic<UInt64>(0)
    private let isHurrying = Atomic<Bool>(false)
    /// Whether each call waits until its change is durable.
    package let isDurableAtOnce: Bool

    /// Makes the storage of an open log, whose delivery begins with ``startDelivery()``. From now on the log keeps the
    /// records that the store and the sinks are missing.
    init(
        _ log: WriteAheadLog, _ store: Store, _ sinks: [AdditionalSink], _ configuration: Configuration,
        _ logger: Logger?, _ metrics: (any MetricsFactory)?
    ) throws(WALError) {
        let factory = configuration.metricsEnabled ? metrics : nil
        let progress = TaskSinkProgress()
        let reach = StoreReach(store: store)
        let sink = TaskSink(
            store: store, coalescing: configuration.coalescingEnabled, progress: progress, reach: reach)
        let flusher = Flusher(
            log: log, sink: sink,
            configuration: .init(
                workerCount: configuration.workerCount, batchSize: configuration.batchSize,
                maxBatchSize: configuration.maxBatchSize, flushInterval: configuration.flushInterval,
                maxRetries: configuration.maxFlushRetries, drainTimeout: configuration.drainTimeout),
            logger: logger, metrics: factory, key: { TaskCodec.key(of: $0) })
        additional = sinks.map { sink in
            BufferLife.Delivery(
                name: sink.sink.name, isRequired: sink.isRequired,
                flusher: sink.flusher(
                    of: log, drainTimeout: configuration.drainTimeout, logger: logger, metrics: factory))
        }
        // Records that retention has removed aren't in the log, even if the cursor is before them.
        let removed = SequenceNumber(rawValue: log.firstSequence.rawValue - 1)
        let unwanted = configuration.recoveryEnabled ? removed : log.lastSequence
        let start = max(log.cursors["sink/\(sink.name)"] ?? .zero, unwanted)
        overlay = try TaskOverlay(
            log: log, after: start, unwanted: unwanted, progress: progress, memoryMax: configuration.maxOverlayMemory,
            patience: configuration.recoveryTimeout,
            failed: { error in
                logger?.warning(
                    "undelivered changes can't be read back; queries that need them fail until the store has them",
                    metadata: ["wal.sink": "\(store.name)", "wal.error": "\(error)"])
            }, flushed: flusher.appliedSequenceReader)
        writeAheadLog = log
        self.store = store
        self.flusher = flusher
        self.configuration = configuration
        instruments = factory.map { TaskInstruments(log: log.directory, factory: $0) }
        self.progress = progress
        recoveredCount = log.lastSequence.rawValue - start.rawValue
        events = BufferLog(logger, store: store.name)
        isDurableAtOnce = configuration.syncPolicy == .always
        reader = OverlaidReader(reach: reach, overlay: overlay)
    }

    /// The counts since the storage was opened, and the lag of the store.
    public var statistics: TaskStorageStatistics {
        let delivery = flusher.statistics
        var statistics = TaskStorageStatistics()
        statistics.recordsBuffered = bufferedCount.load(ordering: .relaxed)
        statistics.recordsApplied = delivery.recordsApplied
        statistics.batchesApplied = delivery.batchesApplied
        statistics.failedBatches = progress.failedCount
        statistics.recoveryOperations = configuration.recoveryEnabled ? 1 : 0
        statistics.recoveryErrors = overlay.indexer.failure == nil ? 0 : 1
        statistics.averageFlushTime =
            delivery.batchesApplied == 0 ? .zero : delivery.flushDuration / Int(clamping: delivery.batchesApplied)
        statistics.lastFlushTime = delivery.lastFlush
        statistics.recordsRecovered = recoveredCount
        statistics.overlayMemory = overlay.memorySize
        statistics.rowsWritten = delivery.rowsWritten
        statistics.recordsCoalesced = delivery.coalesced
        statistics.deadLetters = delivery.deadLettersInSink
        statistics.depth = depth
        statistics.lag = delivery.lag.age
        return statistics
    }

    /// The number of records in the log that the store doesn't have.
    var depth: UInt64 { flusher.health.lag.records }

    /// The flushers of the store and of the required sinks.
    var requiredFlushers: [any AnyFlusher] { [flusher] + additional.filter(\.isRequired).map(\.flusher) }

    /// The number of records in the log that the store or a required sink doesn't have.
    var requiredDepth: UInt64 { requiredFlushers.map(\.health.lag.records).max() ?? 0 }

    // MARK: Changing

    /// Appends by `add`. If that would have to wait, it waits here, without the overlay's locks.
    private func submit(
        _ count: Int = 1, _ add: () throws(WALError) -> SequenceNumber?
    ) async throws(TaskStorageError) -> TaskReceipt {
        do throws(WALError) {
            while true {
                if let added = try add() {
                    noteBuffered(count)
                    if isDurableAtOnce { try await writeAheadLog.waitUntilDurable(added) }
                    return TaskReceipt(sequence: added)
                }
                // If the log is full, only delivery makes space.
                hurry()
                try await writeAheadLog.waitForSegment()
            }
        } catch {
            throw TaskStorageError(log: error)
        }
    }

    private func submit(_ mutation: TaskMutation) async throws(TaskStorageError) -> TaskReceipt {
        try life.checkOpen()
        try mutation.validate()
        return try await submit { () throws(WALError) in try overlay.add(mutation, append: writeAheadLog.tryAppend) }
    }

    @discardableResult
    public func save(_ task: PersistentTask) async throws -> TaskReceipt {
        try life.checkOpen()
        try task.validate()
        let size = ByteCounter.count { TaskCodec.put(task, into: &$0) }
        return try await submit { () throws(WALError) in
            try overlay.add(
                .update, of: task.id, size: size, encode: { TaskCodec.put(task, into: &$0) },
                append: writeAheadLog.tryAppend)
        }
    }

    @discardableResult
    public func log(_ activity: TaskActivityLog) async throws -> TaskReceipt {
        try life.checkOpen()
        try activity.validate()
        let size = ByteCounter.count { TaskCodec.put(activity, into: &$0) }
        return try await submit { () throws(WALError) in
            try overlay.add(
                .activity, of: activity.taskID, size: size, encode: { TaskCodec.put(activity, into: &$0) },
                append: writeAheadLog.tryAppend)
        }
    }

    @discardableResult
    public func save(_ tasks: [PersistentTask]) async throws -> TaskReceipt {
        try life.checkOpen()
        var batch = RecordBatch()
        for task in tasks {
            try task.validate()
            batch.append(count: ByteCounter.count { TaskCodec.put(task, into: &$0) }) { TaskCodec.put(task, into: &$0) }
        }
        return try await submit(batch, tasks.map { .task(id: $0.id, .update) })
    }

    /// Makes all of these changes or none. They are one batch of the log, so neither a crash nor a full disk
    /// separates them.
    ///
    /// Any changes may be combined, and they take effect in order. A query by id sees all of them or none. A list
    /// during the call may include some of them. They reach the store in order per task, in one or several
    /// transactions. Together they must fit into a segment (``TaskBufferConfiguration/segmentSize``). An empty list
    /// has no effect.
    @discardableResult
    public func apply(_ mutations: [TaskMutation]) async throws(TaskStorageError) -> TaskReceipt {
        try life.checkOpen()
        var batch = RecordBatch()
        for mutation in mutations {
            try mutation.validate()
            batch.append(mutation)
        }
        return try await submit(batch, mutations.map(OverlayItem.init))
    }

    private func submit(_ batch: RecordBatch, _ items: [OverlayItem]) async throws(TaskStorageError) -> TaskReceipt {
        guard !batch.isEmpty else { return TaskReceipt(sequence: .zero) }
        return try await submit(items.count) { () throws(WALError) in
            try overlay.add(items, encodedIn: batch) { () throws(WALError) in try writeAheadLog.tryAppend(batch) }
        }
    }

    @discardableResult
    public func updateStatus(
        id: String, to status: TaskStatus, error: String?, at time: Timestamp
    ) async throws -> TaskReceipt {
        try await submit(.updateStatus(id: id, status: status, error: error, time: time))
    }

    @discardableResult
    public func deleteTask(id: String) async throws -> TaskReceipt {
        try await submit(.delete(id: id))
    }

    @discardableResult
    public func deleteTasks(dagID: String) async throws -> TaskReceipt {
        try await submit(.deleteDAG(id: dagID))
    }

    @discardableResult
    public func removeTasks(endedBefore time: Timestamp) async throws -> TaskReceipt {
        try await submit(.removeTasks(endedBefore: time))
    }

    @discardableResult
    public func removeActivities(createdBefore time: Timestamp) async throws -> TaskReceipt {
        try await submit(.removeActivities(createdBefore: time))
    }

    func noteBuffered(_ count: Int) {
        instruments?.bufferedMutations.increment(by: count)
        let total = bufferedCount.add(UInt64(count), ordering: .relaxed).newValue
        if total % UInt64(configuration.maxBufferSize) < UInt64(count) { hurry() }
    }

    /// Starts delivering all changes at once, and updates the log's cursor.
    func hurry() {
        guard isHurrying.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else { return }
        Task {
            // Closing the storage reports changes that couldn't be delivered.
            try? await flusher.drain()
            isHurrying.store(false, ordering: .relaxed)
        }
    }
}

extension BufferedTaskStorage {
    public func task(id: String) async throws -> PersistentTask? {
        try life.checkOpen()
        return try await reader.task(id: id)
    }

    public func tasks(dagID: String, limit: Int, offset: Int) async throws -> [PersistentTask] {
        try life.checkOpen()
        return try await reader.tasks(dagID: dagID, Page(limit: limit, offset: offset))
    }

    public func tasks(status: TaskStatus, limit: Int, offset: Int) async throws -> [PersistentTask] {
        try life.checkOpen()
        return try await reader.tasks(status: status, Page(limit: limit, offset: offset))
    }

    public func pendingTasks(limit: Int) async throws -> [PersistentTask] {
        try life.checkOpen()
        return try await reader.pendingTasks(Page(limit: limit))
    }

    public func resumableTasks(dagID: String) async throws -> [PersistentTask] {
        try life.checkOpen()
        return try await reader.resumableTasks(dagID: dagID)
    }

    public func activities(taskID: String, limit: Int, offset: Int) async throws -> [TaskActivityLog] {
        try life.checkOpen()
        return try await reader.activities(taskID: taskID, Page(limit: limit, offset: offset))
    }

    public func activities(dagID: String, limit: Int, offset: Int) async throws -> [TaskActivityLog] {
        try life.checkOpen()
        return try await reader.activities(dagID: dagID, Page(limit: limit, offset: offset))
    }

    /// Returns if the store answers, and delivery to it and to the required sinks continues.
    ///
    /// - Throws: `deliveryFailed` if delivery has ended, `closed` if the storage was closed, or the store's error.
    public func ping() async throws {
        try life.checkOpen()
        if let failure = life.failure {
            throw TaskStorageError(
                .deliveryFailed, "Delivery to \(failure.name) has ended.", cause: failure.error,
                remaining: requiredDepth)
        }
        try await store.ping()
    }

    /// Suspends until the store and each required sink have every change whose call returned before.
    ///
    /// - Throws: `deliveryFailed` if delivery has ended or the task was canceled, `closed` if the storage was
    ///   closed.
    public func drain() async throws(TaskStorageError) {
        try life.checkOpen()
        do throws(WALError) {
            // One after another, because all of them deliver meanwhile.
            for flusher in requiredFlushers { try await flusher.drain() }
        } catch {
            throw TaskStorageError(.deliveryFailed, "The log wasn't drained.", cause: error, remaining: requiredDepth)
        }
    }
}
