#if MySQL
    public import Logging
    public import WALTasks

    /// Keeps tasks and activities in a MariaDB (10.2 or later) or MySQL (8 or later) database: by itself, or with a log in front of it as
    /// the store of a `TaskSink`.
    ///
    /// The tables are `dag_tasks`, `dag_task_activity_logs`, `wal_sink_checkpoint`, `wal_sink_dead_letter` and
    /// `wal_sink_schema`, in InnoDB, with times as `datetime(6)` in UTC (the years 1000 to 9999), ids as `varbinary` and JSON
    /// as `longtext`. What a call has stored is as durable as the server's commits are: with its default,
    /// `innodb_flush_log_at_trx_commit = 1`, on the server's disk.
    ///
    /// Some connections write and some read, each on a thread of its own: no call blocks a thread of the concurrency runtime.
    /// They are opened when they are needed, and opened again by the next call when they broke. A call whose transaction broke
    /// with its connection throws `connectionFailed` if it surely wrote nothing, and `indeterminate` if it may have written
    /// all. A call whose task is cancelled is cancelled in the server, too, by `KILL QUERY` from a connection of its own; what
    /// can't be cancelled so ends by itself, when a time limit is over. Callable from any task. Connections must keep their
    /// sessions: no proxy that shares them out by statement or transaction.
    ///
    /// Listing tasks by status reads all that are in it, but for pending ones by priority, and removing old tasks reads all that
    /// have ended; everything else has an index. Old rows are removed in parts of 10,000, in one transaction.
    ///
    /// | Option of the address | Default | |
    /// | --- | --- | --- |
    /// | `socket` | | the path of the server's socket, instead of host and port; `localhost` without a port takes the default one |
    /// | `tls` | `preferred` | or `required`, or `verified`: with a certificate that a known authority has signed |
    /// | `tls_ca` | | a file with authorities' certificates |
    /// | `connect_timeout` | 5 | seconds for a connection to be made |
    /// | `read_timeout`, `write_timeout` | 60 | seconds for the server's answer, and for sending |
    public final class MySQLTaskStore: SessionStore {
        /// Names the store in the log's cursor, in metrics and in messages.
        public let name: String
        let pools: StorePools<WriteSession, ReadSession>
        public var sessions: StoreSessions { StoreSessions(pools) }

        /// Prepares a store. The first call that uses it connects and creates the tables if need be, and so does the first one
        /// after a failure; call `ping()` to have that done now.
        ///
        /// - Parameters:
        ///   - url: `mysql://user:password@host:port/database?option=value&…`, with or without `mysql:`. Parts are
        ///     percent-encoded. The database must be there.
        ///   - name: Names the store in the log's cursor, in metrics and in messages.
        ///   - writeConnections: How many batches can be applied at the same time.
        ///   - readConnections: How many queries can run at the same time.
        ///   - statementTimeout: How long one statement may take, in whole seconds; on MariaDB only.
        ///   - lockTimeout: How long one statement waits for a lock, in whole seconds.
        ///   - logger: Where the store logs that it can't connect, and that it can again.
        /// - Throws: `StoreError`: `invalidArgument`, `outOfMemory`. Calls that connect throw `connectionFailed`,
        ///   `schemaTooNew`, `foreignDatabase`, or what the server reports.
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
