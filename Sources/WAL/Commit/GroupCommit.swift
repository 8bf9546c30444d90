internal import CWALShims
internal import Logging
internal import Synchronization

/// The group commit of a log: it scans the committed frames, seals the segments that have ended, and syncs. Concurrent
/// waiters share a sync.
///
/// `@unchecked Sendable`: ``scanner``, ``unsynced``, ``markersBeforeScan`` and ``isSnapshotDue`` belong to the leader,
/// the thread that has set `SyncState.isLeading`. All other properties are constant or protected by locks.
final class GroupCommit: @unchecked Sendable {
    /// The number of sealed segments that may wait for a sync that no caller requests. Each keeps a descriptor open.
    static let unsyncedMax = 64

    let appender: Appender
    let catalog: SegmentCatalog
    var directory: Directory { catalog.directory }
    var logger: Logger? { catalog.logger }
    private let metrics: LogMetrics?
    let state: Monitor<SyncState>
    private let waiters = RoundWaiters()
    private let lastTaskID = Atomic<UInt64>(0)

    var scanner: CommitScanner
    /// The segments that are sealed and not synced, oldest first.
    private var unsynced: [LiveSegment] = []
    /// The cursors and bookmarks at the end of the segment before the scanned one.
    private(set) var markersBeforeScan: Markers
    /// Whether the scanned segment still needs a snapshot of ``markersBeforeScan``.
    private var isSnapshotDue: Bool

    /// Makes the group commit. `live` is the first segment since the opening, and `markers` are the state before it.
    init(_ appender: Appender, live: LiveSegment, durable: LogPosition, markers: Markers, metrics: LogMetrics?) {
        self.appender = appender
        catalog = appender.catalog
        self.metrics = metrics
        state = Monitor(SyncState(durable: durable))
        scanner = CommitScanner(live)
        markersBeforeScan = markers
        isSnapshotDue = !markers.isEmpty
    }

    // MARK: Waiting

    /// Blocks until `target` is durable. If no round is running, the caller leads one on its own thread. Otherwise it waits for the running
    /// round or, if its record came too late for that, for the next. When a round ends, it wakes the threads it covered and one thread of
    /// the next round, which leads it.
    @inline(never)
    func blockUntilDurable(_ target: SyncTarget) throws(WALError) {
        var retryCount = 0
        while true {
            let key = waiters.prepareToWait()
            switch try state.withLock({ state throws(WALError) in try state.role(for: target) }) {
            case .durable: return
            case .leader:
                // The last round stopped short: an earlier producer has claimed but not committed. Let it run.
                if retryCount > 0 { NamedThread.yield(afterTurns: retryCount) }
                retryCount += 1
                do throws(WALError) {
                    try finishLeading { commit throws(WALError) in try commit.advance(syncs: true) }
                } catch {
                    throw Self.indeterminate(because: error)
                }
            case .follower(let round):
                waiters.wait(for: round, key)
                let isLeaderMissing = state.withLock { state in
                    state.didWake(from: round)
                    return state.durable.covers(target) && state.needsLeader(round)
                }
                if isLeaderMissing { waiters[round].wakeOne() }
            }
        }
    }

    /// Suspends until `target` is durable, and requests a sync unless `requestsSync` is false.
    func waitUntilDurable(_ target: SyncTarget, requestsSync: Bool = true) async throws(WALError) {
        // A task on a `BlockingExecutor` syncs on its own thread.
        if requestsSync, cwal_thread_may_block() { return try blockUntilDurable(target) }
        let id = lastTaskID.wrappingAdd(1, ordering: .relaxed).newValue
        let outcome = await withTaskCancellationHandler {
            unsafe await withUnsafeContinuation { (continuation: SyncState.Continuation) in
                let outcome = state.withLock { state -> SyncState.Outcome? in
                    if state.durable.covers(target) { return .success(()) }
                    if let failure = state.failure { return .failure(failure) }
                    if Task.isCancelled { return .failure(.canceledWait) }
                    unsafe state.add(SyncState.WaitingTask(id: id, target: target, continuation: continuation))
                    return nil
                }
                if let outcome { return unsafe continuation.resume(returning: outcome) }
                if requestsSync { appender.syncRequests.requestSync() }
            }
        } onCancel: {
            let continuation = unsafe state.withLock { state in unsafe state.removeTask(id) }
            unsafe continuation?.resume(returning: .failure(.canceledWait))
        }
        try outcome.get()
    }

