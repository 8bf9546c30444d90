#if SQLite
    public import Logging
    public import WALTasks

    /// Keeps tasks and activities in a SQLite database: by itself, or with a log in front of it as the store of a `TaskSink`.
    ///
    /// The tables are `dag_tasks`, `dag_task_activity_logs`, `wal_sink_checkpoint` and `wal_sink_dead_letter`, with times in
    /// microseconds since 1970 (UTC) and JSON as text. What a call has stored is on disk when it returns: every commit is
    /// synced, which takes a fraction of a millisecond or more. Put a log before the store where that is too slow.
    ///
    /// One connection writes and two read, each on a thread of its own: no call blocks a thread of the concurrency runtime,
    /// and queries continue beside a batch and beside a long list. Callable from any task. Other processes may use the
    /// database at the same time; the store waits for them up to the time given, and then throws `busy`.
    ///
    /// Removing old tasks, and listing completed, failed or cancelled ones, read the whole table of tasks; everything else has
    /// an index.
    public final class SQLiteTaskStore: SessionStore {
        /// Names the store in the log's cursor, in metrics and in messages.
        public let name: String
        let pools: StorePools<WriteSession, ReadSession>
        public var sessions: StoreSessions { StoreSessions(pools) }

        /// Prepares a store. The first call that uses it opens the database and creates the file and its tables if need be, and
        /// so does the first one after that has failed; call `ping()` to have it done now.
        ///
        /// - Parameters:
        ///   - path: A file on a local file system. Beside it are `-wal` and `-shm` files of the same name while it is open.
        ///   - name: Names the store in the log's cursor, in metrics and in messages.
        ///   - busyTimeout: How long a call waits for other connections' locks.
        ///   - logger: Where it says that the database can't be opened, and that it can be again.
        /// - Throws: `StoreError`: `outOfMemory`. Calls that open the database throw `schemaTooNew`, `foreignDatabase`,
        ///   `unsupported`, or what SQLite reports.
        public init(
            path: String, name: String = "sqlite", busyTimeout: Duration = .seconds(1), logger: Logger? = nil
        ) async throws(StoreError) {
            self.name = name
            pools = try await StorePools(
                ConnectionSettings(path: path, busyTimeout: busyTimeout), store: name, writers: 1, readers: 2,
                logger: logger)
        }
    }
#endif
