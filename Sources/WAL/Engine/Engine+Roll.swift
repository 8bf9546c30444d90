internal import Synchronization

/// The wish for an open segment, of one who appends.
struct SegmentRequest {
    /// How long to wait where the disk budget is used up.
    let deadline: ContinuousClock.Instant?
    /// The deadline is over.
    var isLate = false
    var isFirstTry = true
    /// It is this request that opened the segment.
    var isOpener = false

    init(_ whenFull: WriteAheadLog.FullPolicy) {
        if case .wait(let duration) = whenFull { deadline = .now + duration } else { deadline = nil }
        isLate = deadline == nil
    }
}

/// The tasks that wait for a segment.
struct SuspendedTasks {
    /// Whether there is an open segment now; false to look again.
    typealias Outcome = Result<Bool, WALError>
    typealias Continuation = CheckedContinuation<Outcome, Never>

    private var continuations: [UInt64: Continuation] = [:]
    private var lastID: UInt64 = 0
    var count: Int { continuations.count }

    /// When the first of them is late.
    private(set) var deadline: ContinuousClock.Instant?

    mutating func makeID() -> UInt64 {
        lastID += 1
        return lastID
    }

    mutating func add(_ id: UInt64, _ continuation: Continuation, until deadline: ContinuousClock.Instant?) {
        continuations[id] = continuation
        if let deadline { self.deadline = min(deadline, self.deadline ?? deadline) }
    }

    mutating func remove(_ id: UInt64) -> Continuation? {
        continuations.removeValue(forKey: id)
    }

    mutating func removeAll() -> [Continuation] {
        defer {
            continuations = [:]
            deadline = nil
        }
        return Array(continuations.values)
    }
}

extension Engine {
    /// Says where the active segment ends: for the one whose claim crossed the end, or who closed it.
    func registerEnd(_ end: SegmentEnd) {
        state.withLock { state in
            registerEnd(end, &state)
            // Segments that end by their size come in a burst, or before a large record.
            state.preparation.capacity = configuration.segmentSize
        }
        stateChanged()
        requestSealing()
    }

    private func registerEnd(_ end: SegmentEnd, _ state: inout EngineState) {
        unsafe current.store(nil, ordering: .releasing)
        state.entries[state.entries.count - 1].end = end
        state.awaitedEnd = nil
    }

    /// Ends the active segment, which has got as many records as it should with this one, and opens the next. Where it is too early
    /// for that nobody waits: records go on into the old one, and the maintenance thread calls this again.
    @inline(never)
    func endSegment(with sequence: UInt64) {
        let isOpener = state.withLock { state in
            guard case .open = state.phase, let last = state.entries.last, last.end == nil,
                last.segment.header.baseSequence <= sequence
            else { return false }
            state.awaitedEnd = sequence
            guard state.dueEnd != nil else {
                if !state.isNextReady { state.preparation.askAgain() }
                return false
            }
            // Nil where another has closed it or just crossed the end, and is about to register that.
            state.awaitedEnd = nil
            guard let end = unsafe last.slot?.close() else { return false }
            registerEnd(end, &state)
            state.preparation.adaptCapacity(to: end, max: configuration.segmentSize)
            openPrepared(after: end, &state)
            return true
        }
        guard isOpener else { return state.signal() }
        requestSealing()
        stateChanged()
        appendPendingNamed()
    }

    /// Returns when there is an open segment: opens the next one, or waits for another who does.
    func openNextSegment(
        after end: SegmentEnd?, whenFull: WriteAheadLog.FullPolicy? = nil
    ) throws(WALError) {
        if let end { registerEnd(end) }
        var request = SegmentRequest(whenFull ?? configuration.whenFull)
        func attempt(_ state: inout EngineState) throws(WALError) -> Void? {
            try self.attempt(&request, &state) ? () : nil
        }
        if try state.wait(until: request.deadline, attempt) == nil {
            // What is late for another reason than the budget, such as a slow disk, comes.
            request.isLate = true
            try state.wait(attempt)
        }
        finish(request)
    }