    // MARK: Leading

    /// Runs `body` as the leader.
    func lead(_ body: (GroupCommit) throws(WALError) -> Void) throws(WALError) {
        try takeLead { state throws(WALError) in if let failure = state.failure { throw failure } }
        try finishLeading(body)
    }

    /// Blocks until this thread leads. Throws if `check` throws.
    func takeLead(_ check: (SyncState) throws(WALError) -> Void = { _ in }) throws(WALError) {
        state.withLock { state in state.leaderCandidates += 1 }
        defer { state.withLock { state in state.leaderCandidates -= 1 } }
        try state.wait { state throws(WALError) -> Void? in
            try check(state)
            return state.takeLead() ? () : nil
        }
    }

    private func finishLeading(_ body: (GroupCommit) throws(WALError) -> Void) throws(WALError) {
        let result = Result { () throws(WALError) in try body(self) }
        if case .failure(let error) = result { poison(error) }
        endRound()
        try result.get()
    }

    /// Ends the round: wakes the waiters it covered, and one waiter of the next round to lead it.
    func endRound() {
        let (served, outcome, round, waiting, next, hasCandidates) = state.withLock { state in
            state.endRound()
            let outcome: SyncState.Outcome = state.failure.map { .failure($0) } ?? .success(())
            return (
                state.takeServed(), outcome, state.round, state.threads[state.round], state.threads[state.round + 1],
                state.leaderCandidates > 0
            )
        }
        if waiting > 0 { waiters[round].wakeAll() }
        if next > 0 {
            if case .failure = outcome { waiters[round + 1].wakeAll() } else { waiters[round + 1].wakeOne() }
        }
        if hasCandidates { state.notifyAll() }
        served.resume(outcome)
    }

    /// Ends all waits, current and later ones, because the log is closed.
    func close() {
        let served = state.withLock { state in
            state.isClosed = true
            state.failure = state.failure ?? WALError(.closed, "The log was closed.")
            return state.takeServed()
        }
        for round in 0...1 as ClosedRange<UInt64> { waiters[round].wakeAll() }
        served.resume(.failure(WALError(.closed, "The log was closed before the record was durable.")))
    }

    // MARK: Syncing, by the leader only

    /// Scans the committed frames, seals the segments that have ended, and syncs.
    func advance(syncs: Bool) throws(WALError) {
        while true {
            scanner.advance()
            // Look for the segment's end only after scanning: a claim may close the segment while we scan.
            guard let next = try sealIfEnded(syncs: syncs || unsynced.count >= Self.unsyncedMax) else { break }
            markersBeforeScan = next.markers
            scanner = CommitScanner(next.live)
            isSnapshotDue = !next.markers.isEmpty
        }
        appendSnapshotIfDue()
        if syncs { try syncScanned() }
    }

    /// Makes all frames before the scanner's position durable.
    func syncScanned() throws(WALError) {
        let reached = scanner.position
        state.withLock { state in state.roundTarget = reached }
        try syncSealed()
        guard reached.position > appender.durablePosition.load(ordering: .relaxed) else { return }
        do throws(WALError) {
            try sync(scanner.live)
        } catch {
            return try replaceScanned(because: error)
        }
        try publish(reached)
    }

    private func syncSealed() throws(WALError) {
        while let live = unsynced.first {
            let number = live.segment.number
            do throws(WALError) {
                try sync(live)
            } catch {
                try replaceSealed(live, because: error)
            }
            unsynced.removeFirst()
            let reached = catalog.state.withLock { state -> LogPosition? in
                state.update(number) { $0.makeDurable() }
                return state.entry(number)?.footer.map { live.segment.logPosition(of: $0.end) }
            }
            if let reached { try publish(reached) }
        }
    }

    private func sync(_ live: LiveSegment) throws(WALError) {
        let start = ContinuousClock.now
        guard !live.hasFailedSync.load(ordering: .relaxed) else {
            // If only the publication failed after a replacement, the new file is durable. Another replacement would be
            // a file that the catalog doesn't know.
            let number = live.segment.number
            if catalog.state.withLock({ $0.entry(number)?.isDurable ?? true }) { return }
            PoisonMark.set(number, in: directory)
            throw WALError(.inputOutput, "A sync of \(live.segment.path) failed earlier, and must not be tried again.")
        }
        live.mapping.releasePages(in: unsyncedPart(of: live))
        do throws(WALError) {
            try PoisonMark.sync(live.file, number: live.segment.number, in: directory)
        } catch {
            live.hasFailedSync.store(true, ordering: .relaxed)
            state.withLock { state in state.syncs.failures += 1 }
            metrics?.recordFailedSync()
            throw error
        }
        let end = ContinuousClock.now
        let duration = end - start
        state.withLock { state in
            state.syncs.durations.record(duration)
            state.recentSyncs.record(duration, at: end)
        }
        metrics?.recordSync(duration)
    }

