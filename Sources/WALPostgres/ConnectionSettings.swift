#if Postgres
    internal import CWALPostgres
    internal import WALTasks

    /// How to reach the server, and what a session is set to.
    struct ConnectionSettings: Sendable {
        /// libpq's keywords with their values.
        let parameters: [String: String]
        let statementTimeout: Duration
        let lockTimeout: Duration
        /// The number of activities from which a batch takes COPY. A smaller one takes one statement, with one round trip.
        var copiedMin = 64

        /// Where the user's own string doesn't say otherwise. Keepalives and the TCP timeout find a server that is gone within
        /// half a minute; a replica is no place for a store that has to read what it wrote.
        private static let defaults = [
            "connect_timeout": "5", "keepalives_idle": "15", "keepalives_interval": "5", "keepalives_count": "3",
            "tcp_user_timeout": "30000", "target_session_attrs": "read-write", "application_name": "swift-wal",
        ]

        /// `conninfo` is libpq's connection string or URI.
        init(conninfo: String, statementTimeout: Duration, lockTimeout: Duration) throws(StoreError) {
            self.statementTimeout = statementTimeout
            self.lockTimeout = lockTimeout
            let given = try Self.parse(conninfo)
            try Self.refuseSplitPassword(given, isURI: conninfo.hasPrefix("postgres"))
            // A service has values of its own, which explicit ones would override.
            var parameters = given["service"] == nil ? Self.defaults.merging(given) { $1 } : given
            parameters["client_encoding"] = "UTF8"
            self.parameters = parameters
        }

        /// Database, host and port, for people.
        var server: String {
            let host = parameters["host"] ?? parameters["hostaddr"] ?? parameters["service"] ?? "the default host"
            let database = parameters["dbname"].map { "\($0) at " } ?? ""
            return database + host + (parameters["port"].map { ":\($0)" } ?? "")
        }

        /// What every session or transaction is set to: what the statements rely on, whatever the server's, the database's or the
        /// role's defaults are. Times are in milliseconds. Values and rows go in binary form, so the styles of texts don't matter.
        var variables: [String] {
            [
                statementLimit, "lock_timeout = \(Self.milliseconds(lockTimeout))",
                "idle_in_transaction_session_timeout = 60000",
                // A row that is refused must not end the session.
                "exit_on_error = off",
            ]
        }

        /// The setting of the longest time of a statement.
        var statementLimit: String { "statement_timeout = \(Self.milliseconds(statementTimeout))" }

        private static func milliseconds(_ duration: Duration) -> Int32 {
            // 0 would be for ever.
            Int32(min(max(1, duration / .milliseconds(1)), Double(Int32.max)))
        }

        /// A password with an unencoded character in it ends up in host, port or database, which messages name.
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
                // libpq's own words repeat parts of the string, which may be of a password.
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
