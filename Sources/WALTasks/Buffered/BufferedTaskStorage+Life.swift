public import Logging
public import Metrics
internal import ServiceLifecycle
internal import WAL

extension BufferedTaskStorage {
    /// Opens the log in `directory`, which is made if it isn't there, and begins to deliver to `store`.
    ///
    /// The storage owns the store from then on, and closes it. A store that can't be reached yet is no hindrance: see
    /// ``TaskBufferConfiguration/requiresStore``.
    /// - Throws: ``TaskStorageError``: `invalidArgument`, `storeAway` if the store is required, or `logFailed` with the reason.
    public static func open(
        at directory: String, store: Store, configuration: Configuration = Configuration(), logger: Logger? = nil,
        metrics: (any MetricsFactory)? = nil
    ) async throws(TaskStorageError) -> BufferedTaskStorage {
        try configuration.validate()
        if configuration.requiresStore {
            do {
                try await store.ping()
            } catch {
                throw TaskStorageError(.storeAway, "\(store.name) can't be used.", cause: error, isRetriable: true)
            }
        }
        do throws(WALError) {
            let log = try await offPool { () throws(WALError) in
                try WriteAheadLog(
                    at: directory, configuration: configuration.logConfiguration, logger: logger, metrics: metrics)
            }
            return try start(log, store, configuration, logger, metrics)
        } catch {
            throw TaskStorageError(log: error)
        }
    }

    private static func start(
        _ log: WriteAheadLog, _ store: Store, _ configuration: Configuration, _ logger: Logger?,
        _ metrics: (any MetricsFactory)?
    ) throws(WALError) -> BufferedTaskStorage {
        let factory = configuration.metricsEnabled ? metrics : nil
        let instruments = factory.map { TaskInstruments(store: store.name, factory: $0) }
        let meter = FlushMeter(instruments: instruments)
        let mark = BarrierMark()
        let reach = StoreReach(store: store)
        let sink = TaskSink(
            store: store, coalescing: configuration.coalescingEnabled, meter: meter, barriers: mark, reach: reach)
        let flusher = Flusher(
            log: log, sink: sink, configuration: flusherConfiguration(configuration), logger: logger, metrics: factory,
            key: { TaskCodec.key(of: $0) })
        // What retention has removed isn't there, whatever a cursor says.
        let delivered = max(
            log.cursors["sink/\(sink.name)"] ?? .zero, SequenceNumber(rawValue: log.firstSequence.rawValue - 1))
        let start = configuration.recoveryEnabled ? delivered : log.lastSequence
        let overlay = try TaskOverlay(
            log: log, after: start, mark: mark, memoryMax: configuration.overlayMemoryMax,
            patience: configuration.recoveryTimeout,
            failed: { error in
                instruments?.recoveryFailed()
                logger?.warning(
                    "what waits for the store can't be read back; queries that need it fail until the store has it",
                    metadata: ["wal.sink": "\(store.name)", "wal.error": "\(error)"])
            }, flushed: flusher.appliedSequenceReader)
        if configuration.recoveryEnabled { instruments?.recoveryBegan() }
        let storage = BufferedTaskStorage(
            log: log, store: store, reach: reach, flusher: flusher, overlay: overlay, configuration: configuration,
            instruments: instruments, meter: meter, recoveredCount: log.lastSequence.rawValue - start.rawValue)
        storage.startDelivery()
        if !configuration.requiresStore, let logger { storage.warnIfAway(logger) }
        return storage
    }

    private static func flusherConfiguration(_ configuration: Configuration) -> Flusher<TaskSink<Store>>.Configuration {
        var flusher = Flusher<TaskSink<Store>>.Configuration()
        flusher.workerCount = configuration.workerCount
        flusher.batchSize = configuration.batchSize
        flusher.batchSizeMax = configuration.batchSizeMax
        flusher.flushInterval = configuration.flushInterval
        flusher.retriesMax = configuration.maxFlushRetries
        flusher.drainTimeout = configuration.drainTimeout
        return flusher
    }

