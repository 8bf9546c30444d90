/// Requests to the sync thread, and its waits for them.
final class SyncRequests: Sendable {
    struct State {
        /// A waiter, the policy, or a call asks for a sync.
        var isRequested = false
        /// A segment has ended.
        var isSealRequested = false
        /// A producer has appended while the thread was idle.
        var isNudged = false
        var isStopped = false
        /// The position that the thread waits for other leaders to make durable.
        var awaited: LogPosition?
    }

    let state = Monitor(State())

    /// Asks for a sync.
    func requestSync() {
        let isFirst = state.withLock { state in
            defer { state.isRequested = true }
            return !state.isRequested
        }
        if isFirst { state.notifyAll() }
    }

    /// Asks for the sealing of the segments that have ended.
    func requestSealing() {
        state.withLock { $0.isSealRequested = true }
        state.notifyAll()
    }

    /// Wakes the idle thread after an append.
    func nudge() {
        state.withLock { $0.isNudged = true }
        state.notifyAll()
    }

    /// Wakes the thread if it waits for this position.
    func notify(durable: LogPosition) {
        let isServed = state.withLock { state in
            guard let awaited = state.awaited, durable.covers(awaited) else { return false }
            state.awaited = nil
            return true
        }
        if isServed { state.notifyAll() }
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        state.notifyAll()
    }
}
