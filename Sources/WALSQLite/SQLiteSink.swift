#if SQLite
    public import Logging
    public import WAL
    public import WALDelivery
    public import WALTasks

    /// A sink into tables of your own in a SQLite database.
    ///
    /// It calls a function with each batch and an open transaction. The position moves in the same transaction, so each
    /// record is written exactly once. The sink's own table is `wal_sink_lane`. The other tables are yours, and other
    /// connections may use them.
    ///
    /// ```swift
    /// let sink = try await SQLiteSink(
    ///     path: "orders.db", tables: "CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, total INTEGER NOT NULL)"
    /// ) { transaction, batch in
    ///     for record in batch.records {
    ///         let order = try decode(record.payload)
    ///         try transaction.execute("INSERT INTO orders VALUES (?, ?)", [.text(order.id), SQLValue(order.total)])
    ///     }
    /// }
    /// let flusher = Flusher(log: log, sink: sink) { _ in 0 }
    /// ```
    ///
    /// A record is at fault if the database refuses its row, or if the function throws an error of its own. The flusher
    /// finds that record by halving the batch, keeps it as a dead letter, and continues. After an error of the disk, or
    /// of another connection's lock, the flusher tries the batch again.
    ///
    /// Any task can use a sink. The function runs on the sink's own thread, so it may block.
    public final class SQLiteSink: Sink {
        /// The function that writes the records of a batch in the sink's transaction.
        public typealias Body = @Sendable (SinkTransaction, SinkBatch) throws -> Void

        /// The name of the sink in its positions, in the log's cursor, in metrics and in messages.
        public let name: String
        /// The number of batches that the sink applies concurrently: one, because SQLite has one writer.
        public let maxConcurrency = 1
        private let core: TableSinkCore<SinkSession>

        /// Makes a sink. Its first use opens the database, and creates one that doesn't exist.
        ///
        /// - Parameters:
        ///   - path: The path of the database file, on a local file system.
        ///   - name: The name of the sink, of 1 to 200 bytes. Several sinks of one log may share a database under
        ///     different names. A sink with another name begins with the first record of the log.
        ///   - setup: Statements for each connection that can't run in a transaction, such as
        ///     `PRAGMA foreign_keys = ON`. The sink refuses `ATTACH`, also in `tables` and in the function, because
        ///     SQLite commits files one after another. A crash between two commits would separate the rows from the
        ///     position.
        ///   - tables: Statements that create your tables if they don't exist. They run on each new connection, in a
        ///     transaction.
        ///   - busyTimeout: The longest time that a call waits for the locks of other connections.
        ///   - logger: The logger that reports when the database can't be opened, and when it can be opened again. Nil
        ///     for no messages.
        ///   - body: The function that writes the records of a batch. It runs on one thread.
        /// - Throws: `StoreError`:
        ///   - `invalidArgument` if the name is empty, too long, or has a NUL
        ///   - `outOfMemory` if no thread can be started
        public init(
            path: String, name: String = "sqlite", setup: String = "", tables: String = "",
            busyTimeout: Duration = .seconds(1), logger: Logger? = nil, body: @escaping Body
        ) async throws(StoreError) {
            self.name = name
            core = try await TableSinkCore(
                ConnectionSettings(path: path, busyTimeout: busyTimeout, setup: setup, tables: tables), name: name,
                connections: 1, logger: logger, body: body)
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
        /// Waits for the running calls, and closes the connection.
        public func close() async { await core.close() }
    }
#endif
