#if Postgres
    public import Logging
    public import WAL
    public import WALDelivery
    public import WALTasks

    /// A sink into tables of your own in a PostgreSQL database (version 12 or later).
    ///
    /// It calls a function with each batch and an open transaction. The position moves in the same transaction, so each
    /// record is written exactly once. The sink's own table is `wal_sink_lane`, in the first schema of `search_path`.
    /// The other tables are yours.
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
    /// The server infers the type of each value from the statement, and refuses a value that doesn't fit. If the type
    /// isn't clear, a cast such as `$1::numeric` states it. A value of a type without a case in `SQLValue` is a text in
    /// both directions. Sessions have the time zone UTC.
    ///
    /// For many rows, `executeMany` sends an `INSERT` of one row of values as one statement over arrays, with or
    /// without `ON CONFLICT`. It sends other statements in a pipeline. If the server refuses the rows together, for
    /// example because two of them change one row, the sink rolls back and calls the function again. Then each row is a
    /// statement of its own. So the result is the same, except that a statement-level trigger fires once for many rows.
    /// Through a pooler, all statements go in a pipeline.
    ///
    /// A record is at fault if the database refuses its row, or if the function throws an error of its own. The flusher
    /// finds that record by halving the batch, keeps it as a dead letter, and continues. After a lost connection, or a
    /// timeout of a lock or a statement, the flusher tries the batch again.
    ///
    /// A pooler such as PgBouncer may be between the sink and the server, also in transaction mode. Then each call
    /// prepares its statement again.
    ///
    /// Any task can use a sink. The function runs on the sink's own threads, so it may block.
    public final class PostgresSink: Sink {
        /// The function that writes the records of a batch in the sink's transaction.
        public typealias Body = @Sendable (SinkTransaction, SinkBatch) throws -> Void

        /// The name of the sink in its positions, in the log's cursor, in metrics and in messages.
        public let name: String
        /// The number of batches that the sink applies concurrently: one on each connection.
        public let maxConcurrency: Int
        private let core: TableSinkCore<SinkSession>

        /// Makes a sink. Its first use connects.
        ///
        /// - Parameters:
        ///   - conninfo: The connection string of the database, in the form that `PostgresTaskStore` takes.
        ///   - name: The name of the sink, of 1 to 200 bytes. Several sinks of one log may share a database under
        ///     different names. A sink with another name begins with the first record of the log.
        ///   - tables: Statements that create your tables if they don't exist. They run on each new connection, in a
        ///     transaction.
        ///   - connections: The number of batches, of different lanes, that the sink applies concurrently.
        ///   - statementTimeout: The longest time of a statement.
        ///   - lockTimeout: The longest time that a statement waits for a lock.
        ///   - logger: The logger that reports when connections fail, break, and work again. Nil for no messages.
        ///   - body: The function that writes the records of a batch. Batches of different lanes run it concurrently.
        /// - Throws: `StoreError`:
        ///   - `invalidArgument` if the connection string, the name or the number of connections is invalid
        ///   - `outOfMemory` if no thread can be started
        public init(
            _ conninfo: String, name: String = "postgres", tables: String = "", connections: Int = 4,
            statementTimeout: Duration = .seconds(30), lockTimeout: Duration = .seconds(10), logger: Logger? = nil,
            body: @escaping Body
        ) async throws(StoreError) {
            var settings = try ConnectionSettings(
                conninfo: conninfo, statementTimeout: statementTimeout, lockTimeout: lockTimeout)
            settings.tables = tables
            self.name = name
            maxConcurrency = connections
            core = try await TableSinkCore(
                settings, name: name, connections: connections, logger: logger, body: body)
        }

        /// Takes over lanes of a log, in one transaction.
        ///
        /// - Parameters:
        ///   - lanes: The indices of the lanes.
        ///   - laneCount: The number of lanes of the log and this sink.
        ///   - log: The identifier of the log.
        /// - Returns: The lanes, each with its raised epoch and its position.
        /// - Throws: `StoreError`:
        ///   - `laneCountMismatch` if the log had another number of lanes before
        ///   - `closed` if the sink was closed
        ///   - any other code for an error of the connection or the database
        public func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
            try await core.claim(lanes, of: laneCount, log: log)
        }

        /// Returns the current lanes of a log, without claiming them. Leaves out those that were never claimed.
        ///
        /// - Parameters:
        ///   - lanes: The indices of the lanes.
        ///   - log: The identifier of the log.
        /// - Throws: `StoreError`:
        ///   - `closed` if the sink was closed
        ///   - any other code for an error of the connection or the database
        public func positions(of lanes: Range<Int>, log: LogID) async throws -> [SinkLane]? {
            try await core.positions(of: lanes, log: log)
        }

        /// Calls the function with a batch and moves the batch's lanes, in one transaction.
        ///
        /// - Parameter batch: The records, and the lanes to move.
        /// - Returns: A receipt whose number of rows is the number of records.
        /// - Throws: `StoreError`:
        ///   - `fenced` or `setBack` if a lane's epoch or position differs from the batch's
        ///   - `rowRefused` if the function throws an error of its own, or if the database refuses a row
        ///   - `closed` if the sink was closed
        ///   - any other code for an error of the connection or the database
        public func apply(_ batch: SinkBatch) async throws -> SinkReceipt { try await core.apply(batch) }
        /// Returns the meaning of an error of this sink for a batch.
        public func classify(_ error: any Error) -> SinkFailure { core.classify(error) }
        /// Waits for the running calls, and closes the connections.
        public func close() async { await core.close() }
    }
#endif
