#if MySQL
    internal import WAL
    internal import WALDelivery

    /// What went wrong in a store in MariaDB or MySQL, and what to do about it.
    ///
    /// Thrown by every function of ``MySQLTaskStore``. Switch on ``code``; show ``description`` to people. Neither holds the
    /// password.
    public struct MySQLError: Error, Sendable {
        /// The kind of an error. More kinds may come: keep a default branch.
        public struct Code: Hashable, Sendable, CustomStringConvertible {
            /// The kind's name.
            public let description: String

            private init(_ name: String) {
                description = name
            }

            /// The server can't be reached, or the connection broke before the end of a transaction: nothing was written.
            public static let connectionFailed = Code("connectionFailed")
            /// A transaction's outcome is unknown: the connection broke while it was committed.
            public static let indeterminate = Code("indeterminate")
            /// Another session held a lock for too long, or a deadlock was resolved against this one. Try again.
            public static let busy = Code("busy")
            /// The server has too much to do: too many connections, or a statement that took too long or was interrupted.
            public static let overloaded = Code("overloaded")
            /// The task that called was cancelled, and so was what it did.
            public static let cancelled = Code("cancelled")
            /// The disk, or a table, is full. Works again when there is space.
            public static let full = Code("full")
            /// The server can't read or write a file.
            public static let inputOutput = Code("inputOutput")
            /// Memory or threads ran out, here or on the server.
            public static let outOfMemory = Code("outOfMemory")
            /// The server takes no writes, as a replica does.
            public static let readOnly = Code("readOnly")
            /// A table is damaged.
            public static let corrupted = Code("corrupted")
            /// An argument or the server's address is malformed, out of its range, or holds what no store takes.
            public static let invalidArgument = Code("invalidArgument")
            /// A row violates a constraint, is too large, or has a value that its column can't take.
            public static let rowRefused = Code("rowRefused")
            /// A row in the database has a value that no task, activity or dead letter has.
            public static let rowUnreadable = Code("rowUnreadable")
            /// A database, table, column or permission is missing, or the login is refused.
            public static let schemaMismatch = Code("schemaMismatch")
            /// The database has no tables of this package, and the call creates none.
            public static let noTables = Code("noTables")
            /// A later version of this package has migrated the database. Use that version.
            public static let schemaTooNew = Code("schemaTooNew")
            /// Tables of the same names are there already, and aren't this package's. Use another database.
            public static let foreignDatabase = Code("foreignDatabase")
            /// A lane has another owner or position than the batch says. Nothing was written.
            public static let fenced = Code("fenced")
            /// The log's lanes were counted differently before.
            public static let laneCountMismatch = Code("laneCountMismatch")
            /// The store was closed.
            public static let closed = Code("closed")
            /// The server or the library reported something else; see ``MySQLError/errorNumber``.
            public static let other = Code("other")
        }

        /// The kind of the error.
        public var code: Code
        /// What happened, as a sentence.
        public var message: String
        /// The server's or the library's number of the error, where they reported it.
        public var errorNumber: UInt32?
        /// The SQLSTATE that came with it.
        public var sqlState: String?
        /// What was being done, such as `save tasks`.
        public var statement: String?
        /// The server and database, without user and password.
        public var server: String?
        /// The connection was there, and broke while a batch was applied.
        var hasBrokenBatch = false

        init(
            _ code: Code, _ message: String, errorNumber: UInt32? = nil, sqlState: String? = nil,
            statement: String? = nil, server: String? = nil
        ) {
            self.code = code
            self.message = message
            self.errorNumber = errorNumber
            self.sqlState = sqlState
            self.statement = statement
            self.server = server
        }

        /// Whether the same call can succeed later without anything being changed here.
        public var isRetriable: Bool {
            switch code {
            case .connectionFailed, .busy, .overloaded, .cancelled, .full, .inputOutput, .outOfMemory, .readOnly,
                .schemaMismatch:
                true
            default: false
            }
        }

        /// What a dead letter calls it.
        var letterCode: String { errorNumber.map(String.init) ?? "\(code)" }

        /// What the error means for a batch.
        var failure: SinkFailure {
            switch code {
            case .rowRefused: .record(code: letterCode, reason: message)
            case .indeterminate: .indeterminate
            case .connectionFailed where hasBrokenBatch: .indeterminate
            // A statement that took too long, in MariaDB and MySQL.
            case .overloaded where [1969, 3024].contains(errorNumber): .overloaded
            case .fenced: .fenced
            default: isRetriable ? .transient : .fatal
            }
        }
    }

    extension MySQLError: CustomStringConvertible {
        /// Kind, number, SQLSTATE, message, statement and server.
        public var description: String {
            let number = [errorNumber.map { "MySQL \($0)" }, sqlState].compactMap { $0 }.joined(separator: ", ")
            let place = [statement, server].compactMap { $0 }.joined(separator: ", ")
            return "\(code)\(number.isEmpty ? "" : " (\(number))"): \(message)\(place.isEmpty ? "" : " [\(place)]")"
        }
    }
#endif