    /// Opens the next segment if it is ready. Returns false if it has to be waited for.
    func openPreparedSegment(after end: SegmentEnd?) throws(WALError) -> Bool {
        if let end { registerEnd(end) }
        var request = SegmentRequest(configuration.whenFull)
        let isThere = try state.withLock { state throws(WALError) in try attempt(&request, &state) }
        finish(request)
        return isThere
    }

    /// As ``openNextSegment(after:)``, and suspends instead of blocking.
    func suspendForNextSegment(after end: SegmentEnd?) async throws(WALError) {
        if let end { registerEnd(end) }
        var request = SegmentRequest(configuration.whenFull)
        let id = state.withLock { state in state.suspended.makeID() }
        var isThere = false
        while !isThere {
            request.isLate = request.deadline.map { $0 <= .now } ?? true
            let outcome = await withTaskCancellationHandler {
                await withCheckedContinuation { (continuation: SuspendedTasks.Continuation) in
                    let outcome = state.withLock { state -> SuspendedTasks.Outcome? in
                        let outcome = Result { () throws(WALError) in try attempt(&request, &state) }
                        // A segment that was opened just now counts, cancelled or not: others wait for it.
                        guard case .success(false) = outcome else { return outcome }
                        if Task.isCancelled { return .failure(Self.cancelledBeforeAppend) }
                        state.suspended.add(id, continuation, until: request.isLate ? nil : request.deadline)
                        return nil
                    }
                    if let outcome { continuation.resume(returning: outcome) } else { state.signal() }
                }
            } onCancel: {
                state.withLock { state in state.suspended.remove(id) }?
                    .resume(returning: .failure(Self.cancelledBeforeAppend))
            }
            isThere = try outcome.get()
        }
        finish(request)
    }

    /// Returns true if there is an open segment.
    private func attempt(_ request: inout SegmentRequest, _ state: inout EngineState) throws(WALError) -> Bool {
        try state.requireOpen()
        guard let end = state.entries.last?.end else {
            if state.claimed != nil { return true }
            // Its end is about to be registered. Nobody may claim from it again meanwhile: see `ClaimWord`.
            unsafe current.store(nil, ordering: .releasing)
            return false
        }
        if state.isNextReady {
            openPrepared(after: end, &state)
            request.isOpener = true
            return true
        }
        if request.isFirstTry {
            request.isFirstTry = false
            state.preparation.askAgain()
            self.state.signal()
        }
        if let failure = state.preparation.failure { throw failure }
        if state.preparation.isOverBudget, request.isLate { throw logFull(state.diskSize) }
        return false
    }

    private func openPrepared(after end: SegmentEnd, _ state: inout EngineState) {
        let slot = unsafe state.freeSlots.removeLast()
        let prepared = state.prepared.removeFirst()
        _ = unsafe state.activate(prepared, header: state.header(of: prepared, after: end), in: slot)
        unsafe current.store(slot, ordering: .releasing)
    }

    private func finish(_ request: SegmentRequest) {
        guard request.isOpener else { return }
        stateChanged()
        appendPendingNamed()
    }

    /// Wakes the threads and tasks that wait for a segment, for room, or for work.
    func stateChanged() {
        state.signal()
        wakeSuspended()
    }

    /// Lets the tasks that wait for a segment look again.
    func wakeSuspended() {
        for continuation in state.withLock({ state in state.suspended.removeAll() }) {
            continuation.resume(returning: .success(false))
        }
    }

    private static var cancelledBeforeAppend: WALError {
        WALError(.cancelled, "The task was cancelled while it waited for a segment; nothing was appended.")
    }

    func logFull(_ size: Int) -> WALError {
        WALError(
            .logFull,
            """
            The log's disk budget of \(configuration.diskBudget ?? 0) bytes is used up (\(size)), and retention may remove \
            nothing yet. Let the consumers catch up, keep less, or raise the budget.
            """, isRetriable: true)
    }

