#if SQLite
    internal import CWALSQLite
    internal import WAL
    internal import WALTasks
    #if canImport(Darwin)
        internal import Darwin
    #else
        internal import Glibc
    #endif

    /// A connection to a database. Not thread-safe: it belongs to one ``DatabaseThread``.
    @safe final class Connection: DatabaseConnection {
        enum Access {
            case readWrite, readOnly
            /// Reads the database and leaves its files unchanged.
            case inspect
        }

        static let server = StoreError.Server.sqlite

        /// The path of the database's file.
        let place: String
        let handle: OpaquePointer
        private let busyTimeout: Duration
        private let inspected: ReadOnlyFile?

        /// Opens the database, and sets the connection up. Creates a database that doesn't exist, except with the
        /// access `inspect`. Waits up to `busyTimeout` for the locks of other connections.
        init(path: String, access: Access, busyTimeout: Duration) throws(StoreError) {
            var opened: OpaquePointer?
            // A reader opens the file for writing, too, because a read in WAL mode writes to the shared index of
            // SQLite's log.
            let flags =
                access == .inspect
                ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            StandardDescriptors.fill()
            inspected = access == .inspect ? try ReadOnlyFile(path: path) : nil
            let result = unsafe sqlite3_open_v2(inspected?.uri ?? path, &opened, flags | SQLITE_OPEN_NOMUTEX, nil)
            guard let handle = unsafe opened else {
                throw StoreError(.outOfMemory, "no memory for a connection", number: result, place: path)
            }
            place = path
            unsafe self.handle = handle
            self.busyTimeout = busyTimeout
            unsafe sqlite3_extended_result_codes(handle, 1)
            guard result == SQLITE_OK else { throw lastError(during: "open") }
            try setUp(access)
        }

        deinit {
            unsafe sqlite3_close_v2(handle)
        }

        private func setUp(_ access: Access) throws(StoreError) {
            // Only `retryingWhileBusy` waits, with jitter and a limit for the whole operation.
            try execute("PRAGMA busy_timeout = 0")
            if access == .inspect { return try execute("PRAGMA query_only = ON") }
            try retryingWhileBusy { () throws(StoreError) in
                let mode = try Statement("PRAGMA journal_mode = WAL", named: "open", on: self)
                guard try mode.first({ (row) throws(StoreError) in row.text() }) == "wal" else {
                    throw StoreError(.unsupported, "the database can't be in WAL mode: use a local file", place: place)
                }
            }
            // FULL syncs SQLite's log at each commit, so an applied record is durable. On Darwin, a sync reaches the
            // disk only with fullfsync. Elsewhere, fullfsync has no effect.
            try execute("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON")
            // 64 MiB of cache and 32 MiB between checkpoints write 1.2 to 1.4 times as many rows per second as the
            // defaults.
            try execute("PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8000")
            if access == .readOnly {
                try execute("PRAGMA query_only = ON")
            }
        }

        /// Runs one or more statements without values. Their errors name the statement `name`, or its text if `name` is
        /// nil.
        func execute(_ sql: String, named name: String? = nil) throws(StoreError) {
            guard unsafe sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
                throw lastError(during: name ?? sql)
            }
        }

        /// Throws `busy` if the file of an inspected database may have changed since the database was opened.
        func requireUnchanged() throws(StoreError) {
            try inspected?.requireUnchanged()
        }

        /// Whether a transaction is open. False after an error, such as FULL or IOERR, after which SQLite has rolled
        /// back by itself.
        var isInTransaction: Bool {
            unsafe sqlite3_get_autocommit(handle) == 0
        }

        /// Runs `body` in a transaction. Commits if it returns, and rolls back if it throws.
        func transaction<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
            // A plain BEGIN starts as a reader. Its later change to a writer can fail with BUSY_SNAPSHOT, which no wait
            // cures.
            try retryingWhileBusy { () throws(StoreError) in try execute("BEGIN IMMEDIATE") }
            do {
                let result = try body()
                try requireInPlace()
                try commit()
                return result
            } catch {
                if isInTransaction { try? execute("ROLLBACK") }
                throw error
            }
        }

        /// Throws `moved` if the database's file was moved, removed or replaced. A commit would then be lost with the
        /// connection.
        private func requireInPlace() throws(StoreError) {
            var hasMoved: Int32 = 0
            guard unsafe sqlite3_file_control(handle, "main", SQLITE_FCNTL_HAS_MOVED, &hasMoved) == SQLITE_OK,
                hasMoved != 0
            else { return }
            throw StoreError(
                .moved, "the database's file was moved or removed while it was open", statement: "COMMIT", place: place)
        }

        private func commit() throws(StoreError) {
            do {
                try execute("COMMIT")
            } catch var error {
                // SQLite writes the commit frame last. If the disk or the limit on file sizes refused a write, that
                // frame is incomplete, and SQLite ignores it at the next opening. After any other error, such as of the
                // sync, the frame may be on the disk.
                let isRefusedWrite = [SQLITE_FULL, Self.writeError].contains { error.number == Int($0) }
                if error.code == .inputOutput || (error.code == .full && !isRefusedWrite) {
                    error.code = .indeterminate
                }
                throw error
            }
        }

        /// Runs `body`, and repeats it after pauses of 5 to 50 ms while it throws `busy`, for at most `busyTimeout`.
        func retryingWhileBusy<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
            let deadline = ContinuousClock.now + busyTimeout
            while true {
                do {
                    return try body()
                } catch {
                    let pause = Duration.milliseconds(Int.random(in: 5...50))
                    guard error.code == .busy, ContinuousClock.now + pause < deadline else { throw error }
                    usleep(UInt32(pause / .microseconds(1)))
                }
            }
        }

        func lastError(during statement: String) -> StoreError {
            let resultCode = unsafe sqlite3_extended_errcode(handle)
            var code = StoreError.Code(resultCode: resultCode)
            var message = unsafe String(cString: sqlite3_errmsg(handle))
            // SQLite reports a full disk only for ENOSPC.
            if code == .inputOutput, isAtFileSizeLimit(resultCode) {
                code = .full
                message += ": the limit on file sizes is reached (`ulimit -f`). The call works once it is raised"
            }
            if resultCode & 0xff == SQLITE_CANTOPEN {
                message += ": check that its directory exists and may be written"
            }
            return StoreError(code, message, number: resultCode, statement: statement, place: place)
        }
    }
#endif
