/// Requests to the duty that syncs.
final class SyncRequests: Sendable {
    struct State {
        /// A waiter, the policy, or a call asks for a sync.
        var isRequested = false
        /// A segment has ended.
        var isSealRequested = false
        /// A producer has appended while the duty was idle.
        var isNudged = false
        /// The position that the duty waits for other leaders to make durable.
        var awaited: LogPosition?
    }

    let state = Monitor(State())
    let duty: Duty

    init(_ threads: LogThreads) {
        duty = Duty(threads.sync)
    }

    /// Asks for a sync.
    func requestSync() {
        let isFirst = state.withLock { state in
            defer { state.isRequested = true }
            return !state.isRequested
        }
        if isFirst { duty.wake() }
    }

    /// Asks for the sealing of the segments that have ended.
    func requestSealing() {
        state.withLock { $0.isSealRequested = true }
        duty.wake()
    }

    /// Wakes the idle duty after an append.
    func nudge() {
        state.withLock { $0.isNudged = true }
        duty.wake()
    }

    /// Wakes the duty if it waits for this position.
    func notify(durable: LogPosition) {
        let isServed = state.withLock { state in
            guard let awaited = state.awaited, durable.covers(awaited) else { return false }
            state.awaited = nil
            return true
        }
        if isServed { duty.wake() }
    }
}