    /// Sees to it that no record gets a sequence number up to and with this one any more, and raises the epoch. Returns the last
    /// of them that a record has got nevertheless. Suspends while no segment is ready.
    func skipSequences(through last: UInt64) async throws(WALError) -> UInt64 {
        state.withLock { state in
            state.skippedThrough = max(state.skippedThrough, last)
            state.epoch += 1
        }
        while claimed.sequence < last {
            // Nil where another has just ended it.
            let end = unsafe current.load(ordering: .acquiring)?.close()
            try await suspendForNextSegment(after: end)
        }
        return state.withLock { state in
            let next = state.entries.lazy.map(\.segment.header).first { $0.baseSequence > last }
            return min(last, next?.predecessor.finalSequence ?? last)
        }
    }

    /// Ends the active segment, so that it is sealed and the next record starts another.
    func roll() throws(WALError) {
        guard let end = unsafe current.load(ordering: .acquiring)?.close() else { return }
        try openNextSegment(after: end)
    }

    /// The same, and suspends where no segment is ready.
    func rollSuspending() async throws(WALError) {
        guard let end = unsafe current.load(ordering: .acquiring)?.close() else { return }
        try await suspendForNextSegment(after: end)
    }
}

extension EngineState {
    /// How long a segment is open at least before the number of its records ends it, because each costs some syncs: one task
    /// saved 1.1 million tasks a second without this, 1.33 million with 10 ms, and 1.53 million with 50 ms, where segments of 8 MiB
    /// end by their size (medians of five and six runs with 5000 records a segment).
    private static let openTimeMin: Duration = .milliseconds(50)

    /// When the active segment can be ended by its records; nil while the next isn't ready.
    private var endTime: ContinuousClock.Instant? { isNextReady ? openingTime + Self.openTimeMin : nil }

    /// The active segment should have ended, can be by now, and with this record.
    var dueEnd: UInt64? {
        if let awaitedEnd, let endTime, endTime <= .now { awaitedEnd } else { nil }
    }

    /// When the maintenance thread has to look, whatever happens.
    func deadline(before latest: ContinuousClock.Instant) -> ContinuousClock.Instant {
        min(latest, suspended.deadline ?? latest, awaitedEnd == nil ? latest : endTime ?? latest)
    }

    fileprivate func header(of prepared: PreparedSegment, after end: SegmentEnd) -> SegmentHeader {
        let last = entries[entries.count - 1].segment
        var header = SegmentHeader(
            logID: last.header.logID, segmentNumber: prepared.number, incarnation: prepared.incarnation,
            capacity: UInt64(prepared.mapping.size), state: .active)
        let finalSequence = last.header.baseSequence + end.recordCount - 1
        header.baseSequence = max(finalSequence, skippedThrough) + 1
        header.basePosition = last.position(at: end.offset)
        header.epoch = epoch
        header.predecessor = SegmentHeader.Predecessor(
            number: last.number, incarnation: last.header.lineage, length: UInt64(end.offset),
            finalSequence: finalSequence)
        return header
    }

    /// Makes a prepared segment the active one. Its header becomes durable with its first frames, in one sync.
    mutating func activate(
        _ prepared: PreparedSegment, header: SegmentHeader, in slot: UnsafeMutablePointer<Slot>
    ) -> LiveSegment {
        var header = header
        header.bootID = .current
        header.creationTime = Timestamp.now.rawValue
        header.uptime = KernelRun.now.uptime
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
        openingTime = .now
        unsafe slot.open(used: SegmentHeader.size)
        return live
    }
}

extension EngineState.Preparation {
    /// How long after a failure the disk isn't tried again.
    private static let retryInterval: Duration = .milliseconds(100)

    private static let capacityMin = 1 << 20
    private static let capacityStep = 64 << 10

    /// The number of its records has ended a segment, here. Twice what they took leaves room while the next is prepared; and
    /// halves, because bursts rarely come alone.
    fileprivate mutating func adaptCapacity(to end: SegmentEnd, max sizeMax: Int) {
        let wanted = max(2 * end.offset, capacity / 2, Self.capacityMin)
        capacity = min((wanted + Self.capacityStep - 1) / Self.capacityStep * Self.capacityStep, sizeMax)
    }

    /// Somebody wants a segment: what failed a while ago is tried again.
    mutating func askAgain() {
        isDemanded = true
        isOverBudget = false
        if let lastFailure, ContinuousClock.now - lastFailure < Self.retryInterval { return }
        failure = nil
    }
}
