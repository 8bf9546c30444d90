internal import WAL

/// The state of a consumer: its window, the iteration that delivers, and the saving of the position.
final class ConsumerCore: Sendable {
    private struct State {
        var window: ConsumerWindow
        var saved: SequenceNumber
        var savedAt = ContinuousClock.now
        /// The number of iterations so far. Only the last one delivers.
        var iteration = 0
        /// The saving of the last position; nil while the consumer is open.
        var closing: Task<WALError?, Never>?
        /// The log for records that the consumer sets aside, once there was one. Opening it for each record would take a segment each.
        var deadLetters: DeadLetterLog?
        /// The iterator that waits for room in the window.
        var waiter: CheckedContinuation<Void, Never>?
        /// The wait for records that is under way.
        var wait: Task<WALError?, Never>?
        /// The error of the last save, until it is thrown.
        var saveError: WALError?

        var isClosed: Bool { closing != nil }
    }

    let name: String
    let place: any ConsumerPlace
    let configuration: ConsumerConfiguration
    private let state: Monitor<State>
    private let startedAt = ContinuousClock.now

    init(_ name: String, _ place: any ConsumerPlace, _ configuration: ConsumerConfiguration) {
        self.name = name
        self.place = place
        self.configuration = configuration
        let beginning = place.beginning
        state = Monitor(
            State(
                window: ConsumerWindow(
                    position: beginning.position, knownLast: beginning.last, attempts: beginning.attempts,
                    limit: configuration.window),
                saved: beginning.position))
        startSaving()
    }

    var position: SequenceNumber { state.withLock { $0.window.position } }

    // MARK: Iterating

    /// Begins an iteration after the position, and ends the one before.
    func beginIteration() -> (number: Int, reader: LogReader) {
        let (number, position, waiter) = state.withLock { state in
            state.iteration += 1
            state.window.restart()
            state.wait?.cancel()
            return (state.iteration, state.window.position, state.waiter.take())
        }
        waiter?.resume()
        let isUnmoved = place.beginning.isAtFirst && position == place.beginning.position
        return (number, place.reader(after: isUnmoved ? nil : position))
    }

    /// Acknowledges all deliveries, if asking for the next one does that. Throws the error of a save that failed since.
    func askForNext(_ iteration: Int) throws(WALError) {
        let error = state.withLock { state -> WALError? in
            guard state.iteration == iteration else { return nil }
            if configuration.acknowledgement == .automatic { state.window.acknowledgeAll() }
            return state.saveError.take()
        }
        if let error { throw error }
    }

