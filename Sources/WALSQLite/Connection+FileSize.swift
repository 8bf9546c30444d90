#if SQLite
    internal import CWALSQLite
    #if canImport(Darwin)
        internal import Darwin
    #else
        internal import Glibc
    #endif

    extension Connection {
        /// SQLITE_IOERR_WRITE is a macro that Swift doesn't import.
        static let writeError = SQLITE_IOERR | 3 << 8

        /// Whether the call that has just failed would have made a file larger than the process may have (`ulimit -f`). To SQLite that
        /// is an error as any other.
        func isAtFileSizeLimit(_ resultCode: Int32) -> Bool {
            guard resultCode == Self.writeError else { return unsafe sqlite3_system_errno(handle) == EFBIG }
            // Each file keeps the error of its own last write. In WAL mode a transaction writes to the log only.
            var number: Int32 = 0
            var log: UnsafeMutablePointer<sqlite3_file>?
            unsafe sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log)
            if let log = unsafe log, let methods = unsafe log.pointee.pMethods {
                _ = unsafe methods.pointee.xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number)
            } else {
                unsafe sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &number)
            }
            return number == EFBIG
        }
    }
#endif
