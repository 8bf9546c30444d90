extension StoreError {
    /// The kind of an error. More kinds may come: keep a default branch.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The kind's name.
        public let description: String

        private init(_ name: String) {
            description = name
        }

        /// The server can't be reached or refuses connections, or the connection broke before anything could be
        /// committed. The next call connects again.
        public static let connectionFailed = Code("connectionFailed")
        /// A transaction's outcome is unknown: the connection broke, or writing failed, while it was committed.
        public static let indeterminate = Code("indeterminate")
        /// Another session blocked the call for too long: a lock, a deadlock, or a serialization failure. Try again.
        public static let busy = Code("busy")
        /// The server takes too long, or has too little memory or too few connections. Try again later, or with less.
        public static let overloaded = Code("overloaded")
        /// The calling task was canceled, and so was its statement.
        public static let cancelled = Code("cancelled")
        /// The disk, the database or a table is full, or the process has reached its file size limit (`ulimit -f`).
        /// Nothing was stored. Works again when there is space.
        public static let full = Code("full")
        /// A file can't be opened, read or written.
        public static let inputOutput = Code("inputOutput")
        /// Memory or threads ran out, here or on the server.
        public static let outOfMemory = Code("outOfMemory")
        /// The database takes no changes: it is a replica, set to read-only, or a file that this process may not write.
        public static let readOnly = Code("readOnly")
        /// The file under the open database was moved or removed. Open the store again. Only in SQLite.
        public static let moved = Code("moved")
        /// The database is damaged, or the file isn't a database.
        public static let corrupted = Code("corrupted")
        /// An argument or the server's address is malformed, out of its range, or holds a value that no store takes.
        public static let invalidArgument = Code("invalidArgument")
        /// A row violates a constraint, is too large, or has a value that its column can't take.
        public static let rowRefused = Code("rowRefused")
        /// A row in the database has a value that no task, activity or dead letter has.
        public static let rowUnreadable = Code("rowUnreadable")
        /// A database, table, column or permission is missing, or the login is refused.
        public static let schemaMismatch = Code("schemaMismatch")
        /// There is no file at the path, and the call creates none. Only in SQLite.
        public static let noSuchDatabase = Code("noSuchDatabase")
        /// The database has no tables of this package, and the call creates none.
        public static let noTables = Code("noTables")
        /// The database has the positions of sinks into tables of the user's own, and no tables of tasks. The call creates
        /// none.
        public static let noTaskTables = Code("noTaskTables")
        /// A later version of this package has migrated the database. Use that version.
        public static let schemaTooNew = Code("schemaTooNew")
        /// The database belongs to another program, or has tables of the same names that aren't this package's. Use another
        /// database.
        public static let foreignDatabase = Code("foreignDatabase")
        /// The database can't have a write-ahead log of its own: it is in memory, or its file system has no shared memory.
        /// Only in SQLite.
        public static let unsupported = Code("unsupported")
        /// A lane has another owner, or a later position than the batch states. Nothing was written.
        public static let fenced = Code("fenced")
        /// A lane has an earlier position or claim than the database had confirmed: it is an older copy, or an old primary is back. Nothing
        /// was written. A flusher claims the lanes again, and sends the records that the database lacks.
        public static let setBack = Code("setBack")
        /// The log had another number of lanes before.
        public static let laneCountMismatch = Code("laneCountMismatch")
        /// The store was closed.
        public static let closed = Code("closed")
        /// The server or its library reported something else; see ``StoreError/number`` and ``StoreError/sqlState``.
        public static let other = Code("other")
    }
}
