#if MySQL
    internal import WALTasks

    /// The settings of a connection and its session.
    struct ConnectionSettings: Sendable {
        var address: ServerAddress
        /// The longest time to wait for a lock, in seconds, at least 1.
        var lockTimeout: Int
        /// The longest time of a statement, in seconds, at least 1. MySQL limits the time of queries alone.
        var statementTimeout: Int
        /// Whether to use arrays of values if the server takes them.
        var usesArrays: Bool
        /// The statements that create the tables of a sink's user.
        var tables = ""

        init(
            url: String, statementTimeout: Duration = .seconds(30), lockTimeout: Duration = .seconds(10),
            usesArrays: Bool = true
        ) throws(StoreError) {
            address = try ServerAddress(url)
            self.lockTimeout = try Self.seconds(lockTimeout, "lockTimeout")
            self.statementTimeout = try Self.seconds(statementTimeout, "statementTimeout")
            self.usesArrays = usesArrays
        }

        /// Returns a duration in seconds, rounded up: 0 would mean no wait, or no limit.
        private static func seconds(_ duration: Duration, _ name: String) throws(StoreError) -> Int {
            guard duration > .zero, duration <= .seconds(86400) else {
                throw StoreError(.invalidArgument, "\(name) must be above 0 and a day at most, not \(duration)")
            }
            let (seconds, rest) = duration.components
            return Int(seconds) + (rest > 0 ? 1 : 0)
        }
    }
#endif
