internal import Logging
internal import Synchronization

extension Engine {
    /// How long nothing must have been appended after a sync until a mark says how far the log is durable.
    private static let idleInterval: Duration = .milliseconds(100)

    private enum Wake {
        case stop
        case requested
        case nudged
        /// Somebody else has synced what there was.
        case served
    }

    /// What the thread waits for, and until when.
    private enum Wait {
        /// Everything is durable and marked: for the next append.
        case append
        /// Everything is durable, and if nothing comes for a while it gets a mark.
        case idle
        /// The policy's interval runs.
        case interval(Duration)
        /// Syncing is others' business.
        case others
    }

    /// The sync thread: syncs for the tasks that wait, and as the policy has it.
    func runSyncThread() {
        // Behind the last sync mark: what isn't worth a sync or another mark.
        var marked = DurableMark(sequence: 0, position: 0)
        while true {
            // Raised before the look at the claims: see `Slot.claim`.
            attention.bitwiseOr(Attention.idleSyncThread, ordering: .sequentiallyConsistent)
            let claimed = claimed
            let wait = wait(at: claimed, marked: marked)
            switch (nextWake(wait, claimed), wait) {
            case (.stop, _): return
            case (.requested, _), (nil, .interval): syncOnThread()
            case (.nudged, _): break
            case (.served, _):
                // Under load there is no end of these: at most one look in an interval, whose mark can wait.
                if pause() { return }
            case (nil, .idle):
                if self.claimed == claimed, appendControlWithoutWaiting(.syncMark, body: []) {
                    // Not what is claimed by now: that may be more than the mark, and is to be synced.
                    marked = DurableMark(
                        sequence: claimed.sequence, position: claimed.position + UInt64(Frame.headerSize))
                } else {
                    marked = claimed
                }
            case (nil, _): break
            }
        }
    }

    private func wait(at claimed: DurableMark, marked: DurableMark) -> Wait {
        if claimed == marked { return .append }
        if syncState.withLock({ $0.durable.covers(claimed) }) { return .idle }
        if case .interval(let interval) = configuration.syncPolicy { return .interval(interval) }
        return .others
    }

    private func nextWake(_ wait: Wait, _ claimed: DurableMark) -> Wake? {
        let deadline: ContinuousClock.Instant? =
            switch wait {
            case .append, .others: nil
            case .idle: .now + Self.idleInterval
            case .interval(let interval): .now + interval
            }
        return syncState.wait(until: deadline) { state -> Wake? in
            if state.thread.isStopped { return .stop }
            if state.thread.isRequested {
                state.thread.isRequested = false
                return .requested
            }
            switch wait {
            case .append, .idle:
                if state.thread.isNudged {
                    state.thread.isNudged = false
                    return .nudged
                }
            // Within an interval more appends change nothing.
            case .interval: break
            case .others: if state.durable.covers(claimed) { return .served }
            }
            return nil
        }
    }

    /// Waits for the idle interval, or a request. Returns true if the thread is to stop.
    private func pause() -> Bool {
        syncState.wait(until: .now + Self.idleInterval) { state -> Bool? in
            if state.thread.isStopped { return true }
            return state.thread.isRequested ? false : nil
        } ?? false
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
