#if SQLite
    public import Logging
    internal import Synchronization
    internal import WAL
    public import WALTasks
    #if canImport(Darwin)
        internal import Darwin
    #else
        internal import Glibc
    #endif

    /// Keeps tasks and activities in a SQLite database: by itself, or behind a log as the store of a `TaskSink`.
    ///
    /// The tables are `dag_tasks`, `dag_task_activity_logs`, `wal_sink_checkpoint` and `wal_sink_dead_letter`, with times in
    /// microseconds since 1970 (UTC) and JSON as text. What a call has stored is on disk when it returns: every commit is
    /// synced, which takes a fraction of a millisecond or more. Put a log before the store where that is too slow.
    ///
    /// One connection writes and one reads, each on a thread of its own: no call blocks a thread of the concurrency runtime,
    /// and queries go on beside a batch. Callable from any task. Other processes may use the database at the same time; the
    /// store waits for them up to the time given, and then throws `busy`.
    ///
    /// Removing old tasks, and listing completed, failed or cancelled ones, read the whole table of tasks; everything else has
    /// an index.
    public final class SQLiteTaskStore: Sendable {
        /// Names the store in the log's cursor, in metrics and in messages.
        public let name: String
        let writer: DatabaseThread<Link<WriteSession>, StoreError>
        let reader: DatabaseThread<Link<ReadSession>, StoreError>
        private let hasTables = Atomic<Bool>(false)
        /// Who has claimed lanes, for people: process and host.
        let owner: String

        /// Prepares a store. The first call that uses it opens the database and creates the file and its tables if need be, and
        /// so does the first one after that has failed; call ``ping()`` to have it done now.
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
            owner = "\(getpid())@\(hostName())"
            do throws(WALError) {
                let closed = StoreError(.closed, "the store was closed: open a new one")
                writer = try DatabaseThread("wal-sqlite", closed: closed)
                reader = try DatabaseThread("wal-sqlite", closed: closed)
            } catch {
                throw StoreError(.outOfMemory, "no thread can be started: raise the limit of threads (\(error))")
            }
            let log = ConnectionLog(logger, store: name)
            try await writer.open { () throws(StoreError) in
                Link(log) { () throws(StoreError) in try WriteSession(path: path, busyTimeout: busyTimeout) }
            }
            try await reader.open { () throws(StoreError) in
                Link(log) { () throws(StoreError) in try ReadSession(path: path, busyTimeout: busyTimeout) }
            }
        }

        func write<Value: Sendable>(
            _ body: @Sendable (WriteSession) throws(StoreError) -> Value
        ) async throws(StoreError) -> Value {
            let value = try await writer.run { (link) throws(StoreError) in try link.run(body) }
            hasTables.store(true, ordering: .relaxed)
            return value
        }

        /// Runs a query. Where nothing was written yet, the connection that writes makes the tables first.
        func read<Value: Sendable>(
            _ body: @Sendable (ReadSession) throws(StoreError) -> Value
        ) async throws(StoreError) -> Value {
            if !hasTables.load(ordering: .relaxed) { try await write { (_) throws(StoreError) in } }
            return try await reader.run { (link) throws(StoreError) in try link.run(body) }
        }
    }

    private func hostName() -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { name in
            unsafe name.initialize(repeating: 0)
            // One byte less: a name that is cut off need not be terminated.
            guard let start = name.baseAddress, unsafe gethostname(start, name.count - 1) == 0 else { return "" }
            return unsafe String(cString: start)
        }
    }
#endif
