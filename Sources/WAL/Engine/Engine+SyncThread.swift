internal import Logging
internal import Synchronization

extension Engine {
    /// How long nothing must have been appended after a sync until a mark says how far the log is durable.
    private static let idleInterval: Duration = .milliseconds(100)

    private enum Wake {
        case stop
        case requested
        case nudged
    }

    /// The sync thread: syncs for the tasks that wait, and as the policy has it.
    func runSyncThread() {
        // Behind the last sync mark: what isn't worth a sync or another mark.
        var marked = DurableMark(sequence: 0, position: 0)
        while true {
            // Raised before the look at the claims: see `Slot.claim`.
            attention.bitwiseOr(Attention.idleSyncThread, ordering: .sequentiallyConsistent)
            let claimed = claimed
            let durable = syncState.withLock { $0.durable }
            let isDurable = durable.covers(claimed) || claimed == marked
            var deadline: ContinuousClock.Instant?
            if case .interval(let interval) = configuration.syncPolicy, !isDurable {
                deadline = .now + interval
            } else if durable.covers(claimed), claimed != marked {
                deadline = .now + Self.idleInterval
            }
            let wake = syncState.wait(until: deadline) { state -> Wake? in
                if state.thread.isStopped { return .stop }
                if state.thread.isRequested {
                    state.thread.isRequested = false
                    return .requested
                }
                // Within an interval more appends change nothing.
                if state.thread.isNudged, isDurable {
                    state.thread.isNudged = false
                    return .nudged
                }
                return nil
            }
            switch wake {
            case .stop: return
            case .requested: syncOnThread()
            case .nudged: break
            case nil:
                if isDurable {
                    if self.claimed == claimed, appendControlWithoutWaiting(.syncMark, body: []) {
                        marked = self.claimed
                    } else {
                        marked = claimed
                    }
                } else {
                    syncOnThread()
                }
            }
        }
    }

    private func syncOnThread() {
        let target = claimed
        // The error has reached those who wait, and poisoned the log.
        try? makeDurable(target)
    }

    /// Has the sync thread sync soon.
    func requestSync() {
        let isFirst = syncState.withLock { state in
            defer { state.thread.isRequested = true }
            return !state.thread.isRequested
        }
        if isFirst { syncState.signal() }
    }

    /// Tells the idle sync thread that something was appended.
    func nudgeSyncThread() {
        syncState.withLock { state in state.thread.isNudged = true }
        syncState.signal()
    }
}
