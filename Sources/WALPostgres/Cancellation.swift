#if Postgres
    internal import CWALPostgres
    internal import WAL
    internal import WALTasks

    /// What it takes to cancel what a connection is doing, from any thread.
    ///
    /// `@unchecked Sendable`: the pointer never changes, and PQcancel may be called from any thread.
    @safe final class CancelHandle: @unchecked Sendable {
        private let handle: OpaquePointer?

        init(_ connection: OpaquePointer) {
            unsafe handle = unsafe PQgetCancel(connection)
        }

        deinit {
            unsafe PQfreeCancel(handle)
        }

        /// Asks the server to give up the statement that runs now. Blocks until the server has heard it.
        func cancel() {
            // The request goes over a connection of its own.
            StandardDescriptors.fill()
            var message: [CChar] = Array(repeating: 0, count: 256)
            unsafe PQcancel(handle, &message, Int32(message.count))
        }
    }

    /// Carries the cancellation of one call's task to the connection that works for it.
    final class Cancellation: Sendable {
        private struct State {
            var isCancelled = false
            var running: CancelHandle?
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
            try? NamedThread.start("wal-pg-cancel") { [state] in
                // Under the lock, so that the connection doesn't go on to another call meanwhile.
                state.withLock { $0.running?.cancel() }
            }
        }

        /// Runs `body`, which a connection does for the call.
        func whileRunning<Value>(
            on handle: CancelHandle, _ body: () throws(StoreError) -> Value
        ) throws(StoreError) -> Value {
            try state.withLock { state throws(StoreError) in
                if state.isCancelled { throw Self.error() }
                state.running = handle
            }
            defer { state.withLock { $0.running = nil } }
            do {
                return try body()
            } catch {
                if error.sqlState == "57014", state.withLock({ $0.isCancelled }) { throw Self.error(error) }
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
