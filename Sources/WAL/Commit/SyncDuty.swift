internal import Logging

/// The duty that syncs for suspended tasks and by the policy, seals, and marks an idle log as durable.
struct SyncDuty {
    /// The pause after the last append and sync, after which a mark in the log says that everything is durable.
    private static let idleInterval: Duration = .milliseconds(100)

    /// The time without an append after which producers count as paused.
    private static let pauseInterval: Duration = .milliseconds(1)

    private enum Wake {
        case requested
        /// A segment has ended.
        case seal
        case nudged
        /// Other leaders have made the awaited position durable.
        case served
        /// The time of the wait has come.
        case time
    }

    /// The event or the time that the duty waits for.
    private enum Wait: Equatable {
        /// Everything is durable and marked: wait for the next append.
        case append
        /// Everything is durable: write a mark if there is no append for a while.
        case idle
        /// Wait for the policy's interval.
        case interval
        /// Other threads sync, or none can.
        case others
        /// Other threads have synced, and continue to.
        case pause
        /// A segment has ended, which isn't urgent: wait until producers pause.
        case producers
    }

    private let commit: GroupCommit
    private var appender: Appender { commit.appender }
    private var catalog: SegmentCatalog { commit.catalog }
    private var configuration: WriteAheadLog.Configuration { catalog.configuration }
    private var requests: SyncRequests { appender.syncRequests }
    /// The position after the last sync mark. Up to it, nothing needs a sync or another mark.
    private var marked = LogPosition(sequence: 0, position: 0)
    /// The claimed position at the start of the wait.
    private var claimed = LogPosition(sequence: 0, position: 0)
    private var wait = Wait.append
    private var time: ContinuousClock.Instant?

    init(_ commit: GroupCommit) {
        self.commit = commit
        beginWait()
    }

    /// Does the work that is due next.
    mutating func turn() -> Duty.Next {
        guard let wake = takeWake() else { return .wait(until: time) }
        switch (wake, wait) {
        case (.requested, .producers):
            seal()
            sync()
        case (.requested, _), (.time, .interval): sync()
        case (.seal, _), (.time, .producers):
            if waitsForProducers() { return .again }
            seal()
        case (.served, _):
            // Under load these wake-ups never stop. Check once per idle interval; the sync mark can wait.
            beginWait(.pause, for: Self.idleInterval)
            return .again
        case (.time, .idle): mark()
        case (.nudged, _), (.time, _): break
        }
        beginWait()
        return .again
    }

    // MARK: Waiting

    private mutating func beginWait() {
        // Request the nudge before checking the claims: see `SlotReference.claimByAddition(size:)`.
        appender.requestNudge()
        claimed = catalog.waitForClaimed()
        if claimed == marked {
            beginWait(.append)
        } else if commit.state.withLock({ $0.durable.covers(claimed) }) {
            beginWait(.idle, for: Self.idleInterval)
        } else if isSealingLeft {
            beginWait(.producers, for: Self.pauseInterval)
        } else if case .interval(let interval) = configuration.syncPolicy, !hasFailed {
            beginWait(.interval, for: interval)
        } else {
            beginWait(.others)
        }
    }

    /// Whether a segment has ended that couldn't be sealed yet, because a producer hadn't committed its frame. No producer
    /// requests the sealing again, and at the disk budget all producers may wait for the space that it frees.
    private var isSealingLeft: Bool {
        catalog.state.withLock(\.hasUnsealedEnd) && !hasFailed
    }

    /// Whether nothing can become durable until maintenance has recovered the log. Until then, each sync fails at once.
    private var hasFailed: Bool { commit.state.withLock { $0.failure != nil } }

    private mutating func beginWait(_ wait: Wait, for duration: Duration? = nil) {
        self.wait = wait
        time = duration.map { .now + $0 }
        let awaited = wait == .others ? claimed : nil
        requests.state.withLock { $0.awaited = awaited }
    }

    /// Returns the event that ends the wait, if it has come.
    private func takeWake() -> Wake? {
        let wake = requests.state.withLock { state -> Wake? in
            if state.isRequested {
                state.isRequested = false
                return .requested
            }
            if state.isSealRequested {
                state.isSealRequested = false
                return .seal
            }
            switch wait {
            case .append, .idle:
                guard state.isNudged else { return nil }
                state.isNudged = false
                return .nudged
            case .others:
                return state.awaited == nil || commit.state.withLock({ $0.durable.covers(claimed) }) ? .served : nil
            // Further appends within an interval change nothing.
            case .interval, .pause, .producers: return nil
            }
        }
        if let wake { return wake }
        return time.map { $0 <= .now } ?? false ? .time : nil
    }

    // MARK: Work

    private func sync() {
        let claimed = catalog.waitForClaimed()
        // The waiters get the error, and the log is poisoned.
        try? commit.blockUntilDurable(.position(claimed.position))
    }

    /// Appends a sync mark, unless there was an append since the wait began.
    private mutating func mark() {
        guard catalog.waitForClaimed() == claimed, appender.appendControlIfReady(.syncMark, body: []) else {
            marked = claimed
            return
        }
        appender.outside.becameDurable(claimed.position)
        // Not the position claimed by now, which may be past the mark and then needs a sync.
        marked = LogPosition(sequence: claimed.sequence, position: claimed.position + UInt64(Frame.headerSize))
    }

    /// Whether this duty syncs the segments that it seals.
    private var syncs: Bool {
        // Retention, the budget and compression act on durable segments only.
        configuration.syncPolicy != .manual || configuration.retention.age != nil
            || configuration.retention.totalSize != nil || configuration.diskBudget != nil
            || configuration.sealedCompression != .none
    }

    /// Seals the segments that producers have filled. Under `.manual` no other thread would.
    private func seal() {
        lead { commit throws(WALError) in try commit.advance(syncs: syncs) }
    }

    /// Runs `body` as the leader, and logs its failure.
    private func lead(_ body: (GroupCommit) throws(WALError) -> Void) {
        do throws(WALError) { try commit.lead(body) } catch {
            // Closing seals the remaining segments.
            if error.code == .closed || error.code == .directoryGone { return }
            catalog.logger?.error("a segment could not be sealed", metadata: LogMetadata.of(error))
        }
    }

    /// Whether sealing can wait until producers pause, or many segments are unsealed. Begins or continues that wait.
    ///
    /// If nothing has to become durable, sealing isn't urgent, and a burst needs the processor's caches and the memory
    /// for itself. With this wait, a thread reached 0.79 to 0.88 of a C loop's records a second over three segments,
    /// instead of 0.58 to 0.80 (medians of six runs each, in turns).
    private mutating func waitsForProducers() -> Bool {
        guard !syncs, catalog.state.withLock({ $0.freeSlots.count > AppendSlots.count / 2 }) else { return false }
        let isFirst = wait != .producers
        if isFirst {
            // Without syncs, no other check finds that the directory is gone.
            lead { commit throws(WALError) in try commit.directory.requireInPlace() }
        } else if let time, time > .now {
            return true
        }
        let last = claimed
        claimed = catalog.waitForClaimed()
        guard isFirst || claimed != last else { return false }
        beginWait(.producers, for: Self.pauseInterval)
        return true
    }
}
