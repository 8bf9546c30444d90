#if MySQL
    internal import WALTasks

    /// How a store connects, and what it asks of its sessions.
    struct ConnectionSettings: Sendable {
        var address: ServerAddress
        /// Seconds, as the server takes them: at least 1.
        var lockTimeout: Int
        /// Seconds, at least 1. On MariaDB only: MySQL has such a limit for queries alone.
        var statementTimeout: Int
        /// Whether to use arrays of values where the server takes them.
        var usesArrays: Bool

        init(
            url: String, statementTimeout: Duration = .seconds(30), lockTimeout: Duration = .seconds(10),
            usesArrays: Bool = true
        ) throws(StoreError) {
            address = try ServerAddress(url)
            self.lockTimeout = try Self.seconds(lockTimeout, "lockTimeout")
            self.statementTimeout = try Self.seconds(statementTimeout, "statementTimeout")
            self.usesArrays = usesArrays
        }

        /// Rounded up: 0 would mean not to wait at all, or without end.
        private static func seconds(_ duration: Duration, _ name: String) throws(StoreError) -> Int {
            guard duration > .zero, duration <= .seconds(86400) else {
                throw StoreError(.invalidArgument, "\(name) must be above 0 and a day at most, not \(duration)")
            }
            let (seconds, rest) = duration.components
            return Int(seconds) + (rest > 0 ? 1 : 0)
        }
    }
#endif
