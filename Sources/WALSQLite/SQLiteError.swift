#if SQLite
    internal import CWALSQLite
    internal import WAL
    internal import WALDelivery

    /// What went wrong in a store in SQLite, and what to do about it.
    ///
    /// Thrown by every function of ``SQLiteTaskStore``. Switch on ``code``; show ``description`` to people.
    public struct SQLiteError: Error, Sendable {
        /// The kind of an error. More kinds may come: keep a default branch.
        public struct Code: Hashable, Sendable, CustomStringConvertible {
            /// The kind's name.
            public let description: String

            private init(_ name: String) {
                description = name
            }

            /// Another connection held the database for longer than the time to wait. Try again.
            public static let busy = Code("busy")
            /// The disk or the database is full, or the process may have no larger files (`ulimit -f`). Nothing was stored. Works
            /// again when there is space.
            public static let full = Code("full")
            /// A file can't be opened, read or written.
            public static let inputOutput = Code("inputOutput")
            /// A transaction's outcome is unknown: writing failed at its very end.
            public static let indeterminate = Code("indeterminate")
            /// Memory or threads ran out.
            public static let outOfMemory = Code("outOfMemory")
            /// The database can't be written by this process.
            public static let readOnly = Code("readOnly")
            /// The file under the open database was moved or removed. Open the store again.
            public static let moved = Code("moved")
            /// The file is damaged, or no database.
            public static let corrupted = Code("corrupted")
            /// An argument is out of its range, or holds what no store takes.
            public static let invalidArgument = Code("invalidArgument")
            /// A row violates a constraint, is too large, or has a value that its column can't take.
            public static let rowRefused = Code("rowRefused")
            /// A row in the database has a value that no task or activity has.
            public static let rowUnreadable = Code("rowUnreadable")
            /// A table, column or permission is missing.
            public static let schemaMismatch = Code("schemaMismatch")
            /// There is no file at the path, and the call creates none.
            public static let noSuchDatabase = Code("noSuchDatabase")
            /// The database has no tables of this package, and the call creates none.
            public static let noTables = Code("noTables")
            /// A later version of this package has migrated the database. Use that version.
            public static let schemaTooNew = Code("schemaTooNew")
            /// The database belongs to another program, by its `application_id` or `user_version`. Use another file.
            public static let foreignDatabase = Code("foreignDatabase")
            /// The database can't have a write-ahead log of its own: it is in memory, or its file system has no shared memory.
            public static let unsupported = Code("unsupported")
            /// A lane has another owner or position than the batch says. Nothing was written.
            public static let fenced = Code("fenced")
            /// The log's lanes were counted differently before.
            public static let laneCountMismatch = Code("laneCountMismatch")
            /// The store was closed.
            public static let closed = Code("closed")
            /// SQLite reported something else; see ``SQLiteError/resultCode``.
            public static let other = Code("other")
        }

        /// The kind of the error.
        public var code: Code
        /// What happened, as a sentence.
        public var message: String
        /// SQLite's extended result code, where SQLite reported the error.
        public var resultCode: Int32?
        /// What was being done, such as `save task`.
        public var statement: String?
        /// The database's file.
        public var path: String?

        init(
            _ code: Code, _ message: String, resultCode: Int32? = nil, statement: String? = nil, path: String? = nil
        ) {
            self.code = code
            self.message = message
            self.resultCode = resultCode
            self.statement = statement
            self.path = path
        }

        /// Whether the same call can succeed later without anything being changed here.
        public var isRetriable: Bool {
            switch code {
            case .busy, .full, .inputOutput, .outOfMemory, .readOnly, .schemaMismatch: true
            default: false
            }
        }

        /// What the error means for a batch.
        var failure: SinkFailure {
            switch code {
            case .rowRefused: .record(code: resultCode.map(String.init) ?? "\(code)", reason: message)
            case .indeterminate: .indeterminate
            case .fenced: .fenced
            default: isRetriable ? .transient : .fatal
            }
        }
    }

    extension SQLiteError: CustomStringConvertible {
        /// Kind, SQLite's number, message, statement and file.
        public var description: String {
            let number = resultCode.map { " (SQLite \($0))" } ?? ""
            let place = [statement, path].compactMap { $0 }.joined(separator: ", ")
            return "\(code)\(number): \(message)\(place.isEmpty ? "" : " [\(place)]")"
        }
    }

    extension SQLiteError.Code {
        /// By number, never by message: messages can hold users' data.
        init(resultCode: Int32) {
            // SQLITE_READONLY_DBMOVED is a macro that Swift doesn't import: the primary code and 4 << 8.
            if resultCode == SQLITE_READONLY | 4 << 8 {
                self = .moved
                return
            }
            switch resultCode & 0xff {
            case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: self = .busy
            case SQLITE_FULL: self = .full
            case SQLITE_IOERR, SQLITE_CANTOPEN: self = .inputOutput
            case SQLITE_NOMEM: self = .outOfMemory
            case SQLITE_READONLY: self = .readOnly
            case SQLITE_CORRUPT, SQLITE_NOTADB: self = .corrupted
            case SQLITE_CONSTRAINT, SQLITE_TOOBIG, SQLITE_MISMATCH: self = .rowRefused
            case SQLITE_ERROR, SQLITE_AUTH, SQLITE_PERM: self = .schemaMismatch
            default: self = .other
            }
        }
    }
#endif
