#if Postgres
    internal import CWALPostgres
    internal import WALTasks

    /// The settings of a connection and its session.
    struct ConnectionSettings: Sendable {
        /// libpq's keywords with their values.
        let parameters: [String: String]
        let statementTimeout: Duration
        let lockTimeout: Duration
        /// The least number of activities in a batch that uses COPY. A smaller batch is one statement, with one round
        /// trip.
        var copiedMin = 64
        /// The statements that create the tables of a sink's user.
        var tables = ""

        /// The values of keywords that the user's string leaves out. Keepalives and the TCP timeout detect a lost
        /// server within half a minute. A store must read its own writes, so it needs a server that takes writes and
        /// not a standby.
        private static let defaults = [
            "connect_timeout": "5", "keepalives_idle": "15", "keepalives_interval": "5", "keepalives_count": "3",
            "tcp_user_timeout": "30000", "target_session_attrs": "read-write", "application_name": "swift-wal",
        ]

        /// Makes settings from libpq's connection string or URI.
        init(conninfo: String, statementTimeout: Duration, lockTimeout: Duration) throws(StoreError) {
            self.statementTimeout = statementTimeout
            self.lockTimeout = lockTimeout
            let given = try Self.parse(conninfo)
            try Self.refuseSplitPassword(given, isURI: conninfo.hasPrefix("postgres"))
            // A service has values of its own, which the defaults would override.
            var parameters = given["service"] == nil ? Self.defaults.merging(given) { $1 } : given
            parameters["client_encoding"] = "UTF8"
            self.parameters = parameters
        }

        /// The database, host and port, for messages.
        var server: String {
            let host = parameters["host"] ?? parameters["hostaddr"] ?? parameters["service"] ?? "the default host"
            let database = parameters["dbname"].map { "\($0) at " } ?? ""
            return database + host + (parameters["port"].map { ":\($0)" } ?? "")
        }

        /// The settings of each session, or of each transaction through a pooler. The statements rely on them, and the
        /// server, the database or the role may have other defaults. Times are in milliseconds. A store's values and
        /// rows are in binary form, so the styles of texts don't matter to it.
        var variables: [String] {
            [
                statementLimit, "lock_timeout = \(Self.milliseconds(lockTimeout))",
                "idle_in_transaction_session_timeout = 60000",
                // A refused row must not end the session.
                "exit_on_error = off",
            ]
        }

        /// The setting of the longest time of a statement.
        var statementLimit: String { "statement_timeout = \(Self.milliseconds(statementTimeout))" }

        private static func milliseconds(_ duration: Duration) -> Int32 {
            // 0 would mean no limit.
            Int32(min(max(1, duration / .milliseconds(1)), Double(Int32.max)))
        }

        /// Throws if a part of the password may be in the host, database or port, which messages show. A password with
        /// an unencoded character is divided in this way.
        private static func refuseSplitPassword(_ given: [String: String], isURI: Bool) throws(StoreError) {
            if isURI, ["host", "dbname"].contains(where: { given[$0]?.contains("@") ?? false }) {
                throw StoreError(
                    .invalidArgument,
                    "the connection URI has more than one '@', or a '/' before it: write those in user and password as %40 and %2F"
                )
            }
            guard given["port"]?.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ",") }) ?? true else {
                throw StoreError(.invalidArgument, "the connection string has a port that isn't a number")
            }
        }

        private static func parse(_ conninfo: String) throws(StoreError) -> [String: String] {
            var message: UnsafeMutablePointer<CChar>?
            let options = unsafe PQconninfoParse(conninfo, &message)
            defer {
                unsafe PQconninfoFree(options)
                unsafe PQfreemem(message)
            }
            guard let options = unsafe options else {
                // libpq's message quotes parts of the string, which may be parts of the password.
                throw StoreError(
                    .invalidArgument,
                    "the connection string can't be read: write key=value pairs or a postgresql:// URI as libpq takes them"
                )
            }
            var values: [String: String] = [:]
            var option = unsafe options
            while let keyword = unsafe option.pointee.keyword {
                if let value = unsafe option.pointee.val {
                    unsafe values[String(cString: keyword)] = unsafe String(cString: value)
                }
                unsafe option += 1
            }
            return values
        }
    }
#endif
