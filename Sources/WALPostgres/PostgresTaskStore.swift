#if Postgres
    public import Logging
    public import WALTasks

    /// Keeps tasks and activities in a PostgreSQL database (version 12 or later): by itself, or with a log in front of it as the store of a
    /// `TaskSink`.
    ///
    /// The tables are `dag_tasks`, `dag_task_activity_logs`, `wal_sink_checkpoint`, `wal_sink_dead_letter` and
    /// `wal_sink_schema`, in the first schema of `search_path`; times are `timestamptz`. What a call has stored is as durable as
    /// the server's `synchronous_commit` makes it.
    ///
    /// Payloads and data are `json`, not `jsonb`: what is read back is what was saved, byte for byte, with the order of its
    /// keys, its repeated keys and the digits of its numbers, while `payload ->> 'key'` works all the same, and an index can be
    /// had over `(payload::jsonb)`. Also, `jsonb` would refuse some valid JSON (`\u0000`, lone surrogates) and costs more to
    /// write.
    ///
    /// A batch is one transaction, which moves the positions of the log's lanes as well. A small batch is one statement, and thereby one
    /// round trip. The activities of a larger one go into their table by `COPY`, and if the server refuses that, by the statement.
    /// Several changes of one task's status in a batch reach its row as one.
    ///
    /// Some connections write and some read, each on a thread of its own: no call blocks a thread of the concurrency runtime.
    /// They are opened when they are needed, and opened again by the next call when they broke. A call whose task is cancelled
    /// is cancelled in the server, too. Callable from any task.
    ///
    /// A pooler such as PgBouncer may be in between, in transaction mode, too. The store notices it by the number of the server's
    /// process. Then it prepares nothing and sets nothing beyond a transaction, which costs two more round trips for a batch.
    ///
    /// What the statements rely on is set by the store: time limits, isolation, planning. Defaults of the server, the database or
    /// the role for them don't matter. `default_transaction_read_only` and `search_path` stay the administrator's.
    ///
    /// Removing old tasks, and listing completed, failed or cancelled ones, read the whole table of tasks; everything else has
    /// an index.
    public final class PostgresTaskStore: SessionStore {
        /// Names the store in the log's cursor, in metrics and in messages.
        public let name: String
        let pools: StorePools<WriteSession, ReadSession>
        public var sessions: StoreSessions { StoreSessions(pools) }

        /// Prepares a store. The first call that uses it connects and creates the tables if need be, and so does the first one
        /// after a failure; call `ping()` to have that done now.
        ///
        /// - Parameters:
        ///   - conninfo: How to reach the database, as libpq takes it: `key=value` pairs or a `postgresql://` URI. Unless it
        ///     says otherwise, connecting takes 5 s at most, a server that is gone is found within about 30 s, and only a server
        ///     that takes changes will do (`target_session_attrs=read-write`).
        ///   - name: Names the store in the log's cursor, in metrics and in messages.
        ///   - writeConnections: How many batches can be applied at the same time.
        ///   - readConnections: How many queries can run at the same time.
        ///   - statementTimeout: The longest time of a statement. A removal of a DAG, or of what is older than a time, has no limit.
        ///   - lockTimeout: How long one statement waits for a lock.
        ///   - logger: Where the store logs that it can't connect, and that it can again.
        /// - Throws: `StoreError`: `invalidArgument`, `outOfMemory`. Calls that connect throw `connectionFailed`,
        ///   `schemaTooNew`, `foreignDatabase`, or what PostgreSQL reports.
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