    /// Suspends until a delivery has room in the window. Returns false once the consumer is closed.
    func waitForRoom(_ iteration: Int) async throws(WALError) -> Bool {
        while true {
            if Task.isCancelled { throw .waitCancelled }
            switch try room(iteration) {
            case .open: return true
            case .closed: return false
            case .full: break
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isDue = state.withLock { state in
                        if state.isClosed || !state.window.isFull || state.iteration != iteration || Task.isCancelled {
                            return true
                        }
                        state.waiter = continuation
                        return false
                    }
                    if isDue { continuation.resume() }
                }
            } onCancel: {
                state.withLock { $0.waiter.take() }?.resume()
            }
        }
    }

    enum Room { case open, full, closed }

    func room(_ iteration: Int) throws(WALError) -> Room {
        try state.withLock { state throws(WALError) in
            guard try isCurrent(iteration, state.iteration, isClosed: state.isClosed) else { return .closed }
            return state.window.isFull ? .full : .open
        }
    }

    /// Returns false once the consumer is closed, and throws for an iteration that has ended.
    private func isCurrent(_ iteration: Int, _ current: Int, isClosed: Bool) throws(WALError) -> Bool {
        if isClosed { return false }
        guard current == iteration else {
            throw WALError(
                .invalidArgument, "Another iteration of the consumer \(name) has begun. Use one at a time.")
        }
        return true
    }

    func pass(through sequence: SequenceNumber, _ iteration: Int) {
        state.withLock { state in
            if state.iteration == iteration { state.window.pass(through: sequence) }
        }
    }

    /// Delivers an entry up to and including a number. Returns nil if it was acknowledged in an earlier iteration.
    func deliver(
        _ entry: LogEntry, through sequence: SequenceNumber, _ iteration: Int
    ) throws(WALError) -> ConsumerReader.Step? {
        try state.withLock { state throws(WALError) -> ConsumerReader.Step? in
            guard try isCurrent(iteration, state.iteration, isClosed: state.isClosed) else { return .end }
            guard let (ticket, redeliveries) = state.window.deliver(through: sequence) else { return nil }
            return .delivery(entry, ticket: ticket, redeliveries: redeliveries)
        }
    }

    /// Acknowledges a delivery. Does nothing after the end of its iteration: the record comes again.
    func acknowledge(_ ticket: Int, _ iteration: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.iteration == iteration, !state.isClosed else { return nil }
            return state.window.acknowledge(ticket) ? state.waiter.take() : nil
        }
        waiter?.resume()
    }

    /// Notes the wait for records, so that ``close()`` can end it. Returns false if the consumer is closed, or another iteration has begun.
    func begin(_ wait: Task<WALError?, Never>, _ iteration: Int) -> Bool {
        state.withLock { state in
            if state.isClosed || state.iteration != iteration { return false }
            state.wait = wait
            return true
        }
    }

    // MARK: Saving

    /// Saves the position before another record is delivered, if this is soon after a start that follows a crash. So the position reaches
    /// a record that crashes the process before any save is due, and the record is the first one of the next start.
    func saveAfterCrash(_ iteration: Int) async {
        guard place.beginning.attempts > 0, ContinuousClock.now - startedAt < configuration.saveInterval else { return }
        let position = state.withLock { state -> SequenceNumber? in
            let position = state.window.position
            return !state.isClosed && state.iteration == iteration && position > state.saved ? position : nil
        }
        if let position { await save(position) }
    }

    private func startSaving() {
        let renewal = place.renewalInterval.map { $0 / 2 }
        let interval = min(configuration.saveInterval, renewal ?? configuration.saveInterval)
        Task { [weak self] in
            while true {
                try? await Task.sleep(for: interval)
                guard let core = self, await core.saveIfDue() else { return }
            }
        }
    }

    /// Saves the position if it has moved, or if its last save is long ago. Returns false once the consumer is closed.
    private func saveIfDue() async -> Bool {
        let (isClosed, position) = state.withLock { state -> (Bool, SequenceNumber?) in
            let position = state.window.position
            let isOld = place.renewalInterval.map { ContinuousClock.now - state.savedAt >= $0 / 2 } ?? false
            return (state.isClosed, position > state.saved || isOld ? position : nil)
        }
        if isClosed { return false }
        if let position { await save(position) }
        return true
    }

    private func save(_ position: SequenceNumber) async {
        do throws(WALError) {
            try await place.save(position)
            state.withLock { state in
                state.saved = max(state.saved, position)
                state.savedAt = .now
            }
        } catch {
            state.withLock { $0.saveError = error }
        }
    }

    /// Saves the position and gives up the name. A second call waits for the first one. Canceling the task doesn't end it.
    func close() async throws(WALError) {
        let closing = state.withLock { state -> Task<WALError?, Never> in
            if let closing = state.closing { return closing }
            state.wait?.cancel()
            let (position, isDone, waiter) = (state.window.position, state.window.openCount == 0, state.waiter.take())
            let closing = Task { [self] () -> WALError? in
                waiter?.resume()
                // First, because the next owner of the name may set records aside at once.
                await self.state.withLock({ $0.deadLetters.take() })?.release()
                return await errorThrown { () async throws(WALError) in
                    try await self.place.close(at: position, isDone: isDone)
                }
            }
            state.closing = closing
            return closing
        }
        if let error = await closing.value { throw error }
    }

    // MARK: Setting records aside

    /// Returns the log for records that an iteration sets aside. Throws `closed` once the iteration has ended: its deliveries come again.
    func deadLetters(_ iteration: Int) async throws(WALError) -> DeadLetterLog {
        func known() throws(WALError) -> DeadLetterLog? {
            try state.withLock { state throws(WALError) in
                guard !state.isClosed, state.iteration == iteration else {
                    throw WALError(
                        .closed, "The delivery's iteration has ended. The record isn't set aside, and comes again.")
                }
                return state.deadLetters
            }
        }
        if let letters = try known() { return letters }
        let letters = try await place.deadLetters()
        state.withLock { state in
            if !state.isClosed { state.deadLetters = letters }
        }
        _ = try known()
        return letters
    }
}
