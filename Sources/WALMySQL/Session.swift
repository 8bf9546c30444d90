#if MySQL
    internal import WALTasks

    /// A connection of a store or a sink with its prepared statements.
    protocol Session: DatabaseSession {
        /// Whether the session's calls change nothing. Then a call can be repeated if its connection is lost.
        static var isReadOnly: Bool { get }
        var connection: Connection { get }
    }

    extension Session {
        static var server: StoreError.Server { .mysql }
        var cancelTarget: (any CancelTarget)? { connection.identity }
        var isUsable: Bool { !connection.isBroken }

        /// Returns whether another session can repeat the call. Nothing was changed if the session is read-only, or if
        /// the connection was lost before the transaction began.
        static func canRepeat(after error: StoreError) -> Bool {
            error.code == .connectionFailed && (isReadOnly || error.statement == Connection.begin)
        }

        /// Returns whether the connection is useless after this error, even if it still exists. After a switch to
        /// read-only, for example, another connection may lead to the new primary.
        static func isEnded(by error: StoreError) -> Bool { [.readOnly, .corrupted].contains(error.code) }

        static func enterThread() { Library.enterThread() }
        static func leaveThread() { Library.leaveThread() }
    }
#endif
