#if MySQL
    internal import WALTasks

    /// The identity of a session, with which another session can cancel its statement.
    struct SessionIdentity: CancelTarget {
        let settings: ConnectionSettings
        /// The name of the server, because one address can lead to several servers.
        let server: String
        /// The session's number on its server.
        let number: UInt

        var threadName: String { "wal-my-cancel" }

        func cancel() {
            Library.enterThread()
            try? interrupt()
            Library.leaveThread()
        }

        /// Cancels the running statement from another session. Blocks until the server has answered.
        private func interrupt() throws(StoreError) {
            let connection = try Connection(settings, access: .control)
            // The address may lead to another server, where another session has this number.
            guard connection.identity.server == server else { return }
            try connection.execute("KILL QUERY \(number)", named: "cancel")
        }

        /// Returns whether KILL QUERY caused the error, whose number is then 1317.
        func hasCaused(_ error: StoreError) -> Bool {
            error.number == 1317 && error.code == .overloaded
        }
    }
#endif
