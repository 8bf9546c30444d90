#if SQLite
    internal import WALTasks

    /// Where a database is, and how its sessions are set up.
    struct ConnectionSettings: Sendable {
        var path: String
        /// How long to wait for other connections' locks.
        var busyTimeout: Duration
    }

    /// What can be done on a connection. It never breaks, and nothing cancels it.
    protocol Session: DatabaseSession where Settings == ConnectionSettings {}

    extension Session {
        static var server: StoreError.Server { .sqlite }
    }
#endif
