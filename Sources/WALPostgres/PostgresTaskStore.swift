#if Postgres
    public import Logging
    public import WALTasks

    /// A store of tasks and activities in a PostgreSQL database (version 12 or later).
    ///
    /// Use it alone, or with a log in front of it, as the store of a `TaskSink`.
    ///
    /// The tables are `dag_tasks`, `dag_task_activity_logs`, `wal_sink_checkpoint`, `wal_sink_dead_letter` and
    /// `wal_sink_schema`, in the first schema of `search_path`. Times are `timestamptz`. A change is as durable as the
    /// server's `synchronous_commit` makes it.
    ///
    /// Payloads and data are `json`, not `jsonb`. So a query returns them byte for byte as they were saved, with the
    /// order of their keys, repeated keys, and the digits of numbers. `payload ->> 'key'` works all the same, and an
    /// index over `(payload::jsonb)` is possible. Also, `jsonb` would refuse some valid JSON (`\u0000`, lone
    /// surrogates), and costs more to write.
    ///
    /// A batch is one transaction, which also moves the positions of the log's lanes. A small batch is one statement,
    /// and so one round trip. The activities of a larger batch go into their table by `COPY`, or by the statement if
    /// the server refuses the `COPY`. Several changes of one task's status in a batch reach its row as one change.
    ///
    /// Some connections write and some read, each on a thread of its own. So no call blocks a thread of the concurrency
    /// runtime. A call opens a connection when it needs one, and replaces a broken one. If the task of a call is
    /// canceled, the store cancels the statement on the server. All functions can be called from any task.
    ///
    /// A pooler such as PgBouncer may be between the store and the server, also in transaction mode. The store
    /// recognizes a pooler by the number of the server's process. Then it prepares nothing and sets nothing beyond a
    /// transaction, which costs two more round trips for a batch.
    ///
    /// The store sets all variables on which its statements rely: time limits, isolation and planning. So the defaults
    /// of the server, the database or the role don't matter. It leaves `default_transaction_read_only` and
    /// `search_path` to the administrator.
    ///
    /// Two kinds of calls read the whole table of tasks: removals of old tasks, and lists of completed, failed or
    /// canceled tasks. All other calls use an index.
    public final class PostgresTaskStore: SessionStore {
        /// The name of the store in the log's cursor, in metrics and in messages.
        public let name: String
        let pools: StorePools<WriteSession, ReadSession>
        /// The store's sessions. This package alone uses them.
        public var sessions: StoreSessions { StoreSessions(pools) }

        /// Makes a store. The first call that uses the database connects, and creates the tables if they don't exist.
        ///
        /// If that call fails, the next one tries again. To connect now, call `ping()`. A call that connects can throw
        /// `connectionFailed`, `schemaTooNew`, `foreignDatabase`, or the code of an error that PostgreSQL reports.
        ///
        /// - Parameters:
        ///   - conninfo: The connection string of the database, in libpq's form: `key=value` pairs or a `postgresql://`
        ///     URI. Without a `service`, it has defaults. Connecting takes at most 5 s, a lost server is detected
        ///     within about 30 s, and the server must take writes (`target_session_attrs=read-write`).
        ///   - name: The name of the store in the log's cursor, in metrics and in messages.
        ///   - writeConnections: The number of batches that the store applies concurrently.
        ///   - readConnections: The number of queries that the store runs concurrently.
        ///   - statementTimeout: The longest time of a statement. The removal of a DAG, of old tasks or of old
        ///     activities has no limit.
        ///   - lockTimeout: The longest time that a statement waits for a lock.
        ///   - logger: The logger that reports when connections fail, break, and work again. Nil for no messages.
        /// - Throws: `StoreError`:
        ///   - `invalidArgument` if the connection string or a number of connections is invalid
        ///   - `outOfMemory` if no thread can be started
        public convenience init(
            _ conninfo: String, name: String = "postgres", writeConnections: Int = 4, readConnections: Int = 2,
            statementTimeout: Duration = .seconds(30), lockTimeout: Duration = .seconds(10),
            logger: Logger? = nil
        ) async throws(StoreError) {
            let settings = try ConnectionSettings(
                conninfo: conninfo, statementTimeout: statementTimeout, lockTimeout: lockTimeout)
            try await self.init(
                settings, name: name, writers: writeConnections, readers: readConnections, logger: logger)
        }

        init(
            _ settings: ConnectionSettings, name: String, writers: Int, readers: Int, logger: Logger?
        ) async throws(StoreError) {
            self.name = name
            pools = try await StorePools(settings, store: name, writers: writers, readers: readers, logger: logger)
        }
    }
#endif
