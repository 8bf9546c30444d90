#if Postgres
    public import Logging
    public import Metrics
    public import WALTasks

    extension BufferedTaskStorage where Store == PostgresTaskStore {
        /// Opens a buffered storage over a PostgreSQL database: changes return when they are in the log, and reach the database
        /// in batches.
        ///
        /// It delivers from then on, as the one from `open(at:store:additionalSinks:configuration:logger:metrics:)`, and closes the store when
        /// it is closed. The database may be away then, as it may at any time later: see
        /// `TaskBufferConfiguration.requiresStore`.
        ///
        /// - Parameters:
        ///   - conninfo: How to reach the database, as libpq takes it: `key=value` pairs or a `postgresql://` URI.
        ///   - directory: The log's directory, made if it isn't there.
        ///   - additionalSinks: The sinks that get the log, too. The storage closes them.
        ///   - configuration: How the buffer works.
        ///   - logger: Where it reports what needs attention.
        ///   - metrics: Where its figures go.
        /// - Throws: `StoreError` for the database, `TaskStorageError` for the log.
        public static func postgres(
            _ conninfo: String, log directory: String, additionalSinks: [AdditionalSink] = [],
            configuration: Configuration = Configuration(), logger: Logger? = nil,
            metrics: (any MetricsFactory)? = nil
        ) async throws -> BufferedTaskStorage {
            let store = try await PostgresTaskStore(conninfo, logger: logger)
            do {
                return try await open(
                    at: directory, store: store, additionalSinks: additionalSinks, configuration: configuration,
                    logger: logger, metrics: metrics)
            } catch {
                try? await store.close()
                throw error
            }
        }
    }
#endif
