public import Logging
public import Metrics

extension BufferedTaskStorage where Store == MemoryTaskStore {
    /// Opens a buffered storage with a store in memory. After a restart, only undelivered changes are left.
    ///
    /// For tests and trials. Other stores have a function of the same form. Like
    /// ``open(at:store:additionalSinks:configuration:logger:metrics:)``, it delivers from then on.
    public static func memory(
        log directory: String, additionalSinks: [AdditionalSink] = [], configuration: Configuration = Configuration(),
        logger: Logger? = nil, metrics: (any MetricsFactory)? = nil
    ) async throws(TaskStorageError) -> BufferedTaskStorage {
        try await open(
            at: directory, store: MemoryTaskStore(), additionalSinks: additionalSinks, configuration: configuration,
            logger: logger, metrics: metrics)
    }
}
