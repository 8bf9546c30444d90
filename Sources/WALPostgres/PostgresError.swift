#if Postgres
    internal import WAL
    internal import WALDelivery

    /// What went wrong in a store in PostgreSQL, and what to do about it.
    ///
    /// Thrown by every function of ``PostgresTaskStore``. Switch on ``code``; show ``description`` to people. No text of it
    /// holds a password.
    public struct PostgresError: Error, Sendable {
        /// The kind of an error. More kinds may come: keep a default branch.
        public struct Code: Hashable, Sendable, CustomStringConvertible {
            /// The kind's name.
            public let description: String

            private init(_ name: String) {
                description = name
            }

            /// The server can't be reached or refuses connections, or the connection broke before anything could be committed.
            /// The next call connects again.
            public static let connectionFailed = Code("connectionFailed")
            /// The connection broke with a transaction's outcome unknown. The next call connects again.
            public static let indeterminate = Code("indeterminate")
            /// Another transaction is in the way: a lock, a deadlock, a serialization failure. Try again.
            public static let busy = Code("busy")
            /// The server takes too long or has too little memory or too few connections. Try again later, or with less.
            public static let overloaded = Code("overloaded")
            /// The task that called was cancelled, and so was what it did.
            public static let cancelled = Code("cancelled")
            /// The server's disk is full. Works again when there is space.
            public static let full = Code("full")
            /// The server can't read or write one of its files.
            public static let inputOutput = Code("inputOutput")
            /// The server takes no changes: it is a replica, or set to be read only.
            public static let readOnly = Code("readOnly")
            /// The database is damaged.
            public static let corrupted = Code("corrupted")
            /// Memory or threads of this process ran out.
            public static let outOfMemory = Code("outOfMemory")
            /// An argument is out of its range, or holds what no store takes.
            public static let invalidArgument = Code("invalidArgument")
            /// A row violates a constraint, is too large, or has a value that its column can't take.
            public static let rowRefused = Code("rowRefused")
            /// A row in the database has a value that no task, activity or dead letter has.
            public static let rowUnreadable = Code("rowUnreadable")
            /// A table, column or permission is missing.
            public static let schemaMismatch = Code("schemaMismatch")
            /// The database has no tables of this package, and the call creates none.
            public static let noTables = Code("noTables")
            /// A later version of this package has migrated the database. Use that version.
            public static let schemaTooNew = Code("schemaTooNew")
            /// Tables of the same names are there already, and aren't this package's. Use another database or `search_path`.
            public static let foreignDatabase = Code("foreignDatabase")
            /// A lane has another owner or position than the batch says. Nothing was written.
            public static let fenced = Code("fenced")
            /// The log's lanes were counted differently before.
            public static let laneCountMismatch = Code("laneCountMismatch")
            /// The store was closed.
            public static let closed = Code("closed")
            /// PostgreSQL reported something else; see ``PostgresError/sqlState``.
            public static let other = Code("other")
        }

        /// The kind of the error.
        public var code: Code
        /// What happened, as a sentence.
        public var message: String
        /// PostgreSQL's five letters, where the server reported the error.
        public var sqlState: String?
        /// What was being done, such as `apply batch`.
        public var statement: String?
        /// Database, host and port.
        public var server: String?
        /// The connection was there, and broke while a batch was applied.
        var hasBrokenBatch = false

        init(
            _ code: Code, _ message: String, sqlState: String? = nil, statement: String? = nil, server: String? = nil
        ) {
            self.code = code
            self.message = message
            self.sqlState = sqlState
            self.statement = statement
            self.server = server
        }

        /// Whether the same call can succeed later without anything being changed here.
        public var isRetriable: Bool {
            switch code {
            case .connectionFailed, .busy, .overloaded, .cancelled, .full, .inputOutput, .readOnly, .outOfMemory,
                .schemaMismatch:
                true
            default: false
            }
        }

        /// What the error means for a batch.
        var failure: SinkFailure {
            switch code {
            case .rowRefused: .record(code: sqlState ?? "\(code)", reason: message)
            case .indeterminate: .indeterminate
            case .connectionFailed where hasBrokenBatch: .indeterminate
            // A statement that took too long, or too much memory.
            case .overloaded where ["57014", "53200", "25P04"].contains(sqlState): .overloaded
            case .fenced: .fenced
            default: isRetriable ? .transient : .fatal
            }
        }
    }

    extension PostgresError: CustomStringConvertible {
        /// Kind, SQLSTATE, message, statement and server.
        public var description: String {
            let state = sqlState.map { " (SQLSTATE \($0))" } ?? ""
            let place = [statement, server].compactMap { $0 }.joined(separator: ", ")
            return "\(code)\(state): \(message)\(place.isEmpty ? "" : " [\(place)]")"
        }
    }
#endif
