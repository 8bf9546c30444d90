#if SQLite
    public import Logging
    public import WALTasks

    /// A store of tasks and activities in a SQLite database.
    ///
    /// Use it alone, or with a log in front of it, as the store of a `TaskSink`.
    ///
    /// The tables are `dag_tasks`, `dag_task_activity_logs`, `wal_sink_checkpoint` and `wal_sink_dead_letter`. Times
    /// are in microseconds since 1970 in UTC, and JSON is text. A change is durable when its call returns, because
    /// SQLite syncs each commit. That takes a fraction of a millisecond or more. If it is too slow, put a log in front
    /// of the store.
    ///
    /// One connection writes and two read, each on a thread of its own. So no call blocks a thread of the concurrency
    /// runtime, and queries run concurrently with a batch and with a long list. All functions can be called from any
    /// task.
    ///
    /// Other processes may use the database at the same time. The store waits up to `busyTimeout` for their locks, and
    /// then throws `busy`.
    ///
    /// Two kinds of calls read the whole table of tasks: removals of old tasks, and lists of completed, failed or
    /// canceled tasks. All other calls use an index.
    public final class SQLiteTaskStore: SessionStore {
        /// The name of the store in the log's cursor, in metrics and in messages.
        public let name: String
        let pools: StorePools<WriteSession, ReadSession>
        /// The store's sessions. This package alone uses them.
        public var sessions: StoreSessions { StoreSessions(pools) }

        /// Makes a store. The first call that uses the database opens it, and creates the file and the tables if they
        /// don't exist.
        ///
        /// If that call fails, the next one tries again. To open the database now, call `ping()`. A call that opens the
        /// database can throw `schemaTooNew`, `foreignDatabase`, `unsupported`, or the code of an error that SQLite
        /// reports.
        ///
        /// - Parameters:
        ///   - path: The path of the database file, on a local file system. While the database is open, files with the
        ///     suffixes `-wal` and `-shm` are next to it.
        ///   - name: The name of the store in the log's cursor, in metrics and in messages.
        ///   - busyTimeout: The longest time that a call waits for the locks of other connections.
        ///   - logger: The logger that reports when the database can't be opened, and when it can be opened again. Nil
        ///     for no messages.
        /// - Throws: `StoreError`: `outOfMemory` if no thread can be started.
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
