#if MySQL
    public import Logging
    public import WAL
    public import WALDelivery
    public import WALTasks

    /// A sink into tables of your own in a MariaDB (10.2 or later) or MySQL (8 or later) database.
    ///
    /// It calls a function with each batch and an open transaction. The position moves in the same transaction, so each record is written
    /// exactly once. Its own table is `wal_sink_lane`; the other tables are yours, and must be in InnoDB.
    ///
    /// ```swift
    /// let sink = try await MySQLSink(
    ///     url: "mysql://app:secret@db/shop",
    ///     tables: "CREATE TABLE IF NOT EXISTS orders (id varchar(64) PRIMARY KEY, total bigint NOT NULL)"
    /// ) { transaction, batch in
    ///     let orders = try batch.records.map { try decode($0.payload) }
    ///     try transaction.executeMany(
    ///         "INSERT INTO orders VALUES (?, ?)", orders.map { [.text($0.id), SQLValue($0.total)] })
    /// }
    /// let flusher = Flusher(log: log, sink: sink) { StableHash.of(customer(of: $0)) }
    /// ```
    ///
    /// The function runs DELETE, INSERT, REPLACE, UPDATE, SELECT, VALUES and WITH. Other statements are refused, because many of them commit, such
    /// as those that change tables. Sessions are in strict mode: a value that doesn't fit is refused. Their time zone is UTC. Counts are the
    /// server's: a row that `ON DUPLICATE KEY UPDATE` changes counts twice.
    ///
    /// A row that the database refuses, and any error of the function's own, blame a record: the flusher finds it by halving the batch, keeps
    /// it as a dead letter, and continues. Lost connections, locks and time limits are tried again.
    ///
    /// A sink can be used from any task. Its function runs on threads of the sink's own, so it may block.
    public final class MySQLSink: Sink {
        /// Writes the records of a batch.
        public typealias Body = @Sendable (SinkTransaction, SinkBatch) throws -> Void

        /// The name of the sink in its positions, in the log's cursor, in metrics and in messages.
        public let name: String
        /// The number of connections.
        public let maxConcurrency: Int
        private let core: TableSinkCore<SinkSession>

        /// Makes a sink. Its first use connects.
        ///
        /// - Parameters:
        ///   - url: The database, as `MySQLTaskStore` takes it.
        ///   - name: The name of the sink, of 1 to 200 bytes. Several sinks of one log may share a database under different names. A sink
        ///     with another name begins with the first record of the log.
        ///   - tables: Statements that make your tables, if they aren't there. They run at each connection.
        ///   - connections: The number of batches that can be applied at the same time, each of its own lanes.
        ///   - statementTimeout: The longest time of a statement, in whole seconds; on MariaDB only.
        ///   - lockTimeout: The longest time to wait for a lock, in whole seconds.
        ///   - logger: The logger of lost and new connections.
        ///   - body: Writes the records of a batch. Batches of different lanes run it at the same time.
        /// - Throws: `StoreError`: `invalidArgument`, `outOfMemory`.
        public convenience init(
            url: String, name: String = "mysql", tables: String = "", connections: Int = 4,
            statementTimeout: Duration = .seconds(30), lockTimeout: Duration = .seconds(10), logger: Logger? = nil,
            body: @escaping Body
        ) async throws(StoreError) {
            let settings = try ConnectionSettings(
                url: url, statementTimeout: statementTimeout, lockTimeout: lockTimeout)
            try await self.init(
                settings, name: name, tables: tables, connections: connections, logger: logger, body: body)
        }

        init(
            _ settings: ConnectionSettings, name: String = "mysql", tables: String, connections: Int = 4,
            logger: Logger? = nil, body: @escaping Body
        ) async throws(StoreError) {
            self.name = name
            maxConcurrency = connections
            core = try await TableSinkCore(
                SinkSession.Settings(connection: settings, tables: tables), name: name, connections: connections,
                logger: logger, body: body)
        }

        public func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
            try await core.claim(lanes, of: laneCount, log: log)
        }

        public func apply(_ batch: SinkBatch) async throws -> SinkReceipt { try await core.apply(batch) }
        public func classify(_ error: any Error) -> SinkFailure { core.classify(error) }
        public func close() async { await core.close() }
    }
#endif
