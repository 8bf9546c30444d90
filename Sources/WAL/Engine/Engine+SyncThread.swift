internal import Logging
internal import Synchronization

extension Engine {
    /// How long nothing must have been appended after a sync until a mark says how far the log is durable.
    private static let idleInterval: Duration = .milliseconds(100)

    /// How long nothing must have been appended for producers to have paused.
    private static let pauseInterval: Duration = .milliseconds(1)

    /// How many sealed segments may wait for a sync where nobody asks for one.
    static let unsyncedMax = 64

    private enum Wake {
        case stop
        case requested
        /// A segment has ended.
        case seal
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
            case (.seal, _): sealEnded()
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
        if case .others = wait {
            syncThread.withLock { thread in thread.awaited = claimed }
        }
        defer { syncThread.withLock { thread in thread.awaited = nil } }
        return syncThread.wait(until: deadline) { thread -> Wake? in
            if thread.isStopped { return .stop }
            if let wake = takeRequest(&thread) { return wake }
            switch wait {
            case .append, .idle:
                if thread.isNudged {
                    thread.isNudged = false
                    return .nudged
                }
            // Within an interval more appends change nothing.
            case .interval: break
            case .others:
                if thread.awaited == nil || syncState.withLock({ $0.durable.covers(claimed) }) { return .served }
            }
            return nil
        }
    }

    private func takeRequest(_ thread: inout SyncThreadState) -> Wake? {
        if thread.isRequested {
            thread.isRequested = false
            return .requested
        }
        if thread.isSealingDue {
            thread.isSealingDue = false
            return .seal
        }
        return nil
    }

    /// Waits for the idle interval, or a request. Returns true if the thread is to stop.
    private func pause() -> Bool {
        syncThread.wait(until: .now + Self.idleInterval) { thread -> Bool? in
            if thread.isStopped { return true }
            return thread.isRequested || thread.isSealingDue ? false : nil
        } ?? false
    }

    private func syncOnThread() {
        let target = claimed
        // The error has reached those who wait, and poisoned the log.
        try? makeDurable(target)
    }

    /// Has what producers have left behind sealed: under `.manual` nobody else would.
    private func sealEnded() {
        // Only what is durable is ever removed or compressed, so where anything is to be it must become so.
        let needsDurable =
            configuration.retention.age != nil || configuration.retention.totalSize != nil
            || configuration.diskBudget != nil || configuration.sealedCompression != .none
        let syncs = configuration.syncPolicy != .manual || needsDurable
        do throws(WALError) {
            if !syncs {
                // Nobody else looks where nothing is synced.
                try lead { engine throws(WALError) in try engine.directory.requireInPlace() }
                waitForProducers()
            }
            try lead { engine throws(WALError) in try engine.advance(syncs: syncs) }
        } catch {
            // Closing seals what there is.
            if error.code == .closed || error.code == .directoryGone { return }
            logger?.error("a segment could not be sealed", metadata: LogMetadata.of(error))
        }
    }

    /// Returns when producers pause, when others are to be served, or when unsealed segments get many. Where nothing has to become
    /// durable sealing isn't urgent, and a burst wants the processor's caches and the memory for itself: over three segments a
    /// thread reached 0.79 to 0.88 of a C loop's records a second instead of 0.58 to 0.80 (medians of six runs each, in turns).
    private func waitForProducers() {
        while state.withLock({ unsafe $0.freeSlots.count > Self.slotCount / 2 }) {
            let claimed = claimed
            let isUrgent = syncThread.wait(until: .now + Self.pauseInterval) { thread -> Bool? in
                thread.isStopped || thread.isRequested ? true : nil
            }
            if isUrgent ?? (self.claimed == claimed) { return }
        }
    }

    /// Has the sync thread sync soon.
    func requestSync() {
        let isFirst = syncThread.withLock { thread in
            defer { thread.isRequested = true }
            return !thread.isRequested
        }
        if isFirst { syncThread.signal() }
    }

    /// Has the sync thread seal what has ended.
    func requestSealing() {
        syncThread.withLock { thread in thread.isSealingDue = true }
        syncThread.signal()
    }

    /// Tells the idle sync thread that something was appended.
    func nudgeSyncThread() {
        syncThread.withLock { thread in thread.isNudged = true }
        syncThread.signal()
    }

    /// Tells the sync thread how far others have got, if it waits for that.
    func tellSyncThread(_ mark: DurableMark) {
        let isServed = syncThread.withLock { thread in
            guard let awaited = thread.awaited, mark.covers(awaited) else { return false }
            thread.awaited = nil
            return true
        }
        if isServed { syncThread.signal() }
    }

    func stopSyncThread() {
        syncThread.withLock { thread in thread.isStopped = true }
        syncThread.signal()
    }
}
