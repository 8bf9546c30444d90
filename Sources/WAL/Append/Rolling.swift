/// The change from one segment to the next.
extension Appender {
    /// Registers the end of the active segment. The producer whose claim has crossed the end calls it, and so does the thread that has
    /// closed the slot.
    func registerEnd(_ end: SegmentEnd) {
        catalog.state.withLock { state in
            registerEnd(end, &state)
            state.pipeline.segmentEndedBySize()
        }
        catalog.changed()
        syncRequests.requestSealing()
    }

    private func registerEnd(_ end: SegmentEnd, _ state: inout CatalogState) {
        setCurrent(nil)
        state.endActive(at: end)
    }

    /// Ends the active segment, which has reached its number of records with this one, and opens the next. While it is too early for
    /// that, records continue in the old segment, and maintenance calls this function again.
    @inline(never)
    func rollAfter(_ sequence: UInt64) {
        let didOpen = catalog.state.withLock { state in
            guard case .open = state.phase, let last = state.entries.last, last.end == nil,
                last.segment.header.baseSequence <= sequence
            else { return false }
            state.awaitedEnd = sequence
            guard state.dueEnd != nil else {
                if !state.isNextReady { state.pipeline.demand() }
                return false
            }
            // Nil if another thread has closed the slot, or has just crossed the end and is about to register that.
            state.awaitedEnd = nil
            guard let end = last.slot?.close() else { return false }
            registerEnd(end, &state)
            state.pipeline.segmentEndedByRecords(at: end)
            openPrepared(after: end, &state)
            return true
        }
        guard didOpen else { return catalog.maintenance.wake() }
        syncRequests.requestSealing()
        catalog.changed()
        flushPendingMarkers()
    }

    /// Blocks until a segment is open: opens the next one, or waits for another thread to do it. A segment that is made for this call has
    /// room for a frame of this size; one that is ready may be too small. A call with `whenFull` isn't counted as an append.
    func openNextSegment(
        after end: SegmentEnd?, for frameSize: Int = 0, whenFull: WriteAheadLog.FullPolicy? = nil
    ) throws(WALError) {
        if let end { registerEnd(end) }
        var request = SegmentRequest(
            for: frameSize, whenFull ?? catalog.configuration.whenFull, isAppend: whenFull == nil)
        func tryOpen(_ state: inout CatalogState) throws(WALError) -> Void? {
            try tryOpenSegment(&request, &state) ? () : nil
        }
        defer { count(request) }
        try counting(request) { () throws(WALError) in
            if try catalog.state.wait(until: request.deadline, tryOpen) == nil {
                // Only the disk budget limits the wait. If the segment is late for another reason, such as a slow disk, keep waiting.
                request.isDeadlinePassed = true
                try catalog.state.wait(tryOpen)
            }
        }
        finish(request)
    }

    /// Opens the next segment if it is ready. Returns false otherwise.
    func openPreparedSegment(after end: SegmentEnd?, for frameSize: Int) throws(WALError) -> Bool {
        if let end { registerEnd(end) }
        var request = SegmentRequest(for: frameSize, catalog.configuration.whenFull)
        let isOpen = try counting(request) { () throws(WALError) in
            try catalog.state.withLock { state throws(WALError) in try tryOpenSegment(&request, &state) }
        }
        finish(request)
        return isOpen
    }

    /// Suspends until a segment is open, as ``openNextSegment(after:for:whenFull:)`` blocks.
    func suspendForNextSegment(
        after end: SegmentEnd?, for frameSize: Int = 0, whenFull: WriteAheadLog.FullPolicy? = nil
    ) async throws(WALError) {
        if let end { registerEnd(end) }
        var request = SegmentRequest(
            for: frameSize, whenFull ?? catalog.configuration.whenFull, isAppend: whenFull == nil)
        let id = catalog.state.withLock { state in state.suspended.makeID() }
        defer { count(request) }
        var isOpen = false
        while !isOpen {
            request.isDeadlinePassed = request.deadline.map { $0 <= .now } ?? true
            let outcome = await withTaskCancellationHandler {
                await withCheckedContinuation { (continuation: CheckedContinuation<Result<Bool, WALError>, Never>) in
                    let outcome = catalog.state.withLock { state -> Result<Bool, WALError>? in
                        let outcome = Result { () throws(WALError) in try tryOpenSegment(&request, &state) }
                        // If this request has just opened a segment, the request succeeds even if it was canceled:
                        // other appends wait for that segment.
                        guard case .success(false) = outcome else { return outcome }
                        if Task.isCancelled { return .failure(Self.canceledBeforeAppend) }
                        state.suspended.add(
                            id, continuation, until: request.isDeadlinePassed ? nil : request.deadline)
                        return nil
                    }
                    if let outcome { continuation.resume(returning: outcome) } else { catalog.maintenance.wake() }
                }
            } onCancel: {
                catalog.state.withLock { state in state.suspended.remove(id) }?
                    .resume(returning: .failure(Self.canceledBeforeAppend))
            }
            isOpen = try counting(request, outcome.get)
        }
        finish(request)
    }

