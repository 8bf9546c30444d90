#if Postgres
    public import Logging
    public import WAL
    public import WALDelivery
    public import WALTasks

    /// A sink into tables of your own in a PostgreSQL database (version 12 or later).
    ///
    /// It calls a function with each batch and an open transaction. The position moves in the same transaction, so each record is written
    /// exactly once. Its own table is `wal_sink_lane`, in the first schema of `search_path`; the other tables are yours.
    ///
    /// ```swift
    /// let sink = try await PostgresSink(
    ///     "host=db dbname=shop",
    ///     tables: "CREATE TABLE IF NOT EXISTS orders (id text PRIMARY KEY, total bigint NOT NULL)"
    /// ) { transaction, batch in
    ///     let orders = try batch.records.map { try decode($0.payload) }
    ///     try transaction.executeMany(
    ///         "INSERT INTO orders VALUES ($1, $2)", orders.map { [.text($0.id), SQLValue($0.total)] })
    /// }
    /// let flusher = Flusher(log: log, sink: sink) { StableHash.of(customer(of: $0)) }
    /// ```
    ///
    /// The server infers the type of each value from the statement, and refuses a value that doesn't fit. `$1::numeric` says it where it
    /// isn't clear. Values of types without a case in `SQLValue` go and come as texts. Sessions have the time zone UTC.
    ///
    /// For many rows, `executeMany` sends an `INSERT` of one row of values as one statement over arrays, with or without `ON CONFLICT`.
    /// Other statements go in a pipeline. If the server refuses the rows together, such as two changes of one row, the transaction is undone
    /// and the function called again, and each row is a statement of its own. So the result is the same, but triggers for each statement fire
    /// once for many rows. Through a pooler, all statements go in a pipeline.
    ///
    /// A row that the database refuses, and any error of the function's own, blame a record: the flusher finds it by halving the batch, keeps
    /// it as a dead letter, and continues. Lost connections, locks and time limits are tried again.
    ///
    /// A pooler such as PgBouncer may be in between, in transaction mode, too. Then each call prepares its statement again.
    ///
    /// A sink can be used from any task. Its function runs on threads of the sink's own, so it may block.
    public final class PostgresSink: Sink {
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
        ///   - conninfo: The database, as `PostgresTaskStore` takes it.
        ///   - name: The name of the sink, of 1 to 200 bytes. Several sinks of one log may share a database under different names. A sink
        ///     with another name begins with the first record of the log.
        ///   - tables: Statements that make your tables, if they aren't there. They run at each connection, in a transaction.
        ///   - connections: The number of batches that can be applied at the same time, each of its own lanes.
        ///   - statementTimeout: The longest time of a statement.
        ///   - lockTimeout: The longest time to wait for a lock.
        ///   - logger: The logger of lost and new connections.
        ///   - body: Writes the records of a batch. Batches of different lanes run it at the same time.
        /// - Throws: `StoreError`: `invalidArgument`, `outOfMemory`.
        public init(
            _ conninfo: String, name: String = "postgres", tables: String = "", connections: Int = 4,
            statementTimeout: Duration = .seconds(30), lockTimeout: Duration = .seconds(10), logger: Logger? = nil,
            body: @escaping Body
        ) async throws(StoreError) {
            let connection = try ConnectionSettings(
                conninfo: conninfo, statementTimeout: statementTimeout, lockTimeout: lockTimeout)
            self.name = name
            maxConcurrency = connections
            core = try await TableSinkCore(
                SinkSession.Settings(connection: connection, tables: tables), name: name, connections: connections,
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
