internal import Synchronization

/// The readers that wait at the end of the log for something to be written.
struct TailState {
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter: UInt64 = 0
    var isClosed = false
}

extension Engine {
    func wakeTailReaders() {
        let woken = tail.withLock { tail in
            defer { tail.waiters.removeAll() }
            return Array(tail.waiters.values)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Suspends until `isDue` may have become true by an append or the end of a failure, the log is closed, or the task is
    /// cancelled.
    func waitAtTail(until isDue: @Sendable () -> Bool) async {
        let id = tail.withLock { tail in
            tail.nextWaiter += 1
            return tail.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let mustWait = tail.withLock { tail in
                    guard !tail.isClosed, !Task.isCancelled else { return false }
                    tail.waiters[id] = continuation
                    return true
                }
                guard mustWait else { return continuation.resume() }
                // Raised before the look at the claims: see `Slot.claim`.
                attention.bitwiseOr(Attention.tailReaders, ordering: .sequentiallyConsistent)
                if isDue() { wakeTailReaders() }
            }
        } onCancel: {
            tail.withLock { tail in tail.waiters.removeValue(forKey: id) }?.resume()
        }
    }
}
