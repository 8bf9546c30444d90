#if MySQL
    public import Logging
    public import WALTasks

    /// A store of tasks and activities in a MariaDB (10.2 or later) or MySQL (8 or later) database.
    ///
    /// Use it alone, or with a log in front of it, as the store of a `TaskSink`.
    ///
    /// The tables are `dag_tasks`, `dag_task_activity_logs`, `wal_sink_checkpoint`, `wal_sink_dead_letter` and
    /// `wal_sink_schema`, in InnoDB. Times are `datetime(6)` in UTC, in the years 1000 to 9999. Ids are `varbinary`,
    /// and JSON is `longtext`. A change is as durable as the server's commits. With the server's default,
    /// `innodb_flush_log_at_trx_commit = 1`, a change is on the server's disk when its call returns.
    ///
    /// Some connections write and some read, each on a thread of its own. So no call blocks a thread of the concurrency
    /// runtime. A call opens a connection when it needs one, and replaces a broken one. If a connection breaks during a
    /// transaction, the call throws `connectionFailed` if it wrote nothing, and `indeterminate` if it may have written
    /// everything. All functions can be called from any task.
    ///
    /// If the task of a call is canceled, the store cancels the statement on the server, by `KILL QUERY` from another
    /// connection. A statement that can't be canceled in this way ends at a time limit. Each connection must keep its
    /// session. So don't use a proxy that shares sessions by statement or transaction.
    ///
    /// A list of tasks by status reads all tasks in that status, except the list of pending tasks by priority. A
    /// removal of old tasks reads all tasks that have ended. All other calls use an index. A removal of many rows is
    /// one transaction with statements for 10,000 rows each.
    ///
    /// | Option of the address | Default | Meaning |
    /// | --- | --- | --- |
    /// | `socket` | | the socket's path, instead of host and port; `localhost` without a port uses the default socket |
    /// | `tls` | `preferred` | also `required`, or `verified`: with a certificate that a known authority has signed |
    /// | `tls_ca` | | the path of a file with the certificates of authorities |
    /// | `connect_timeout` | 5 | the longest time for a connection to be made, in seconds |
    /// | `read_timeout`, `write_timeout` | 60 | the longest time for the server's answer, and for sending, in seconds |
    ///
    /// With `preferred`, Connector/C before version 3.4 doesn't encrypt. Use `required` or `verified` over a network.
    public final class MySQLTaskStore: SessionStore {
        /// The name of the store in the log's cursor, in metrics and in messages.
        public let name: String
        let pools: StorePools<WriteSession, ReadSession>
        /// The store's sessions. This package alone uses them.
        public var sessions: StoreSessions { StoreSessions(pools) }

        /// Makes a store. The first call that uses the database connects, and creates the tables if they don't exist.
        ///
        /// If that call fails, the next one tries again. To connect now, call `ping()`. A call that connects can throw
        /// `connectionFailed`, `schemaTooNew`, `foreignDatabase`, or the code of an error that the server reports.
        ///
        /// - Parameters:
        ///   - url: The address of the database: `mysql://user:password@host:port/database?option=value&…`. The scheme
        ///     may also be `mariadb:`, or be left out. Parts are percent-encoded. The database must exist.
        ///   - name: The name of the store in the log's cursor, in metrics and in messages.
        ///   - writeConnections: The number of batches that the store applies concurrently.
        ///   - readConnections: The number of queries that the store runs concurrently.
        ///   - statementTimeout: The longest time of a statement, rounded up to whole seconds. On MySQL, of a query
        ///     alone.
        ///   - lockTimeout: The longest time that a statement waits for a lock, rounded up to whole seconds.
        ///   - logger: The logger that reports when connections fail, break, and work again. Nil for no messages.
        /// - Throws: `StoreError`:
        ///   - `invalidArgument` if the address, a number of connections or a time limit is invalid
        ///   - `outOfMemory` if no thread can be started
        public convenience init(
            url: String, name: String = "mysql", writeConnections: Int = 4, readConnections: Int = 2,
            statementTimeout: Duration = .seconds(30), lockTimeout: Duration = .seconds(10),
            logger: Logger? = nil
        ) async throws(StoreError) {
            let settings = try ConnectionSettings(
                url: url, statementTimeout: statementTimeout, lockTimeout: lockTimeout)
            try await self.init(
                settings, name: name, writeConnections: writeConnections, readConnections: readConnections,
                logger: logger)
        }

        init(
            _ settings: ConnectionSettings, name: String = "mysql", writeConnections: Int, readConnections: Int,
            logger: Logger? = nil
        ) async throws(StoreError) {
            self.name = name
            pools = try await StorePools(
                settings, store: name, writers: writeConnections, readers: readConnections, logger: logger)
        }
    }
#endif