    private func startDelivery() {
        let flusher = flusher
        // Weak, so that a storage that is dropped without being closed doesn't go on for ever.
        life.start(delivery: { try await flusher.run() }) { [weak self, interval = configuration.metricsInterval] in
            while (try? await Task.sleep(for: interval)) != nil {
                guard let storage = self else { return }
                storage.overlay.prune()
                if let instruments = storage.instruments { instruments.report(storage.metrics) }
            }
        }
    }

    private func warnIfAway(_ logger: Logger) {
        Task { [store] in
            do {
                try await store.ping()
            } catch {
                logger.warning(
                    "opened without the store; changes stay in the log until it can be reached",
                    metadata: ["wal.sink": "\(store.name)", "wal.error": "\(error)"])
            }
        }
    }

    /// For a service group: returns when the group shuts down, or throws when delivery has failed for good.
    ///
    /// Drains and closes the storage in both cases; when it is cancelled, closes it without draining.
    /// - Throws: as ``close(within:)``.
    public func run() async throws {
        let (ended, continuation) = AsyncStream<Never>.makeStream()
        let life = life
        Task {
            await life.waitForDelivery()
            continuation.finish()
        }
        await withGracefulShutdownHandler {
            for await _ in ended {}
        } onGracefulShutdown: {
            continuation.finish()
        }
        try await close(within: Task.isCancelled ? .zero : configuration.drainTimeout)
    }

    /// Closes the storage as ``close(within:)`` does, within ``TaskBufferConfiguration/drainTimeout``.
    public func close() async throws {
        try await close(within: configuration.drainTimeout)
    }

    /// Delivers what is in the log for up to `timeout`, then closes log and store. Calls after it throw `closed`, but for this
    /// one, which tells the same again.
    ///
    /// - Throws: ``TaskStorageError``: `notDrained` or `deliveryFailed` with the number of records that remain; the log is closed
    ///   all the same, and they are delivered at the next start. Or what log or store threw when they were closed.
    public func close(within timeout: Duration) async throws(TaskStorageError) {
        try await life.close { [self] in await shutDown(within: timeout) }
    }

    private func shutDown(within timeout: Duration) async -> TaskStorageError? {
        let flusher = flusher
        await withTaskGroup { group in
            group.addTask { _ = try? await flusher.drain() }
            group.addTask { _ = try? await Task.sleep(for: timeout) }
            await group.next()
            group.cancelAll()
        }
        // What delivery ends with after this is only that it was told to.
        let earlierError = life.deliveryError
        await life.stopDelivery()
        let remaining = depth
        var error: TaskStorageError?
        if let earlierError {
            error = TaskStorageError(
                .deliveryFailed, "Delivery to \(store.name) had ended; the next start delivers \(remaining) records.",
                cause: earlierError, remaining: remaining)
        } else if remaining > 0 {
            error = TaskStorageError(
                .notDrained, "\(remaining) records weren't delivered to \(store.name); the next start delivers them.",
                isRetriable: false, remaining: remaining)
        }
        if let log = await closeLog() { error = error ?? log }
        do {
            try await store.close()
        } catch let failure {
            error = error ?? TaskStorageError(.deliveryFailed, "\(store.name) wasn't closed.", cause: failure)
        }
        return error
    }

    private func closeLog() async -> TaskStorageError? {
        let (log, overlay) = (log, overlay)
        do throws(WALError) {
            try await offPool { () throws(WALError) in
                overlay.close()
                try log.close()
            }
            return nil
        } catch {
            return TaskStorageError(log: error)
        }
    }
}

extension TaskStorageError {
    init(log error: WALError) {
        if error.code == .closed {
            self.init(.closed, "The log was closed.", cause: error)
        } else {
            self.init(.logFailed, "The log refused.", cause: error, isRetriable: error.isRetriable)
        }
    }
}
