#if MySQL
    internal import WAL
    internal import WALTasks

    /// Which session of which server a connection is.
    struct SessionIdentity: Sendable {
        let settings: ConnectionSettings
        /// Tells servers behind one address from each other.
        let server: String
        /// The session's number on its server.
        let number: UInt

        /// Asks the server, from another session, to give up the statement that runs now. Blocks until the server has done so.
        func interrupt() throws(StoreError) {
            let connection = try Connection(settings, access: .control)
            // The address may lead to several servers: on another one the number is somebody else's.
            guard connection.identity.server == server else { return }
            try connection.execute("KILL QUERY \(number)", named: "cancel")
        }
    }

    /// Carries the cancellation of one call's task to the connection that works for it.
    final class Cancellation: Sendable {
        private struct State {
            var isCancelled = false
            var running: SessionIdentity?
        }

        private let state = Monitor(State())

        /// Cancels what runs for the call, now or when it would start. Returns at once.
        func cancel() {
            let isRunning = state.withLock { state in
                state.isCancelled = true
                return state.running != nil
            }
            guard isRunning else { return }
            // Reaching the server can take long. Without a thread the statement runs until its time is up.
            try? NamedThread.start("wal-my-cancel") { [state] in
                Library.enterThread()
                // Under the lock, so that the connection doesn't go on to another call meanwhile.
                state.withLock { try? $0.running?.interrupt() }
                Library.leaveThread()
            }
        }

        /// Runs `body`, which a connection does for the call.
        func whileRunning<Value>(
            on session: SessionIdentity, _ body: () throws(StoreError) -> Value
        ) throws(StoreError) -> Value {
            try state.withLock { state throws(StoreError) in
                if state.isCancelled { throw Self.error() }
                state.running = session
            }
            defer { state.withLock { $0.running = nil } }
            do {
                return try body()
            } catch {
                // 1317: interrupted by KILL QUERY.
                if error.number == 1317, error.code == .overloaded, state.withLock({ $0.isCancelled }) {
                    throw Self.error(error)
                }
                throw error
            }
        }

        private static func error(_ error: StoreError? = nil) -> StoreError {
            var cancelled = error ?? StoreError(.cancelled, "")
            cancelled.code = .cancelled
            cancelled.message = "the task that called was cancelled"
            return cancelled
        }
    }
#endif
