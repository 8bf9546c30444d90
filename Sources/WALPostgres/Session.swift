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

        static func isEnded(by error: StoreError) -> Bool { error.endsConnection }
    }
#endif
