internal import WAL

/// A canceler of the statement that a session runs. Any thread can use it.
package protocol CancelTarget: Sendable {
    /// The name of the thread that cancels, of at most 15 bytes.
    var threadName: String { get }
    /// Asks the server to cancel the running statement. Blocks until the server has received the request.
    func cancel()
    /// Returns whether an error comes from a canceled statement.
    func hasCaused(_ error: StoreError) -> Bool
}

/// The cancellation of one call's task, passed on to the session that works for it.
final class Cancellation: Sendable {
    private struct State {
        var isCancelled = false
        var running: (any CancelTarget)?
    }

    private let state = Monitor(State())

    /// Cancels the call's statement, now or when it would start. Returns at once.
    func cancel() {
        let threadName = state.withLock { state in
            state.isCancelled = true
            return state.running?.threadName
        }
        guard let threadName else { return }
        // Reaching the server can take long. Without a thread, the statement runs until its time limit.
        try? NamedThread.start(threadName) { [state] in
            // Under the lock, so that the session can't continue with another call meanwhile.
            state.withLock { $0.running?.cancel() }
        }
    }

    /// Runs `body` for the call on a session. A session without a cancel target always runs it.
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

    private static let message = "the task that called was canceled"
}
