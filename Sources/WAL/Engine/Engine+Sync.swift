internal import Logging
internal import Synchronization

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

extension Engine {
    // MARK: Waiting

    /// Blocks until `target` is durable. Who comes while nobody syncs does it itself, without a change of threads; who comes
    /// while somebody does sleeps until the end of that sync or, if it comes too late for it, of the next one. A sync's end wakes
    /// those whom it has served, and of the others one, who leads the next.
    @inline(never)
    func makeDurable(_ target: DurableMark) throws(WALError) {
        var isRetry = false
        while true {
            let moment = sleepers.moment
            switch try syncState.withLock({ state throws(WALError) in try state.turn(for: target) }) {
            case .isDurable: return
            case .lead:
                // Not reached by the last pass: a producer before it has claimed and not committed, and wants to run.
                if isRetry { sched_yield() }
                isRetry = true
                do throws(WALError) {
                    try finishLeading { engine throws(WALError) in try engine.advance(syncs: true) }
                } catch {
                    throw Self.indeterminate(because: error)
                }
            case .sleep(let pass):
                sleepers.sleep(until: pass, since: moment)
                let isLeaderMissing = syncState.withLock { state in
                    state.awoke(from: pass)
                    return state.durable.covers(target) && state.needsLeader(pass)
                }
                if isLeaderMissing { sleepers[pass].wakeOne() }
            }
        }
    }

    /// Runs `body` as the leader.
    func lead(_ body: (Engine) throws(WALError) -> Void) throws(WALError) {
        try takeLead { state throws(WALError) in if let failure = state.failure { throw failure } }
        try finishLeading(body)
    }

    /// Waits for the lead, as long as `check` doesn't throw.
    func takeLead(_ check: (SyncState) throws(WALError) -> Void = { _ in }) throws(WALError) {
        syncState.withLock { state in state.aspirants += 1 }
        defer { syncState.withLock { state in state.aspirants -= 1 } }
        try syncState.wait { state throws(WALError) -> Void? in
            try check(state)
            return state.takeLead() ? () : nil
        }
    }

    private func finishLeading(_ body: (Engine) throws(WALError) -> Void) throws(WALError) {
        let result = Result { () throws(WALError) in try body(self) }
        if case .failure(let error) = result { poison(error) }
        endPass()
        try result.get()
    }

    /// Gives the lead up, and wakes those whom the pass has served, and one who leads the next.
    func endPass() {
        let (served, outcome, pass, sleeping, next, hasAspirants) = syncState.withLock { state in
            state.endPass()
            let outcome: SyncState.Outcome = state.failure.map { .failure($0) } ?? .success(())
            return (
                state.takeServed(), outcome, state.pass, state.threads[state.pass], state.threads[state.pass + 1],
                state.aspirants > 0
            )
        }
        if sleeping > 0 { sleepers[pass].wakeAll() }
        if next > 0 {
            if case .failure = outcome { sleepers[pass + 1].wakeAll() } else { sleepers[pass + 1].wakeOne() }
        }
        if hasAspirants { syncState.signal() }
        served.resume(outcome)
    }

    /// Suspends until `target` is durable; has it synced, unless that is left to others.
    func waitUntilDurable(_ target: DurableMark, requestsSync: Bool = true) async throws(WALError) {
        let id = lastTaskID.wrappingAdd(1, ordering: .relaxed).newValue
        let outcome = await withTaskCancellationHandler {
            unsafe await withUnsafeContinuation { (continuation: SyncState.Continuation) in
                let outcome = syncState.withLock { state -> SyncState.Outcome? in
                    if state.durable.covers(target) { return .success(()) }
                    if let failure = state.failure { return .failure(failure) }
                    if Task.isCancelled { return .failure(Self.cancelled) }
                    unsafe state.add(SyncState.WaitingTask(id: id, target: target, continuation: continuation))
                    return nil
                }
                if let outcome { return unsafe continuation.resume(returning: outcome) }
                if requestsSync { requestSync() }
            }
        } onCancel: {
            let continuation = unsafe syncState.withLock { state in unsafe state.removeTask(id) }
            unsafe continuation?.resume(returning: .failure(Self.cancelled))
        }
        try outcome.get()
    }

    static var cancelled: WALError {
        WALError(.cancelled, "The task was cancelled while it waited; the record may still become durable.")
    }

    // MARK: Leading

    /// Walks behind the producers, seals what has ended, and syncs. For the leader only.
    func advance(syncs: Bool) throws(WALError) {
        while true {
            walker.advance()
            // The end must be looked at after the walk: a claim that closed the segment may come later than what was walked.
            // Each that isn't synced keeps a descriptor open.
            guard let next = try sealIfEnded(syncs: syncs || unsynced.count >= Self.unsyncedMax) else { break }
            namedBeforeWalker = next.named
            walker = CommitWalker(next.live)
            isSnapshotDue = !next.named.isEmpty
        }
        appendSnapshotIfDue()
        if syncs { try syncWalked() }
    }

    /// Makes everything before the walker durable.
    private func syncWalked() throws(WALError) {
        let reached = DurableMark(sequence: walker.sequence, position: walker.position)
        syncState.withLock { state in state.reach = reached }
        try syncSealed()
        guard reached.position > durablePositionWord.load(ordering: .relaxed) else { return }
        do throws(WALError) {
            try sync(walker.live)
        } catch {
            return try replaceWalked(because: error)
        }
        try publish(reached)
    }

