/// The readers that wait at the end of the log for the next record.
final class TailWaiters: Sendable {
    private struct State {
        var continuations: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastID: UInt64 = 0
        var isClosed = false
    }

    private let state = Monitor(State())

    /// Resumes all waiting readers.
    func wakeAll() {
        let woken = state.withLock { state in
            defer { state.continuations.removeAll() }
            return Array(state.continuations.values)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Resumes all waiting readers, and prevents further waits.
    func close() {
        state.withLock { $0.isClosed = true }
        wakeAll()
    }

    /// Suspends until ``wakeAll()``, the log is closed, or the task is canceled. `check` runs after the waiter is registered, and may
    /// find that there is no reason to wait.
    func wait(unless check: @Sendable () -> Bool) async {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let mustWait = state.withLock { state in
                    guard !state.isClosed, !Task.isCancelled else { return false }
                    state.continuations[id] = continuation
                    return true
                }
                guard mustWait else { return continuation.resume() }
                if check() { wakeAll() }
            }
        } onCancel: {
            state.withLock { $0.continuations.removeValue(forKey: id) }?.resume()
        }
    }
}
