package import WALDelivery

/// An error of a store in a database, with its remedy.
///
/// Every function of the stores in SQLite, MySQL and PostgreSQL throws it. Switch on ``code``, and show
/// ``description`` to users. None of its texts holds a password.
public struct StoreError: Error, Sendable {
    /// The database management system.
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
    /// The error, as a sentence.
    public var message: String
    /// The server of the store.
    public var server: Server
    /// The number of the error from the server or its library, if they reported one: SQLite's extended result code,
    /// or MySQL's number.
    public var number: Int?
    /// The SQLSTATE, if the server reported one.
    public var sqlState: String?
    /// The operation in progress, for example `save tasks`.
    public var statement: String?
    /// The server and database, without user and password; SQLite's file.
    public var place: String?
    /// Whether the server canceled a statement that took too much time or memory. A smaller batch may succeed.
    package var asksForLess: Bool
    /// Whether an existing connection broke while a batch was applied.
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

    /// Whether the same call can succeed later without any change here.
    public var isRetriable: Bool {
        switch code {
        case .connectionFailed, .busy, .overloaded, .cancelled, .full, .inputOutput, .outOfMemory, .readOnly,
            .schemaMismatch:
            true
        default: false
        }
    }

    /// The code of the error in a dead letter.
    package var letterCode: String {
        number.map(String.init) ?? sqlState ?? "\(code)"
    }

    /// Applies a batch, and notes in the error whether it broke the connection.
    package static func ofBatch<Value>(_ apply: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        do {
            return try apply()
        } catch {
            var error = error
            error.hasBrokenBatch = error.code == .connectionFailed
            throw error
        }
    }

    /// The meaning of the error for a batch.
    package var failure: SinkFailure {
        switch code {
        case .rowRefused: .record(code: letterCode, reason: message)
        case .indeterminate, .setBack: .indeterminate
        case .connectionFailed where hasBrokenBatch: .indeterminate
        case .overloaded where asksForLess: .overloaded
        case .fenced: .fenced
        default: isRetriable ? .transient : .fatal
        }
    }
}

extension StoreError: CustomStringConvertible {
    /// The kind, number, SQLSTATE, message, statement and place.
    public var description: String {
        let state = sqlState.map { number == nil ? "SQLSTATE \($0)" : $0 }
        let details = [number.map { "\(server) \($0)" }, state].compactMap { $0 }.joined(separator: ", ")
        let place = [statement, place].compactMap { $0 }.joined(separator: ", ")
        return "\(code)\(details.isEmpty ? "" : " (\(details))"): \(message)\(place.isEmpty ? "" : " [\(place)]")"
    }
}

extension StoreError.Server: CustomStringConvertible {
    /// The name as its makers write it.
    public var description: String {
        switch self {
        case .sqlite: "SQLite"
        case .mysql: "MySQL"
        case .postgres: "PostgreSQL"
        }
    }
}
