#if SQLite
    internal import CWALSQLite
    #if canImport(Darwin)
        internal import Darwin
    #else
        internal import Glibc
    #endif

    extension Connection {
        /// The code `SQLITE_IOERR_WRITE`, a macro that Swift doesn't import.
        static let writeError = SQLITE_IOERR | 3 << 8

        /// Returns whether the last call failed because a file would have exceeded the process's limit on file sizes
        /// (`ulimit -f`). SQLite reports that like any other error of a write.
        func isAtFileSizeLimit(_ resultCode: Int32) -> Bool {
            guard resultCode == Self.writeError else { return unsafe sqlite3_system_errno(handle) == EFBIG }
            // SQLite keeps the last write error of each file. In WAL mode, a transaction writes only to SQLite's log.
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