    private func syncSealed() throws(WALError) {
        while let live = unsynced.first {
            do throws(WALError) {
                try sync(live)
            } catch {
                try replaceSealed(live, because: error)
            }
            unsynced.removeFirst()
            let mark = state.withLock { state -> DurableMark? in
                guard let index = state.index(of: live.segment.number) else { return nil }
                state.entries[index].live = nil
                return state.entries[index].footer.map { DurableMark(endOf: live.segment, $0) }
            }
            if let mark { try publish(mark) }
        }
    }

    private func sync(_ live: LiveSegment) throws(WALError) {
        let start = ContinuousClock.now
        guard !live.hasFailedSync.load(ordering: .relaxed) else {
            throw WALError(.inputOutput, "A sync of \(live.segment.path) has failed before, and isn't tried again.")
        }
        live.mapping.releasePages(in: unsyncedPart(of: live))
        do throws(WALError) {
            try PoisonMark.sync(live.file, number: live.segment.number, in: directory)
        } catch {
            live.hasFailedSync.store(true, ordering: .relaxed)
            metrics?.recordFailedSync()
            throw error
        }
        syncState.withLock { state in state.syncCount += 1 }
        metrics?.recordSync(ContinuousClock.now - start)
    }

    /// What the next sync of a segment makes durable.
    private func unsyncedPart(of live: LiveSegment) -> Range<Int> {
        let base = live.segment.header.basePosition
        let start = Int(max(durablePositionWord.load(ordering: .relaxed), base) - base)
        let end = walker.live === live ? Int(walker.position - base) : live.mapping.size
        return start..<max(start, end)
    }

    /// Says that everything up to `mark` is durable, unless nobody would find it: see ``Directory/requireInPlace()``.
    func publish(_ mark: DurableMark) throws(WALError) {
        try directory.requireInPlace()
        durablePositionWord.store(mark.position, ordering: .releasing)
        durableSequenceWord.store(mark.sequence, ordering: .releasing)
        let served = syncState.withLock { state in
            state.durable = mark
            return state.takeServed()
        }
        tellSyncThread(mark)
        served.resume(.success(()))
    }

    /// Writes the footer of the walker's segment, if all of its frames have been walked.
    private func sealIfEnded(syncs: Bool) throws(WALError) -> (live: LiveSegment, named: NamedPositions)? {
        let live = walker.live
        let found = state.withLock { state -> (isEnded: Bool, next: LiveSegment?, isSealed: Bool, isLast: Bool) in
            guard let index = state.index(of: live.segment.number), state.entries[index].end == walker.end else {
                return (false, nil, false, false)
            }
            let next = index + 1 < state.entries.count ? state.entries[index + 1].live : nil
            return (true, next, state.entries[index].footer != nil, state.phase.isClosing)
        }
        guard found.isEnded else { return nil }
        // The footer is the segment's last frame, and often the log's: it can say that all before it is durable only if it is.
        if syncs || found.isLast, !found.isSealed { try syncWalked() }
        let footer = walker.summary.footer(at: walker.end, after: namedBeforeWalker)
        // A segment that was replaced meanwhile is sealed.
        let isSealed = state.withLock { $0.footer(of: live.segment.number) != nil }
        if !isSealed { try seal(live, footer) }
        return found.next.map { ($0, footer.named) }
    }

    private func seal(_ live: LiveSegment, _ footer: SegmentFooter) throws(WALError) {
        let durable = durablePositionWord.load(ordering: .relaxed)
        let position = live.segment.position(at: footer.offset)
        let frame = unsafe footer.encodeBody().withUnsafeBytes { body in
            unsafe Frame.encode(
                kind: .footer, recordIndex: UInt32(walker.recordIndex),
                durableDistance: Frame.durableDistance(from: position, to: durable), time: Timestamp.now.rawValue,
                body: body, seed: live.segment.seed, offset: footer.offset)
        }
        guard footer.offset + frame.count <= live.mapping.size else {
            throw WALError(
                .invalidArgument, "The footer of \(live.segment.path) doesn't fit. Use fewer cursors and bookmarks.")
        }
        unsafe frame.withUnsafeBytes { bytes in
            guard let source = bytes.baseAddress else { return }
            let target = unsafe live.mapping.base + footer.offset
            unsafe (target + 8).copyMemory(from: source + 8, byteCount: bytes.count - 8)
            unsafe CommitWord.store(source.load(at: 0), to: target)
        }
        try live.file.truncate(to: footer.offset + frame.count)
        unsynced.append(live)
        state.withLock { state in
            state.sealed(live.segment, footer, fileSize: footer.offset + frame.count)
        }
        stateChanged()
        wakeTailReaders()
    }

    /// Repeats in the walker's segment what the one before it remembered, so that that one can go.
    func appendSnapshotIfDue() {
        guard isSnapshotDue else { return }
        // In the walker's segment and no other, whatever has become the active one meanwhile: in a later one, what was remembered
        // between the two would be forgotten.
        let number = walker.live.segment.number
        let slot = unsafe state.withLock { state in
            unsafe state.index(of: number).flatMap { unsafe state.entries[$0].slot }
        }
        guard let slot = unsafe slot else { return }
        let body = CursorsBody.encode([.snapshot] + namedBeforeWalker.snapshot)
        if unsafe appendControlWithoutWaiting(.cursors, body: body, in: slot) { isSnapshotDue = false }
    }
}
