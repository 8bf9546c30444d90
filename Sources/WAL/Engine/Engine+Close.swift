internal import Logging
internal import Synchronization

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

extension Engine {
    /// Ends, syncs and seals the active segment, stops the threads, removes what was prepared. Waiters are served or told.
    func close() throws(WALError) {
        var isPoisoned = false
        bringPendingNamedIn()
        let isFirst = state.withLock { state in
            switch state.phase {
            case .closing, .closed: return false
            case .open: break
            case .poisoned: isPoisoned = true
            }
            state.phase = .closing
            return true
        }
        guard isFirst else { return }
        stateChanged()
        if isPoisoned { recoverFromPoisoning() }
        if let end = unsafe current.load(ordering: .acquiring)?.close() { registerEnd(end) }
        let result = Result { () throws(WALError) in
            // Claims that were made before the closing are being committed: go on until all of them are in.
            let target = claimed
            repeat {
                sched_yield()
                try lead { engine throws(WALError) in try engine.advance(syncs: true) }
            } while durablePositionWord.load(ordering: .acquiring) < target.position
        }
        stop()
        removePrepared()
        for live in state.withLock({ state in state.entries.compactMap(\.live) }) { live.file.unlock() }
        lock.release()
        logger?.info(
            "closed the log",
            metadata: [
                "wal.directory": "\(directory.path)", "wal.last": "\(durableSequenceWord.load(ordering: .acquiring))",
            ])
        try result.get()
        try requireNothingPending()
    }

    /// What there was no segment for when it was set goes into the next, while segments are opened still.
    private func bringPendingNamedIn() {
        guard pendingNamed.withLock({ !$0.isEmpty }) else { return }
        try? openNextSegment(after: nil, whenFull: .wait(.seconds(1)))
        appendPendingNamed()
    }

    private func requireNothingPending() throws(WALError) {
        let names = pendingNamed.withLock { pending in Set(pending.compactMap(\.name)).sorted() }
        guard !names.isEmpty else { return }
        throw WALError(
            .indeterminate,
            """
            There was no segment for what was set last of these cursors and bookmarks, so the next opening finds what they were \
            before: \(names.joined(separator: ", ")). See to the disk, or raise the log's budget.
            """)
    }

    private func removePrepared() {
        let prepared = state.withLock { state in
            defer { state.prepared = [] }
            return state.prepared
        }
        for segment in prepared { try? directory.remove(SegmentName.of(segment.number)) }
        try? directory.sync()
    }

    private func stop() {
        state.withLock { state in state.phase = .closed }
        stateChanged()
        let waiters = syncState.withLock { state in
            state.failure = state.failure ?? WALError(.closed, "The log was closed.")
            return state.takeServed()
        }
        for pass in 0...1 as ClosedRange<UInt64> { sleepers[pass].wakeAll() }
        stopSyncThread()
        waiters.resume(.failure(WALError(.closed, "The log was closed before the record was durable.")))
        tail.withLock { tail in tail.isClosed = true }
        wakeTailReaders()
        state.wait { state in state.threadCount == 0 ? () : nil }
    }
}
