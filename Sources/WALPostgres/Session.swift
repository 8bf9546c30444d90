#if Postgres
    internal import WALTasks

    /// A connection of a store or a sink with its prepared statements.
    protocol Session: DatabaseSession {
        var connection: Connection { get }
    }

    extension Session {
        static var server: StoreError.Server { .postgres }
        var cancelTarget: (any CancelTarget)? { connection.cancelHandle }
        var isUsable: Bool { connection.isUsable }

        func notice() { connection.notice() }

        /// Returns whether the connection is useless after this error, even if it still exists. Another one may lead to
        /// another server, or have the present form of the tables.
        static func isEnded(by error: StoreError) -> Bool {
            [.connectionFailed, .indeterminate, .readOnly, .schemaMismatch, .corrupted].contains(error.code)
        }
    }
#endif
