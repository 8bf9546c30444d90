#if Postgres
    internal import CWALPostgres
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    #if canImport(Darwin)
        internal import Darwin
    #else
        internal import Glibc
    #endif

    /// A connection to the server. Not thread-safe, except ``cancelHandle``: it belongs to one ``DatabaseThread``.
    @safe final class Connection: DatabaseConnection {
        static let server = StoreError.Server.postgres

        let settings: ConnectionSettings
        let cancelHandle: CancelHandle
        /// Whether a pooler, such as PgBouncer, is between the connection and the server. It may give each transaction
        /// another session, so no setting and no prepared statement may last beyond a transaction.
        private(set) var isPooled = false
        let handle: OpaquePointer
        /// Whether the server has committed, but has given up its wait for a standby. libpq's calls write it, on the
        /// connection's thread.
        private let gaveUpReplica: UnsafeMutablePointer<Bool>
        /// The statements that begin each transaction through a pooler.
        private let pooledBegin: String
        /// The text of each statement by its name, because none can be prepared through a pooler.
        private var texts: [String: String] = [:]

        // READ COMMITTED, because a batch that has waited for a lock must see the changes that were committed
        // meanwhile. The server may have another default.
        private static let begin = "BEGIN ISOLATION LEVEL READ COMMITTED"

        /// Connects and sets the session up. `variables` are more settings of the session, each as `name = value`.
        init(_ settings: ConnectionSettings, variables more: [String] = []) throws(StoreError) {
            self.settings = settings
            let variables = settings.variables + more
            pooledBegin = Self.begin + variables.map { "; SET LOCAL \($0)" }.joined()
            StandardDescriptors.fill()
            guard let handle = unsafe Self.connect(settings.parameters) else {
                throw StoreError(.outOfMemory, "no memory for a connection")
            }
            unsafe self.handle = unsafe handle
            unsafe gaveUpReplica = .allocate(capacity: 1)
            unsafe gaveUpReplica.initialize(to: false)
            cancelHandle = unsafe CancelHandle(handle)
            // libpq's default receiver prints to standard error.
            unsafe PQsetNoticeReceiver(
                handle,
                { flag, notice in
                    // The server's function identifies the notice: its text is translated, and its SQLSTATE is that of
                    // all warnings.
                    guard let function = unsafe PQresultErrorField(notice, Int32(UInt8(ascii: "R"))),
                        unsafe strcmp(function, "SyncRepWaitForLSN") == 0
                    else { return }
                    unsafe flag?.assumingMemoryBound(to: Bool.self).pointee = true
                }, gaveUpReplica)
            guard unsafe PQstatus(handle) == CONNECTION_OK else {
                throw unsafe error(.connectionFailed, Self.text(PQerrorMessage(handle)), statement: "connect")
            }
            // At login, a pooler can't know the process that will serve a transaction, so it reports an invented
            // number.
            let process = try query("SELECT pg_backend_pid()", named: "set up session")
            isPooled =
                unsafe try process.first { (row) throws(StoreError) in row.number() }
                != Int64(PQbackendPID(handle))
            if isPooled { return }
            let setup = variables + ["default_transaction_isolation = 'read committed'"]
            try execute(setup.map { "SET \($0)" }.joined(separator: "; "), named: "set up session")
            // With this setting, the server ends the statements of a client that is gone. Not every system supports it.
            if unsafe PQserverVersion(handle) >= 140_000 {
                do throws(StoreError) {
                    try execute("SET client_connection_check_interval = 5000", named: "set up session")
                } catch {
                    guard isUsable else { throw error }
                }
            }
        }

        deinit {
            unsafe PQfinish(handle)
            unsafe gaveUpReplica.deallocate()
        }

        private static func connect(_ parameters: [String: String]) -> OpaquePointer? {
            let parameters = Array(parameters)
            return unsafe withCStrings(parameters.map(\.key)) { keywords in
                unsafe withCStrings(parameters.map(\.value)) { values in
                    unsafe PQconnectdbParams(keywords, values, 0)
                }
            }
        }

        /// The database, host and port, for messages.
        var place: String { settings.server }

        /// Whether the connection can take another statement: it is connected, and in no transaction.
        var isUsable: Bool {
            unsafe PQstatus(handle) == CONNECTION_OK && PQtransactionStatus(handle) == PQTRANS_IDLE
        }

        /// Checks whether the server has closed the connection while it was idle. Doesn't wait.
        func notice() {
            // The first call may find the server's last message. Then the second one finds the end of the connection.
            for _ in 0..<2 where unsafe PQstatus(handle) == CONNECTION_OK { unsafe PQconsumeInput(handle) }
        }

        /// Runs one or more statements without values. Their errors name the statement `name`.
        @discardableResult
        func execute(_ sql: String, named name: String) throws(StoreError) -> QueryResult {
            unsafe try check(PQexec(handle, sql), name)
        }

        /// Runs one statement without values, and returns its rows.
        func query(_ sql: String, named name: String) throws(StoreError) -> QueryResult {
            unsafe try check(PQexecParams(handle, sql, 0, nil, nil, nil, nil, 1), name)
        }

        /// Prepares a statement under its name. Through a pooler, each run prepares it.
        func prepare(_ sql: String, named name: String) throws(StoreError) {
            if isPooled {
                texts[name] = sql
                return
            }
            unsafe try check(PQprepare(handle, name, sql, 0, nil), name)
        }

        /// Runs a prepared statement. Values and rows are in PostgreSQL's binary form.
        @discardableResult
        func run(_ name: String, _ values: ParameterList) throws(StoreError) -> QueryResult {
            if isPooled, let sql = texts[name] {
                guard unsafe PQtransactionStatus(handle) == PQTRANS_IDLE else {
                    return try run(sql, values, named: name)
                }
                return try transaction { () throws(StoreError) in try run(sql, values, named: name) }
            }
            return unsafe try check(
                values.withPointers { pointers, sizes, formats in
                    unsafe PQexecPrepared(handle, name, Int32(pointers.count), pointers.baseAddress, sizes, formats, 1)
                }, name)
        }

        /// Runs a statement that isn't prepared.
        private func run(
            _ sql: String, _ values: ParameterList, named name: String
        ) throws(StoreError) -> QueryResult {
            unsafe try check(
                values.withPointers { pointers, sizes, formats in
                    unsafe PQexecParams(
                        handle, sql, Int32(pointers.count), nil, pointers.baseAddress, sizes, formats, 1)
                }, name)
        }

        /// Runs `body` in a transaction. Commits if it returns, and rolls back if it throws.
        func transaction<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
            try execute(isPooled ? pooledBegin : Self.begin, named: "begin")
            let value: Value
            do {
                value = try body()
            } catch {
                // If the connection has ended, the server rolls back by itself.
                if unsafe PQstatus(handle) == CONNECTION_OK { _ = try? execute("ROLLBACK", named: "roll back") }
                throw error
            }
            let end = try committing { () throws(StoreError) in try execute("COMMIT", named: "commit") }
            // The server answers the COMMIT of a failed transaction with ROLLBACK, and reports success.
            guard end.commandTag == "COMMIT" else {
                throw error(.other, "the transaction was rolled back instead of committed", statement: "commit")
            }
            return value
        }

        /// Runs a statement that commits. Throws `indeterminate` if the connection breaks, if memory for the answer
        /// runs out, or if a cancellation ends the server's wait for a standby. In the last case, the server itself
        /// reports success.
        func committing<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
            unsafe gaveUpReplica.pointee = false
            let value: Value
            do {
                value = try body()
            } catch var error {
                if error.code == .connectionFailed || error.code == .outOfMemory { error.code = .indeterminate }
                throw error
            }
            guard unsafe !gaveUpReplica.pointee else {
                throw error(
                    .indeterminate, "the server has committed, and no replica has confirmed it", statement: "commit")
            }
            return value
        }

        @discardableResult
        func check(_ result: OpaquePointer?, _ name: String) throws(StoreError) -> QueryResult {
            guard let result = unsafe result else { throw failure(name) }
            let owned = unsafe QueryResult(result)
            switch unsafe PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return owned
            default: break
            }
            guard let sqlState = unsafe PQresultErrorField(result, Self.sqlStateField) else { throw failure(name) }
            let state = unsafe String(cString: sqlState)
            let primary = unsafe PQresultErrorField(result, Self.messageField) ?? PQresultErrorMessage(result)
            throw unsafe StoreError(
                StoreError.Code(sqlState: state), Self.text(primary), sqlState: state, statement: name, place: place)
        }

        // libpq's macros for the fields are characters, which Swift doesn't import.
        private static let sqlStateField = Int32(UInt8(ascii: "C"))
        private static let messageField = Int32(UInt8(ascii: "M"))

        /// Returns the error of a call without a SQLSTATE, which is libpq's own: the connection is lost, or memory has
        /// run out.
        func failure(_ name: String) -> StoreError {
            let isLost = unsafe PQstatus(handle) != CONNECTION_OK
            return unsafe error(
                isLost ? .connectionFailed : .outOfMemory, Self.text(PQerrorMessage(handle)), statement: name)
        }

        private static func text(_ message: UnsafePointer<CChar>?) -> String {
            guard let message = unsafe message else { return "" }
            return unsafe String(cString: message).split(whereSeparator: \.isNewline)
                .map { $0.drop(while: \.isWhitespace) }.joined(separator: " ")
        }

        private static func text(_ message: UnsafeMutablePointer<CChar>?) -> String {
            unsafe text(UnsafePointer(message))
        }
    }
#endif
