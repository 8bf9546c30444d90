internal import Synchronization

extension Engine {
    /// Says where the active segment ends: for the one whose claim crossed the end, or who closed it.
    func registerEnd(_ end: SegmentEnd) {
        state.withLock { state in
            state.entries[state.entries.count - 1].end = end
            state.isSealingDue = true
        }
        state.signal()
    }

    /// Returns when there is an open segment: opens the next one, or waits for another who does.
    func openNextSegment(after end: SegmentEnd?) throws(WALError) {
        if let end { registerEnd(end) }
        let deadline: ContinuousClock.Instant? =
            if case .wait(let duration) = configuration.whenFull { .now + duration } else { nil }
        var isFirstTry = true
        var isLate = false
        var isOpener = false
        func attempt(_ state: inout EngineState) throws(WALError) -> Void? {
            try state.requireOpen()
            guard let end = state.entries.last?.end else {
                // Open, or its end is about to be registered.
                return state.claimed == nil ? nil : ()
            }
            if !state.prepared.isEmpty, let slot = unsafe state.freeSlots.popLast() {
                let prepared = state.prepared.removeFirst()
                let header = state.header(of: prepared, after: end, epoch: epoch)
                _ = unsafe state.activate(prepared, header: header, in: slot)
                unsafe current.store(slot, ordering: .releasing)
                isOpener = true
                self.state.signal()
                return ()
            }
            if isFirstTry {
                isFirstTry = false
                state.preparation.askAgain()
                self.state.signal()
            }
            if let failure = state.preparation.failure { throw failure }
            if state.preparation.isOverBudget, isLate || deadline == nil { throw logFull(state.diskSize) }
            return nil
        }
        defer { if isOpener { appendPendingNamed() } }
        if try state.wait(until: deadline, attempt) != nil { return }
        // What is late for another reason than the budget, such as a slow disk, comes.
        isLate = true
        try state.wait(attempt)
    }

    private func logFull(_ size: Int) -> WALError {
        WALError(
            .logFull,
            """
            The log's disk budget of \(configuration.diskBudget ?? 0) bytes is used up (\(size)), and retention may remove \
            nothing yet. Let the consumers catch up, keep less, or raise the budget.
            """, isRetriable: true)
    }

    /// Ends the active segment, so that it is sealed and the next record starts another.
    func roll() throws(WALError) {
        guard let end = unsafe current.load(ordering: .acquiring).close() else { return }
        try openNextSegment(after: end)
    }
}

extension EngineState {
    fileprivate func header(of prepared: PreparedSegment, after end: SegmentEnd, epoch: UInt64) -> SegmentHeader {
        let last = entries[entries.count - 1].segment
        var header = SegmentHeader(
            logID: last.header.logID, segmentNumber: prepared.number, incarnation: prepared.incarnation,
            capacity: UInt64(prepared.mapping.size), state: .active)
        header.baseSequence = last.header.baseSequence + end.recordCount
        header.basePosition = last.position(at: end.offset)
        header.epoch = epoch
        header.predecessor = SegmentHeader.Predecessor(
            number: last.number, incarnation: last.header.lineage, length: UInt64(end.offset),
            finalSequence: header.baseSequence - 1)
        return header
    }

    /// Makes a prepared segment the active one. Its header becomes durable with its first frames, in one sync.
    mutating func activate(
        _ prepared: PreparedSegment, header: SegmentHeader, in slot: UnsafeMutablePointer<Slot>
    ) -> LiveSegment {
        var header = header
        header.bootID = .current
        header.creationTime = Timestamp.now.rawValue
        let segment = Segment(header: header, path: prepared.file.path)
        let live = LiveSegment(segment: segment, file: prepared.file, mapping: prepared.mapping)
        unsafe header.encode(to: prepared.mapping.base)
        unsafe slot.pointee.base = prepared.mapping.base
        unsafe slot.pointee.seed = segment.seed
        unsafe slot.pointee.baseSequence = header.baseSequence
        unsafe slot.pointee.basePosition = header.basePosition
        unsafe slot.pointee.bias = slot.pointee.frameLimit - live.frameLimit
        unsafe entries.append(
            Entry(segment: segment, end: nil, footer: nil, fileSize: prepared.mapping.size, live: live, slot: slot))
        unsafe slot.open(used: SegmentHeader.size)
        return live
    }
}

extension EngineState.Preparation {
    /// How long after a failure the disk isn't tried again.
    private static let retryInterval: Duration = .milliseconds(100)

    /// Somebody wants a segment: what failed a while ago is tried again.
    mutating func askAgain() {
        isDemanded = true
        isOverBudget = false
        if let lastFailure, ContinuousClock.now - lastFailure < Self.retryInterval { return }
        failure = nil
    }
}
