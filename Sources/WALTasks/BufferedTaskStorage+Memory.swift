public import Logging
public import Metrics

extension BufferedTaskStorage where Store == MemoryTaskStore {
    /// Opens a buffered storage over a store in memory: after a restart, only what wasn't delivered is left.
    ///
    /// For tests and trials; other stores have a function of the same shape. As
    /// ``open(at:store:configuration:logger:metrics:)``, it delivers from then on.
    public static func memory(
        log directory: String, configuration: Configuration = Configuration(), logger: Logger? = nil,
        metrics: (any MetricsFactory)? = nil
    ) async throws(TaskStorageError) -> BufferedTaskStorage {
        try await open(
            at: directory, store: MemoryTaskStore(), configuration: configuration, logger: logger, metrics: metrics)
    }
}
