/// The readers that wait at the end of the log for the next record.
final class TailWaiters: Sendable {
    private struct State {
        var tasks = SuspendedTasks<Void>()
        var isClosed = false
    }

    private let state = Monitor(State())

    /// Resumes all waiting readers.
    func wakeAll() {
        for continuation in state.withLock({ $0.tasks.removeAll() }) { continuation.resume() }
    }

    /// Resumes all waiting readers, and prevents further waits.
    func close() {
        state.withLock { $0.isClosed = true }
        wakeAll()
    }

    /// Suspends until ``wakeAll()``, the log is closed, or the task is canceled. `check` runs after the waiter is registered, and may
    /// find that there is no reason to wait.
    func wait(unless check: @Sendable () -> Bool) async {
        let id = state.withLock { $0.tasks.makeID() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let mustWait = state.withLock { state in
                    guard !state.isClosed, !Task.isCancelled else { return false }
                    state.tasks.add(id, continuation)
                    return true
                }
                guard mustWait else { return continuation.resume() }
                if check() { wakeAll() }
            }
        } onCancel: {
            state.withLock { $0.tasks.remove(id) }?.resume()
        }
    }
}
