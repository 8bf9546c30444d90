#if MySQL
    internal import WALTasks

    /// Which session of which server a connection is.
    struct SessionIdentity: CancelTarget {
        let settings: ConnectionSettings
        /// Distinguishes the servers that one address leads to.
        let server: String
        /// The session's number on its server.
        let number: UInt

        var threadName: String { "wal-my-cancel" }

        func cancel() {
            Library.enterThread()
            try? interrupt()
            Library.leaveThread()
        }

        /// Asks the server, from another session, to give up the statement that runs now. Blocks until the server has done so.
        private func interrupt() throws(StoreError) {
            let connection = try Connection(settings, access: .control)
            // The address may lead to several servers: on another server the number is another session's.
            guard connection.identity.server == server else { return }
            try connection.execute("KILL QUERY \(number)", named: "cancel")
        }

        /// 1317: interrupted by KILL QUERY.
        func hasCaused(_ error: StoreError) -> Bool {
            error.number == 1317 && error.code == .overloaded
        }
    }
#endif
