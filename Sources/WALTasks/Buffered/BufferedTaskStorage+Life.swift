public import Logging
public import Metrics
internal import WAL
internal import WALDelivery

extension BufferedTaskStorage {
    /// Opens the log in `directory`, which is created if necessary, and begins to deliver to `store`.
    ///
    /// The storage owns the store and the additional sinks from then on, and closes them. An unreachable store doesn't
    /// prevent opening; see ``TaskBufferConfiguration/requiresStore``. Neither does an unreachable sink.
    ///
    /// - Parameters:
    ///   - directory: The path of the log's directory.
    ///   - store: The store that gets every change.
    ///   - additionalSinks: The sinks that get the log as well.
    ///   - configuration: The configuration of the buffer.
    ///   - logger: The logger of the storage, its log and its flushers.
    ///   - metrics: The backend of the metrics, whose names are in `WALMetric`.
    ///
    /// - Throws: ``TaskStorageError``:
    ///   - `invalidArgument` if a value of the configuration is out of range, or if two sinks, or a sink and the store,
    ///     have the same name
    ///   - `storeAway` if the store is required and can't be reached
    ///   - `logFailed` if the log can't be opened, with the reason
    public static func open(
        at directory: String, store: Store, additionalSinks: [AdditionalSink] = [],
        configuration: Configuration = Configuration(), logger: Logger? = nil,
        metrics: (any MetricsFactory)? = nil
    ) async throws(TaskStorageError) -> BufferedTaskStorage {
        try configuration.validate()
        try requireNames(of: additionalSinks, store)
        if configuration.requiresStore {
            do {
                try await store.ping()
            } catch {
                throw TaskStorageError(
                    .storeAway,
                    "\(store.name) can't be used. Check its address and that it runs, or start without it: leave `requiresStore` off.",
                    cause: error, isRetriable: true)
            }
        }
        do throws(WALError) {
            let log = try await WriteAheadLog.open(
                at: directory, configuration: configuration.logConfiguration, logger: logger, metrics: metrics)
            let storage = try BufferedTaskStorage(log, store, additionalSinks, configuration, logger, metrics)
            // Based on the flusher's cursor, which may lag behind the store.
            let remaining = storage.depth
            storage.startDelivery()
            storage.events.opened(remaining: remaining, in: log.recovery.duration)
            if !configuration.requiresStore, let logger { storage.warnIfAway(logger) }
            return storage
        } catch {
            throw TaskStorageError(log: error)
        }
    }

    /// Opens a storage with a store that was made for it. Closes the store if that fails.
    package static func open(
        at directory: String, owning store: Store, additionalSinks: [AdditionalSink], configuration: Configuration,
        logger: Logger?, metrics: (any MetricsFactory)?
    ) async throws(TaskStorageError) -> BufferedTaskStorage {
        do throws(TaskStorageError) {
            return try await open(
                at: directory, store: store, additionalSinks: additionalSinks, configuration: configuration,
                logger: logger, metrics: metrics)
        } catch {
            try? await store.close()
            throw error
        }
    }

    /// The log's cursors have the names of the sinks.
    private static func requireNames(of sinks: [AdditionalSink], _ store: Store) throws(TaskStorageError) {
        var names: Set = [store.name]
        for each in sinks where !names.insert(each.sink.name).inserted {
            throw TaskStorageError(
                .invalidArgument,
                "Two destinations of the log have the name \(each.sink.name). Give the additional sink another name.")
        }
    }

    private func startDelivery() {
        let store = BufferLife.Delivery(name: store.name, isRequired: true, flusher: flusher)
        // Weak, so that a storage that is released without being closed doesn't run forever.
        life.start([store] + additional) { [weak self, interval = configuration.metricsInterval] in
            let beginning = ContinuousClock.now
            var ending = StateLogPacer()
            while (try? await Task.sleep(for: interval)) != nil {
                guard let storage = self else { return }
                storage.overlay.prune()
                let failure = storage.life.failure
                // The flusher has already logged that it ended.
                if case .lasts(let duration) = ending.line(isOn: failure != nil, at: ContinuousClock.now - beginning),
                    let failure
                {
                    storage.events.deliveryHasEnded(failure, for: duration, remaining: storage.requiredDepth)
                }
                storage.instruments?.overlayBytes.record(storage.overlay.memorySize)
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
}

extension TaskStorageError {
    init(log error: WALError) {
        if error.code == .closed {
            self.init(.closed, "The log was closed.", cause: error)
        } else {
            self.init(.logFailed, "The log failed.", cause: error, isRetriable: error.isRetriable)
        }
    }
}
