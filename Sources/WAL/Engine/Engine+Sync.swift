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
    /// while somebody does waits for the end of that sync, and is served by the next one together with all the others.
    @inline(never)
    func makeDurable(_ target: DurableMark) throws(WALError) {
        var isRetry = false
        while try !becomeLeader(unlessDurable: target) {
            // Not reached by the last pass: a producer before it has claimed and not committed, and wants to run.
            if isRetry { sched_yield() }
            isRetry = true
            try finishLeading { engine throws(WALError) in try engine.advance(syncs: true) }
        }
    }

    /// Returns true if `target` is durable, and false if the caller is the leader now.
    private func becomeLeader(unlessDurable target: DurableMark) throws(WALError) -> Bool {
        try syncState.wait { state throws(WALError) -> Bool? in
            if state.durable.covers(target) { return true }
            if let failure = state.failure { throw failure }
            if state.isLeading { return nil }
            state.isLeading = true
            return false
        } ?? true
    }

    /// Runs `body` as the leader.
    func lead(_ body: (Engine) throws(WALError) -> Void) throws(WALError) {
        try syncState.wait { state throws(WALError) -> Void? in
            if let failure = state.failure { throw failure }
            if state.isLeading { return nil }
            state.isLeading = true
            return ()
        }
        try finishLeading(body)
    }

    private func finishLeading(_ body: (Engine) throws(WALError) -> Void) throws(WALError) {
        let result = Result { () throws(WALError) in try body(self) }
        if case .failure(let error) = result { poison(error) }
        let (served, outcome) = syncState.withLock { state in
            state.isLeading = false
            let outcome: SyncState.Outcome = state.failure.map { .failure($0) } ?? .success(())
            return (state.takeServed(), outcome)
        }
        syncState.signal()
        for continuation in served { continuation.resume(returning: outcome) }
        try result.get()
    }

    /// Suspends until `target` is durable; has it synced, unless that is left to others.
    func waitUntilDurable(_ target: DurableMark, requestsSync: Bool = true) async throws(WALError) {
        let id = syncState.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<SyncState.Outcome, Never>) in
                let outcome = syncState.withLock { state -> SyncState.Outcome? in
                    if state.durable.covers(target) { return .success(()) }
                    if let failure = state.failure { return .failure(failure) }
                    if Task.isCancelled { return .failure(Self.cancelled) }
                    state.waiters[id] = SyncState.Waiter(target: target, continuation: continuation)
                    if requestsSync { state.thread.isRequested = true }
                    return nil
                }
                if let outcome { continuation.resume(returning: outcome) } else { syncState.signal() }
            }
        } onCancel: {
            let waiter = syncState.withLock { state in state.waiters.removeValue(forKey: id) }
            waiter?.continuation.resume(returning: .failure(Self.cancelled))
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
            guard let next = try sealIfEnded(syncs: syncs) else { break }
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
        try syncSealed()
        guard reached.position > durablePositionWord.load(ordering: .relaxed) else { return }
        do throws(WALError) {
            try sync(walker.live)
            publish(reached)
        } catch {
            try replaceWalked(because: error)
        }
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
            if let mark { publish(mark) }
        }
    }

    private func sync(_ live: LiveSegment) throws(WALError) {
        let start = ContinuousClock.now
        guard !live.hasFailedSync.load(ordering: .relaxed) else {
            throw WALError(.inputOutput, "A sync of \(live.segment.path) has failed before, and isn't tried again.")
        }
        do throws(WALError) {
            try live.file.sync()
        } catch {
            live.hasFailedSync.store(true, ordering: .relaxed)
            metrics?.recordFailedSync()
            // What the kernel shows of this file from now on may not be on the disk: the next opening must know.
            _ = try? File(directory.path(of: SegmentName.poisoned(live.segment.number)), .create)
            try? directory.sync()
            throw error
        }
        syncState.withLock { state in state.syncCount += 1 }
        metrics?.recordSync(ContinuousClock.now - start)
    }

    func publish(_ mark: DurableMark) {
        durablePositionWord.store(mark.position, ordering: .releasing)
        durableSequenceWord.store(mark.sequence, ordering: .releasing)
        let served = syncState.withLock { state in
            state.durable = mark
            return state.takeServed()
        }
        syncState.signal()
        for continuation in served { continuation.resume(returning: .success(())) }
    }

    /// Writes the footer of the walker's segment, if all of its frames have been walked.
    private func sealIfEnded(syncs: Bool) throws(WALError) -> (live: LiveSegment, named: NamedPositions)? {
        let live = walker.live
        let found = state.withLock { state -> (isEnded: Bool, next: LiveSegment?, isSealed: Bool) in
            guard let index = state.index(of: live.segment.number), state.entries[index].end == walker.end else {
                return (false, nil, false)
            }
            let next = index + 1 < state.entries.count ? state.entries[index + 1].live : nil
            return (true, next, state.entries[index].footer != nil)
        }
        guard found.isEnded else { return nil }
        // The footer is the segment's last frame, and often the log's: it can say that all before it is durable only if it is.
        if syncs, !found.isSealed { try syncWalked() }
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
