internal import WAL

/// Cancels the statement that a session runs, from any thread.
package protocol CancelTarget: Sendable {
    /// The name of the thread that cancels, of at most 15 bytes.
    var threadName: String { get }
    /// Asks the server to give up the statement that runs now. Blocks until the server has heard it.
    func cancel()
    /// Whether an error is the end of a statement that was given up.
    func hasCaused(_ error: StoreError) -> Bool
}

/// Carries the cancellation of one call's task to the session that works for it.
final class Cancellation: Sendable {
    private struct State {
        var isCancelled = false
        var running: (any CancelTarget)?
    }

    private let state = Monitor(State())

    /// Cancels what runs for the call, now or when it would start. Returns at once.
    func cancel() {
        let threadName = state.withLock { state in
            state.isCancelled = true
            return state.running?.threadName
        }
        guard let threadName else { return }
        // Reaching the server can take long. Without a thread the statement runs until its time is up.
        try? NamedThread.start(threadName) { [state] in
            // Under the lock, so that the session doesn't go on to another call meanwhile.
            state.withLock { $0.running?.cancel() }
        }
    }

    /// Runs `body`, which a session does for the call. A session that nothing cancels runs it in any case.
    func whileRunning<Session: DatabaseSession, Value>(
        on session: Session, _ body: (Session) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        guard let target = session.cancelTarget else { return try body(session) }
        try state.withLock { state throws(StoreError) in
            if state.isCancelled {
                throw StoreError(.cancelled, Self.message, server: Session.server)
            }
            state.running = target
        }
        defer { state.withLock { $0.running = nil } }
        do throws(StoreError) {
            return try body(session)
        } catch {
            var error = error
            if target.hasCaused(error), state.withLock({ $0.isCancelled }) {
                error.code = .cancelled
                error.message = Self.message
            }
            throw error
        }
    }

    private static let message = "the task that called was cancelled"
}
