#if MySQL
    public import Logging
    public import Metrics
    public import WALTasks

    extension BufferedTaskStorage where Store == MySQLTaskStore {
        /// Opens a buffered storage with a store in a MariaDB or MySQL database. Changes return when they are in the
        /// log, and reach the database in batches.
        ///
        /// Like a storage from `open(at:store:additionalSinks:configuration:logger:metrics:)`, it delivers from then
        /// on. When it is closed, it closes the store. The database may be unavailable at the opening and at any later
        /// time: see `TaskBufferConfiguration.requiresStore`.
        ///
        /// - Parameters:
        ///   - url: The address of the database, in the form that `MySQLTaskStore` takes.
        ///   - directory: The path of the log's directory, which is created if it doesn't exist.
        ///   - additionalSinks: The sinks that get the log, too. The storage closes them.
        ///   - configuration: The configuration of the buffer.
        ///   - logger: The logger of the storage and its store. Nil for no messages.
        ///   - metrics: The backend of the metrics, whose names are in `WALMetric`. Nil for none.
        /// - Returns: The open storage.
        /// - Throws: The errors of `open(at:store:additionalSinks:configuration:logger:metrics:)`, and those of the
        ///   initializer of `MySQLTaskStore`.
        public static func mysql(
            _ url: String, log directory: String, additionalSinks: [AdditionalSink] = [],
            configuration: Configuration = Configuration(), logger: Logger? = nil,
            metrics: (any MetricsFactory)? = nil
        ) async throws -> BufferedTaskStorage {
            try await open(
                at: directory, owning: MySQLTaskStore(url: url, logger: logger), additionalSinks: additionalSinks,
                configuration: configuration, logger: logger, metrics: metrics)
        }
    }
#endif
