#if SQLite
    internal import WALTasks

    /// The settings of a connection and its session.
    struct ConnectionSettings: Sendable {
        var path: String
        /// The longest time that a call waits for the locks of other connections.
        var busyTimeout: Duration
        /// Statements of a sink's user for each connection, outside a transaction.
        var setup = ""
        /// The statements that create the tables of a sink's user.
        var tables = ""
    }

    /// A connection of a store or a sink with its prepared statements. It never breaks, and its statements can't be
    /// canceled.
    protocol Session: DatabaseSession where Settings == ConnectionSettings {}

    extension Session {
        static var server: StoreError.Server { .sqlite }
    }
#endif
