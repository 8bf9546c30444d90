#if MySQL
    internal import CWALMySQL
    internal import WAL
    internal import WALTasks

    /// A connection to the server. Not thread-safe: it belongs to one ``DatabaseThread``.
    @safe final class Connection: DatabaseConnection {
        enum Access {
            case readWrite, readOnly
            /// Cancels the statements of other sessions.
            case control
        }

        static let server = StoreError.Server.mysql

        let settings: ConnectionSettings
        let handle: UnsafeMutablePointer<MYSQL>
        /// Whether a statement takes arrays of values: on MariaDB 10.2 or later, if the settings allow arrays.
        let takesArrays: Bool
        /// The size of the largest packet that the server takes, in bytes. If a packet is larger, the server ends the
        /// connection.
        private(set) var packetSizeMax = 1 << 20
        /// Whether the connection is unusable: it was lost, or it failed to end a transaction or to release a lock.
        private(set) var isBroken = false

        private var serverName = ""

        /// The name of the first statement of a transaction or a lock. If the connection is lost at that statement,
        /// nothing was changed.
        static let begin = "begin"

        /// Connects and sets the session up.
        init(_ settings: ConnectionSettings, access: Access) throws(StoreError) {
            let address = settings.address
            StandardDescriptors.fill()
            guard Library.isReady, let handle = unsafe mysql_init(nil) else {
                throw StoreError(.outOfMemory, "no memory for a connection", place: address.description)
            }
            self.settings = settings
            unsafe self.handle = handle
            unsafe Self.setOptions(of: handle, address, access)
            let connected = unsafe mysql_real_connect(
                handle, address.socket == nil ? address.host : nil, address.user, address.password, address.database,
                address.port, address.socket, UInt(CLIENT_FOUND_ROWS))
            // The version distinguishes MariaDB from MySQL, and decides whether the server takes arrays.
            let isMariaDB = unsafe connected != nil && cwal_mysql_is_mariadb(handle) != 0
            takesArrays = unsafe settings.usesArrays && isMariaDB && mysql_get_server_version(handle) >= 100_200
            guard unsafe connected != nil else { throw lastError(during: "connect") }
            // If the server has no encryption, some versions of the library continue without it, although the option
            // enforces it.
            if address.encryption != .preferred, unsafe mysql_get_ssl_cipher(handle) == nil {
                throw error(
                    UInt32(CR_SSL_CONNECTION_ERROR), "HY000",
                    "the connection isn't encrypted, but tls=\(address.encryption.rawValue) is asked for",
                    during: "connect")
            }
            try setUp(access, isMariaDB: isMariaDB)
        }

        deinit {
            unsafe mysql_close(handle)
        }

        private static func setOptions(
            of handle: UnsafeMutablePointer<MYSQL>, _ address: ServerAddress, _ access: Access
        ) {
            unsafe cwal_mysql_set_number(handle, MYSQL_OPT_CONNECT_TIMEOUT, address.connectTimeout)
            // A connection with the access `control` has short timeouts, because the canceled session waits for it.
            let isControl = access == .control
            unsafe cwal_mysql_set_number(
                handle, MYSQL_OPT_READ_TIMEOUT, isControl ? address.connectTimeout : address.readTimeout)
            unsafe cwal_mysql_set_number(
                handle, MYSQL_OPT_WRITE_TIMEOUT, isControl ? address.connectTimeout : address.writeTimeout)
            // An automatic reconnection would lose the transaction and the session's settings.
            unsafe cwal_mysql_set_flag(handle, MYSQL_OPT_RECONNECT, 0)
            unsafe mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4")
            // For "localhost", the library uses the default socket, even if the address has a port.
            if address.namesPort, address.socket == nil {
                unsafe cwal_mysql_set_number(handle, MYSQL_OPT_PROTOCOL, UInt32(MYSQL_PROTOCOL_TCP.rawValue))
            }
            // With LOCAL INFILE, the server could request any file of this machine.
            unsafe cwal_mysql_set_number(handle, MYSQL_OPT_LOCAL_INFILE, 0)
            if address.encryption != .preferred { unsafe cwal_mysql_set_flag(handle, MYSQL_OPT_SSL_ENFORCE, 1) }
            // Versions of the library have different defaults.
            unsafe cwal_mysql_set_flag(
                handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, address.encryption == .verified ? 1 : 0)
            if let authorities = address.authorities {
                unsafe mysql_options(handle, MYSQL_OPT_SSL_CA, authorities)
            }
        }

        /// The address for messages, without user and password.
        var place: String { settings.address.description }

        /// The server of the session and its number there.
        var identity: SessionIdentity {
            SessionIdentity(settings: settings, server: serverName, number: UInt(unsafe mysql_thread_id(handle)))
        }

        private static let strictMode =
            "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
            + "NO_ENGINE_SUBSTITUTION"

        /// Sets all variables that the statements rely on, because the server's defaults may differ.
        private func setUp(_ access: Access, isMariaDB: Bool) throws(StoreError) {
            if access != .control {
                // Some servers ignore the character set that the library requests when it connects.
                try execute("SET NAMES utf8mb4 COLLATE utf8mb4_bin", named: "set up session")
                // With the default, REPEATABLE READ, workers lock the gaps between rows and run into deadlocks.
                try execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", named: "set up session")
                var variables = [
                    // In strict mode, a value that doesn't fit is an error. Otherwise the server would store another
                    // value.
                    "sql_mode = '\(Self.strictMode)'",
                    "time_zone = '+00:00'", "autocommit = 1", "innodb_lock_wait_timeout = \(settings.lockTimeout)",
                    "lock_wait_timeout = \(settings.lockTimeout)",
                    // Lists must be complete, and in the order of all bytes of their ids.
                    "sql_select_limit = 18446744073709551615", "sql_big_selects = 1", "max_sort_length = 1024",
                    // Some changes have no key in their condition.
                    "sql_safe_updates = 0",
                    // With 0, a COMMIT neither begins another transaction nor ends the session.
                    "completion_type = 0",
                ]
                let timeLimit =
                    isMariaDB
                    ? "max_statement_time = \(settings.statementTimeout)"
                    : "max_execution_time = \(settings.statementTimeout * 1000)"
                variables.append(timeLimit)
                try execute("SET SESSION " + variables.joined(separator: ", "), named: "set up session")
            }
            serverName =
                try Statement(
                    "SELECT CONCAT(@@hostname, ' ', @@port, ' ', @@server_id)", named: "set up session", on: self
                ).first { (row) throws(StoreError) in row.text() } ?? ""
            if access == .control { return }
            if access == .readOnly { try execute("SET SESSION TRANSACTION READ ONLY", named: "set up session") }
            let packetSize = try Statement("SELECT @@max_allowed_packet", named: "set up session", on: self)
            packetSizeMax = Int(try packetSize.first { (row) throws(StoreError) in row.number() } ?? 1 << 20)
        }

        /// Runs a statement without values and rows. Its errors name the statement `name`.
        func execute(_ sql: String, named name: String) throws(StoreError) {
            var sql = sql
            let result = sql.withUTF8 { utf8 in unsafe send(UnsafeRawBufferPointer(utf8)) }
            guard result == 0 else { throw lastError(during: name) }
        }

        /// Runs one or more statements without values. Their errors name the statement `name`.
        func executeAll(_ sql: String, named name: String) throws(StoreError) {
            guard unsafe mysql_set_server_option(handle, MYSQL_OPTION_MULTI_STATEMENTS_ON) == 0 else {
                throw lastError(during: name)
            }
            defer { unsafe mysql_set_server_option(handle, MYSQL_OPTION_MULTI_STATEMENTS_OFF) }
            try execute(sql, named: name)
            while true {
                unsafe mysql_free_result(mysql_store_result(handle))
                switch unsafe mysql_next_result(handle) {
                case 0: continue
                case -1: return
                default: throw lastError(during: name)
                }
            }
        }

        /// Runs a statement that contains its values. Returns the number of rows that it changed or found.
        func execute(_ sql: [UInt8], named name: String) throws(StoreError) -> Int {
            let result = unsafe sql.withUnsafeBytes { bytes in unsafe send(bytes) }
            guard result == 0 else { throw lastError(during: name) }
            return Int(clamping: unsafe mysql_affected_rows(handle))
        }

        private func send(_ sql: UnsafeRawBufferPointer) -> Int32 {
            unsafe mysql_real_query(
                handle, sql.baseAddress?.assumingMemoryBound(to: CChar.self), UInt(sql.count))
        }

        /// Runs `body` with the lock of this name, which one session can hold at a time. The name has at most 64
        /// characters. It is valid on the whole server, not only in the database.
        func locked<Result>(
            _ name: String, _ body: () throws(StoreError) -> Result
        ) throws(StoreError) -> Result {
            let take = try Statement("SELECT GET_LOCK(?, ?)", named: Self.begin, on: self)
            take.bind(name)
            take.bind(Int64(settings.lockTimeout))
            guard try take.first({ (row) throws(StoreError) in row.number() }) == 1 else {
                throw error(
                    .busy, "another session has held the lock '\(name)' for \(settings.lockTimeout) s",
                    statement: "lock")
            }
            defer { release(name) }
            return try body()
        }

        /// Releases a lock. If that fails, the connection is broken, and the server releases the lock when the session
        /// ends.
        private func release(_ name: String) {
            guard !isBroken else { return }
            do throws(StoreError) {
                let release = try Statement("SELECT RELEASE_LOCK(?)", named: "unlock", on: self)
                release.bind(name)
                _ = try release.first { (row) throws(StoreError) in row.number() }
            } catch {
                isBroken = true
            }
        }

        /// Runs `body` in a transaction. Commits if it returns, and rolls back if it throws.
        func transaction<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
            try execute("START TRANSACTION", named: Self.begin)
            let result: Result
            do throws(StoreError) {
                result = try body()
            } catch {
                rollBack()
                throw error
            }
            do throws(StoreError) {
                try execute("COMMIT", named: "commit")
            } catch {
                isBroken = true
                throw error.ofCommit
            }
            return result
        }

        /// Rolls back, unless the connection is broken. The server rolls back by itself when a connection ends, and
        /// after a deadlock.
        private func rollBack() {
            guard !isBroken else { return }
            do throws(StoreError) {
                try execute("ROLLBACK", named: "roll back")
            } catch {
                isBroken = true
            }
        }

        func lastError(during statement: String) -> StoreError {
            unsafe error(
                mysql_errno(handle), String(cString: mysql_sqlstate(handle)), String(cString: mysql_error(handle)),
                during: statement)
        }

        func error(_ number: UInt32, _ sqlState: String, _ message: String, during statement: String) -> StoreError {
            let code = StoreError.Code(number: number, sqlState: sqlState)
            if code == .connectionFailed { isBroken = true }
            return StoreError(
                code, message, number: number, sqlState: sqlState, statement: statement, place: place)
        }
    }
#endif
