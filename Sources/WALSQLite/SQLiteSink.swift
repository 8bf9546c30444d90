#if SQLite
    public import Logging
    public import WAL
    public import WALDelivery
    public import WALTasks

    /// A sink into tables of your own in a SQLite database.
    ///
    /// It calls a function with each batch and an open transaction. The position moves in the same transaction, so each record is written
    /// exactly once. Its own table is `wal_sink_lane`; the other tables are yours, and other connections may use them.
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
    /// A row that the database refuses, and any error of the function's own, blame a record: the flusher finds it by halving the batch, keeps
    /// it as a dead letter, and continues. Errors of the disk and of other connections' locks are tried again.
    ///
    /// A sink can be used from any task. Its function runs on a thread of its own, so it may block.
    public final class SQLiteSink: Sink {
        /// Writes the records of a batch.
        public typealias Body = @Sendable (SinkTransaction, SinkBatch) throws -> Void

        /// The name of the sink in its positions, in the log's cursor, in metrics and in messages.
        public let name: String
        /// One: SQLite has one writer.
        public let maxConcurrency = 1
        private let core: TableSinkCore<SinkSession>

        /// Makes a sink. Its first use opens the database, and creates it if there is none.
        ///
        /// - Parameters:
        ///   - path: A file on a local file system.
        ///   - name: The name of the sink, of 1 to 200 bytes. Several sinks of one log may share a file under different names. A sink with
        ///     another name begins with the first record of the log.
        ///   - setup: Statements for each connection that can't run in a transaction, such as `PRAGMA foreign_keys = ON`.
        ///     `ATTACH` is refused: SQLite commits files one after another, and a crash in between would separate rows and position.
        ///   - tables: Statements that make your tables, if they aren't there. They run at each connection, in a transaction.
        ///   - busyTimeout: The longest time to wait for other connections' locks.
        ///   - logger: The logger of lost and new connections.
        ///   - body: Writes the records of a batch, on one thread.
        /// - Throws: `StoreError`: `invalidArgument`, `outOfMemory`.
        public init(
            path: String, name: String = "sqlite", setup: String = "", tables: String = "",
            busyTimeout: Duration = .seconds(1), logger: Logger? = nil, body: @escaping Body
        ) async throws(StoreError) {
            self.name = name
            let connection = ConnectionSettings(path: path, busyTimeout: busyTimeout)
            core = try await TableSinkCore(
                SinkSession.Settings(connection: connection, setup: setup, tables: tables), name: name, connections: 1,
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