    /// The part of a segment that its next sync makes durable.
    private func unsyncedPart(of live: LiveSegment) -> Range<Int> {
        let base = live.segment.header.basePosition
        let start = Int(max(appender.durablePosition.load(ordering: .relaxed), base) - base)
        let end = scanner.live === live ? scanner.offset : live.mapping.size
        return start..<max(start, end)
    }

    /// Publishes `reached` as the durable position. Throws if the directory is no longer at its path: see
    /// ``Directory/requireInPlace()``.
    func publish(_ reached: LogPosition) throws(WALError) {
        try directory.requireInPlace()
        appender.durablePosition.store(reached.position, ordering: .releasing)
        appender.durableSequence.store(reached.sequence, ordering: .releasing)
        let served = state.withLock { state in
            state.durable = reached
            return state.takeServed()
        }
        appender.syncRequests.notify(durable: reached)
        appender.outside.becameDurable(reached.position)
        served.resume(.success(()))
    }

    // MARK: Sealing, by the leader only

    /// Writes the footer of the scanner's segment if all of its frames are scanned. Returns the next segment and the markers before it.
    private func sealIfEnded(syncs: Bool) throws(WALError) -> (live: LiveSegment, markers: Markers)? {
        let live = scanner.live
        let number = live.segment.number
        let found = catalog.state.withLock { state -> (next: LiveSegment?, isSealed: Bool, isLast: Bool)? in
            guard let entry = state.entry(number), entry.end == scanner.end else { return nil }
            return (state.entry(after: number)?.live, entry.footer != nil, state.phase.isClosing)
        }
        guard let found else { return nil }
        // Sync before writing the footer, so that its durable distance covers all frames before it. Often there is no
        // later frame that could state this.
        if syncs || found.isLast, !found.isSealed { try syncScanned() }
        let footer = scanner.summary.footer(at: scanner.end, after: markersBeforeScan)
        // A segment that was replaced meanwhile is already sealed.
        let isSealed = catalog.state.withLock { $0.entry(number)?.footer != nil }
        if !isSealed { try seal(live, footer) }
        return found.next.map { ($0, footer.markers) }
    }

    private func seal(_ live: LiveSegment, _ footer: SegmentFooter) throws(WALError) {
        let durable = appender.durablePosition.load(ordering: .relaxed)
        let position = live.segment.position(at: footer.offset)
        let frame = footer.encode(
            durableDistance: Frame.durableDistance(from: position, to: durable), seed: live.segment.seed)
        guard footer.offset + frame.count <= live.mapping.size else {
            throw WALError(
                .invalidArgument, "The footer of \(live.segment.path) doesn't fit. Use fewer cursors and bookmarks.")
        }
        try live.mapping.detach(from: footer.offset + frame.count)
        unsafe frame.withUnsafeBytes { bytes in
            guard let source = bytes.baseAddress else { return }
            let target = unsafe live.mapping.base + footer.offset
            unsafe (target + 8).copyMemory(from: source + 8, byteCount: bytes.count - 8)
            unsafe CommitWord.store(source.load(at: 0), to: target)
        }
        try live.file.truncate(to: footer.offset + frame.count)
        unsynced.append(live)
        catalog.state.withLock { state in
            state.seal(live.segment, footer, fileSize: footer.offset + frame.count)
        }
        catalog.changed()
        appender.tail.wakeAll()
    }

    /// Repeats the markers of the previous segment in the scanned segment, so that the previous one can be removed.
    func appendSnapshotIfDue() {
        guard isSnapshotDue else { return }
        // The snapshot must go into this very segment. In a later one it would claim to be the state at the end of the segment before
        // that, and drop the changes in between.
        let number = scanner.live.segment.number
        guard let slot = catalog.state.withLock({ $0.entry(number)?.slot }) else { return }
        let body = CursorsBody.encode([.snapshot] + markersBeforeScan.snapshot)
        if appender.appendControlIfReady(.cursors, body: body, in: slot) { isSnapshotDue = false }
    }
}