    /// Returns true if a segment is open now.
    private func tryOpenSegment(_ request: inout SegmentRequest, _ state: inout CatalogState) throws(WALError) -> Bool {
        try state.requireOpen()
        guard let end = state.entries.last?.end else {
            if state.claimed != nil { return true }
            // The segment's end is about to be registered. No producer may claim from it again meanwhile: see
            // `ClaimWord`.
            setCurrent(nil)
            return false
        }
        if state.isNextReady {
            openPrepared(after: end, &state)
            request.didOpen = true
            return true
        }
        // The segment of an earlier demand may have been filled by others. Without another demand, the budget isn't
        // checked, and the deadline has no effect.
        if request.isFirstTry || !state.pipeline.isDemanded {
            request.isFirstTry = false
            state.pipeline.demand(for: request.frameSize)
            catalog.maintenance.wake()
        }
        request.wait = state.pipeline.isOverBudget ? .budget : .segment
        if let failure = state.pipeline.failure(for: request.frameSize) { throw failure }
        if state.pipeline.isOverBudget, request.isDeadlinePassed { throw catalog.logFull(state.diskSize) }
        return false
    }

    private func openPrepared(after end: SegmentEnd, _ state: inout CatalogState) {
        setCurrent(state.openNext(after: end))
    }

    private func count(_ request: SegmentRequest) {
        if request.isAppend, let wait = request.wait { counters.count(wait, ContinuousClock.now - request.start) }
    }

    /// Counts the failure of an append.
    private func counting<Result>(
        _ request: SegmentRequest, _ body: () throws(WALError) -> Result
    ) throws(WALError) -> Result {
        do throws(WALError) { return try body() } catch {
            if request.isAppend { counters.count(error) }
            throw error
        }
    }

    private func finish(_ request: SegmentRequest) {
        guard request.didOpen else { return }
        catalog.changed()
        flushPendingMarkers()
    }

    private static var canceledBeforeAppend: WALError {
        WALError(.cancelled, "The task was canceled while it waited for a segment. Nothing was appended.")
    }

    /// Ensures that no new record gets a sequence number up to and including `last`, and raises the epoch. Suspends
    /// while no segment is ready. Returns the highest of these numbers that a record already has.
    ///
    /// - Throws: ``WALError/Code/invalidArgument`` for a number that no record can have.
    func skipSequences(through last: UInt64) async throws(WALError) -> UInt64 {
        guard last < SequenceNumber.omittedMax else {
            throw WALError(
                .invalidArgument,
                """
                The position \(last) is beyond the numbers that a log can leave out, which end at 2^61. Correct it where it \
                is stored.
                """)
        }
        catalog.state.withLock { state in
            state.skippedThrough = max(state.skippedThrough, last)
            state.epoch += 1
        }
        while catalog.waitForClaimed().sequence < last {
            // Nil if another thread has just ended it.
            let end = closeCurrent()
            try await suspendForNextSegment(after: end)
        }
        return catalog.state.withLock { state in
            let next = state.entries.lazy.map(\.segment.header).first { $0.baseSequence > last }
            return min(last, next?.predecessor.finalSequence ?? last)
        }
    }

    /// Ensures that the next record of a replica gets the number `next`, by the start of another segment if needed. Blocks while no
    /// segment is ready. The caller keeps others from appending records.
    ///
    /// - Throws: ``WALError/Code/invalidArgument`` if the next record would get a higher number.
    func advance(to next: UInt64) throws(WALError) {
        var claimed = catalog.waitForClaimed().sequence
        if claimed + 1 < next {
            catalog.state.withLock { state in
                state.skippedThrough = next - 1
                state.epoch += 1
            }
            do throws(WALError) {
                while claimed + 1 < next {
                    // Nil if another thread has just ended it.
                    let end = closeCurrent()
                    try openNextSegment(after: end)
                    claimed = catalog.waitForClaimed().sequence
                }
            } catch {
                // The caller may continue with a lower number.
                catalog.state.withLock { $0.skippedThrough = 0 }
                throw error
            }
        }
        guard claimed + 1 == next else {
            throw WALError(
                .invalidArgument,
                """
                The replica \(catalog.directory.path) can't take record \(next): an append that failed has skipped the \
                numbers up to and including \(claimed). Open the replica again, and continue after its position.
                """)
        }
    }

    /// Ends the active segment, so that it is sealed and the next record starts another. Blocks while no segment is ready.
    func roll() throws(WALError) {
        guard let end = closeCurrent() else { return }
        try openNextSegment(after: end)
    }

    /// Ends the active segment as ``roll()`` does. Suspends while no segment is ready.
    func rollSuspending() async throws(WALError) {
        guard let end = closeCurrent() else { return }
        try await suspendForNextSegment(after: end)
    }
}
