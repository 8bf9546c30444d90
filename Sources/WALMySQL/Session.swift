#if MySQL
    internal import WALTasks

    /// What can be done on a connection.
    protocol Session: DatabaseSession where Settings == ConnectionSettings {
        /// Whether a call changes nothing, so that it can be repeated if its outcome is unknown.
        static var isReadOnly: Bool { get }
        var connection: Connection { get }
    }

    extension StoreError {
        /// Whether another connection may lead to another server: one that was switched to read-only gives way to its successor.
        var endsConnection: Bool { [.readOnly, .corrupted].contains(code) }
    }

    extension Session {
        static var server: StoreError.Server { .mysql }
        var cancelTarget: (any CancelTarget)? { connection.identity }
        var isUsable: Bool { !connection.isBroken }

        /// A server that went away between two calls is no reason for an error: nothing was begun yet.
        static func canRepeat(after error: StoreError) -> Bool {
            error.code == .connectionFailed && (isReadOnly || error.statement == Connection.begin)
        }

        static func isEnded(by error: StoreError) -> Bool { error.endsConnection }

        static func enterThread() { Library.enterThread() }
        static func leaveThread() { Library.leaveThread() }
    }
#endif
