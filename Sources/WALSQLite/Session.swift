#if SQLite
    internal import WALTasks

    /// The settings of a connection.
    struct ConnectionSettings: Sendable {
        var path: String
        /// The longest time that a call waits for the locks of other connections.
        var busyTimeout: Duration
    }

    /// A connection of the store with its prepared statements. It never breaks, and its statements can't be canceled.
    protocol Session: DatabaseSession where Settings == ConnectionSettings {}

    extension Session {
        static var server: StoreError.Server { .sqlite }
    }
#endif
