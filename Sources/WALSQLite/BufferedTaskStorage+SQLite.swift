#if SQLite
    public import Logging
    public import Metrics
    public import WALTasks

    extension BufferedTaskStorage where Store == SQLiteTaskStore {
        /// Opens a buffered storage over a SQLite database: changes return when they are in the log, and reach the database in
        /// batches.
        ///
        /// It delivers from then on, as the one from `open(at:store:additionalSinks:configuration:logger:metrics:)`, and closes the database
        /// when it is closed.
        ///
        /// - Parameters:
        ///   - path: The database's file, made if it isn't there.
        ///   - directory: The log's directory, made if it isn't there.
        ///   - additionalSinks: The sinks that get the log, too. The storage closes them.
        ///   - configuration: How the buffer works.
        ///   - logger: Where it reports what needs attention.
        ///   - metrics: Where its figures go.
        /// - Throws: `StoreError` for the database, `TaskStorageError` for the log.
        public static func sqlite(
            _ path: String, log directory: String, additionalSinks: [AdditionalSink] = [],
            configuration: Configuration = Configuration(), logger: Logger? = nil,
            metrics: (any MetricsFactory)? = nil
        ) async throws -> BufferedTaskStorage {
            let store = try await SQLiteTaskStore(path: path, logger: logger)
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
