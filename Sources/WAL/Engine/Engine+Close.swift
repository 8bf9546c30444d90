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
        lock.release()
        try result.get()
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
