#if MySQL
    internal import WAL
    internal import WALTasks
    #if canImport(Darwin)
        internal import Darwin
    #else
        internal import Glibc
    #endif

    /// Keeps tasks and activities in a MariaDB (10.2 or later) or MySQL (8 or later) database: by itself, or behind a log as
    /// the store of a `TaskSink`.
    ///
    /// The tables are `dag_tasks`, `dag_task_activity_logs`, `wal_sink_checkpoint`, `wal_sink_dead_letter` and
    /// `wal_sink_schema`, in InnoDB, with times as `datetime(6)` in UTC (the years 1000 to 9999), ids as `varbinary` and JSON
    /// as `longtext`. What a call has stored is as durable as the server's commits are: with its default,
    /// `innodb_flush_log_at_trx_commit = 1`, on the server's disk.
    ///
    /// Several connections write and one reads, each on a thread of its own: no call blocks a thread of the concurrency
    /// runtime. Connections that were lost are opened again by the next call; a call whose transaction they were lost in
    /// throws `connectionLost` if it surely wrote nothing, and `indeterminate` if it may have written all.
    ///
    /// A call can't be cancelled. It ends by itself: waiting for locks, statements (on MariaDB), and answers have time limits,
    /// which the address can set.
    ///
    /// | Option | Default | |
    /// | --- | --- | --- |
    /// | `socket` | | the path of the server's socket, instead of host and port |
    /// | `tls` | `preferred` | or `required`, or `verified`: with a certificate that a known authority has signed |
    /// | `tls_ca` | | a file with authorities' certificates |
    /// | `connect_timeout` | 5 | seconds for a connection to be made |
    /// | `read_timeout`, `write_timeout` | 60 | seconds for the server's answer, and for sending |
    /// | `lock_timeout` | 10 | seconds for another session's locks |
    /// | `statement_timeout` | 30 | seconds for a statement, on MariaDB |
    public final class MySQLTaskStore: Sendable {
        /// Names the store in the log's cursor, in metrics and in messages.
        public let name: String
        /// How many connections write.
        public let concurrencyMax: Int
        let writers: WriterPool
        let reader: DatabaseThread<SessionKeeper<ReadSession>, MySQLError>
        /// Who has claimed lanes, for people: process and host.
        let owner: String

        /// Connects to a database, and creates its tables if need be.
        ///
        /// - Parameters:
        ///   - url: `mysql://user:password@host:port/database?option=value&…`, with or without `mysql:`. Parts are
        ///     percent-encoded. The database must be there.
        ///   - name: Names the store in the log's cursor, in metrics and in messages.
        ///   - concurrencyMax: How many batches can be applied at the same time, each on a connection that is opened when it's
        ///     first needed: 1 to 64.
        /// - Throws: `MySQLError`: `invalidArgument`, `schemaTooNew`, or what the server reports.
        public convenience init(
            url: String, name: String = "mysql", concurrencyMax: Int = 4
        ) async throws(MySQLError) {
            try await self.init(url: url, name: name, concurrencyMax: concurrencyMax, arrays: true)
        }

        /// Without `arrays` rows are written out as literals, as for MySQL, on MariaDB, too.
        init(url: String, name: String = "mysql", concurrencyMax: Int = 4, arrays: Bool) async throws(MySQLError) {
            let address = try ServerAddress(url)
            guard (1...64).contains(concurrencyMax) else {
                throw MySQLError(.invalidArgument, "concurrencyMax must be 1 to 64, not \(concurrencyMax)")
            }
            self.name = name
            self.concurrencyMax = concurrencyMax
            owner = "\(getpid())@\(hostName())"
            var threads: [WriterPool.Writer] = []
            do throws(WALError) {
                let closed = MySQLError(.closed, "the store was closed: open a new one")
                for _ in 0..<concurrencyMax { threads.append(try DatabaseThread("wal-mysql", closed: closed)) }
                reader = try DatabaseThread("wal-mysql", closed: closed)
            } catch {
                throw MySQLError(.outOfMemory, "no thread can be started: raise the limit of threads (\(error))")
            }
            writers = WriterPool(threads)
            // A writer first: the reader's queries need its tables.
            for (index, thread) in threads.enumerated() {
                try await thread.open { () throws(MySQLError) in
                    let keeper = SessionKeeper { () throws(MySQLError) in try WriteSession(address, arrays: arrays) }
                    if index == 0 { try keeper.connect() }
                    return keeper
                }
            }
            try await reader.open { () throws(MySQLError) in
                let keeper = SessionKeeper { () throws(MySQLError) in try ReadSession(address) }
                try keeper.connect()
                return keeper
            }
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
