#if MySQL
    public import Logging
    public import WAL
    public import WALDelivery
    public import WALTasks

    /// A sink into tables of your own in a MariaDB (10.2 or later) or MySQL (8 or later) database.
    ///
    /// It calls a function with each batch and an open transaction. The position moves in the same transaction, so each
    /// record is written exactly once. The sink's own table is `wal_sink_lane`. The other tables are yours, and must be
    /// in InnoDB.
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
    /// The function may run DELETE, INSERT, REPLACE, UPDATE, SELECT, VALUES and WITH. The sink refuses other
    /// statements, because many of them commit, such as those that change tables. Sessions are in strict mode, so the
    /// server refuses a value that doesn't fit. Their time zone is UTC. The server counts the rows: a row that
    /// `ON DUPLICATE KEY UPDATE` changes counts twice.
    ///
    /// A record is at fault if the database refuses its row, or if the function throws an error of its own. The flusher
    /// finds that record by halving the batch, keeps it as a dead letter, and continues. After a lost connection, or a
    /// timeout of a lock or a statement, the flusher tries the batch again.
    ///
    /// Any task can use a sink. The function runs on the sink's own threads, so it may block.
    public final class MySQLSink: Sink {
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
        ///   - url: The address of the database, in the form that `MySQLTaskStore` takes.
        ///   - name: The name of the sink, of 1 to 200 bytes. Several sinks of one log may share a database under
        ///     different names. A sink with another name begins with the first record of the log.
        ///   - tables: Statements that create your tables if they don't exist. They run on each new connection.
        ///   - connections: The number of batches, of different lanes, that the sink applies concurrently.
        ///   - statementTimeout: The longest time of a statement, rounded up to whole seconds. On MySQL, of a query
        ///     alone.
        ///   - lockTimeout: The longest time that a statement waits for a lock, rounded up to whole seconds.
        ///   - logger: The logger that reports when connections fail, break, and work again. Nil for no messages.
        ///   - body: The function that writes the records of a batch. Batches of different lanes run it concurrently.
        /// - Throws: `StoreError`:
        ///   - `invalidArgument` if the address, the name, the number of connections or a time limit is invalid
        ///   - `outOfMemory` if no thread can be started
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
            var settings = settings
            settings.tables = tables
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
