package import WALDelivery

/// What went wrong in a store in a database, and what to do about it.
///
/// Thrown by every function of the stores in SQLite, MySQL and PostgreSQL. Switch on ``code``; show ``description`` to people.
/// No text of it holds a password.
public struct StoreError: Error, Sendable {
    /// Which database management system it is.
    public enum Server: String, Sendable {
        /// SQLite.
        case sqlite
        /// MariaDB or MySQL.
        case mysql
        /// PostgreSQL.
        case postgres
    }

    /// The kind of the error.
    public var code: Code
    /// What happened, as a sentence.
    public var message: String
    /// Which server's store it is.
    public var server: Server
    /// The server's or its library's number of the error, where they reported it: SQLite's extended result code, MySQL's number.
    public var number: Int?
    /// The SQLSTATE, where the server reported one.
    public var sqlState: String?
    /// What was being done, such as `save tasks`.
    public var statement: String?
    /// The server and database, without user and password; SQLite's file.
    public var place: String?
    /// The server gave up a statement that took too much time or memory. A smaller batch may succeed.
    package var asksForLess: Bool
    /// The connection was there, and broke while a batch was applied.
    package var hasBrokenBatch = false

    package init(
        _ code: Code, _ message: String, server: Server, number: Int? = nil, sqlState: String? = nil,
        statement: String? = nil, place: String? = nil, asksForLess: Bool = false
    ) {
        self.code = code
        self.message = message
        self.server = server
        self.number = number
        self.sqlState = sqlState
        self.statement = statement
        self.place = place
        self.asksForLess = asksForLess
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
    package var letterCode: String {
        number.map(String.init) ?? sqlState ?? "\(code)"
    }

    /// What the error means for a batch.
    package var failure: SinkFailure {
        switch code {
        case .rowRefused: .record(code: letterCode, reason: message)
        case .indeterminate: .indeterminate
        case .connectionFailed where hasBrokenBatch: .indeterminate
        case .overloaded where asksForLess: .overloaded
        case .fenced: .fenced
        default: isRetriable ? .transient : .fatal
        }
    }
}

extension StoreError: CustomStringConvertible {
    /// Kind, number, SQLSTATE, message, statement and place.
    public var description: String {
        let state = sqlState.map { number == nil ? "SQLSTATE \($0)" : $0 }
        let details = [number.map { "\(server) \($0)" }, state].compactMap { $0 }.joined(separator: ", ")
        let place = [statement, place].compactMap { $0 }.joined(separator: ", ")
        return "\(code)\(details.isEmpty ? "" : " (\(details))"): \(message)\(place.isEmpty ? "" : " [\(place)]")"
    }
}

extension StoreError.Server: CustomStringConvertible {
    /// The name, as its makers write it.
    public var description: String {
        switch self {
        case .sqlite: "SQLite"
        case .mysql: "MySQL"
        case .postgres: "PostgreSQL"
        }
    }
}
