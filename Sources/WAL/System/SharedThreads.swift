internal import CWALShims

/// The threads that the logs on one file system share for one kind of work.
///
/// While there are fewer threads than `threadMax`, one is free unless all duties run. So a log whose turn takes long
/// doesn't delay the others, and a lone log has one thread. The threads end after the last duty.
final class SharedThreads: Sendable {
    private struct State {
        var rota = DutyRota()
        var threadCount = 0
        /// The threads without a turn.
        var freeCount = 0
        /// The time until which one of them, the timekeeper, waits: the next one in the rota, unless all threads have turns.
        var timekeeperDeadline: ContinuousClock.Instant?
        /// The duties that were removed during their turn, and whose removers wait for its end.
        var ending: Set<Int> = []

        /// Whether no thread waits for the next time in the rota.
        var needsTimekeeper: Bool {
            guard let next = rota.nextTime else { return false }
            return timekeeperDeadline.map { next < $0 } ?? true
        }
    }

    private let name: String
    private let threadMax: Int
    private let isUrgent: Bool
    private let state = Monitor(State())
    /// Held while a duty is added, so that a duty whose thread can't be started doesn't rely on a thread that another
    /// call is still starting.
    private let adding = Monitor<UInt8>(0)
    /// The end of a turn whose duty is removed.
    private let ends = EventCount()

    /// `name` has at most 15 bytes.
    init(_ name: String, threadMax: Int, isUrgent: Bool = true) {
        self.name = name
        self.threadMax = threadMax
        self.isUrgent = isUrgent
    }

    /// The number of running threads.
    var threadCount: Int { state.withLock { $0.threadCount } }

    /// Whether a turn is due and no thread is free for it.
    var isCrowded: Bool { state.withLock { $0.freeCount == 0 && $0.rota.hasDue } }

    /// Adds a duty, which waits for ``wake(_:)``. Returns its number.
    func add(_ turn: @escaping DutyRota.Turn) throws(WALError) -> Int {
        try adding.withLock { _ throws(WALError) in
            let number = state.withLock { $0.rota.add(turn) }
            do throws(WALError) {
                try startThreadIfNeeded()
            } catch {
                // If there are other threads, they do the work.
                guard state.withLock({ $0.threadCount == 0 }) else { return number }
                remove(number)
                throw error
            }
            return number
        }
    }

    /// Asks for a turn that begins after this call.
    func wake(_ number: Int) {
        let isDue = state.withLock { state in state.rota.wake(number) && state.freeCount > 0 }
        if isDue { state.notifyOne() }
    }

    /// Removes a duty. Blocks while its turn runs.
    func remove(_ number: Int) {
        let isRunning = state.withLock { state in
            let isRunning = !state.rota.remove(number)
            if isRunning { state.ending.insert(number) }
            return isRunning
        }
        while isRunning {
            let key = ends.prepareToWait()
            if state.withLock({ !$0.ending.contains(number) }) { break }
            ends.wait(key)
        }
        if state.withLock({ $0.rota.isEmpty }) { state.notifyAll() }
    }

    // MARK: Threads

    private func startThreadIfNeeded() throws(WALError) {
        let isNeeded = state.withLock { state in
            let isNeeded = state.freeCount == 0 && state.threadCount < threadMax && state.rota.hasIdleDuties
            if isNeeded {
                state.threadCount += 1
                state.freeCount += 1
            }
            return isNeeded
        }
        guard isNeeded else { return }
        do throws(WALError) {
            try NamedThread.start(name) { self.run() }
        } catch {
            state.withLock { state in
                state.threadCount -= 1
                state.freeCount -= 1
            }
            throw error
        }
    }

    /// Takes turns until there are no duties.
    private func run() {
        if !isUrgent { cwal_lower_thread_priority() }
        while let (number, turn) = nextTurn() {
            // Without another thread, the other duties wait for this turn.
            try? startThreadIfNeeded()
            finish(number, turn())
        }
    }

    /// Waits for a turn, and takes it. Returns nil if there are no duties.
    private func nextTurn() -> (number: Int, turn: DutyRota.Turn)? {
        var deadlineKept: ContinuousClock.Instant?
        var wakesAnother = false
        let turn = state.wait { state, deadline -> (number: Int, turn: DutyRota.Turn)?? in
            if deadlineKept != nil, deadlineKept == state.timekeeperDeadline { state.timekeeperDeadline = nil }
            deadlineKept = nil
            if let turn = state.rota.takeDue() {
                state.freeCount -= 1
                wakesAnother = state.freeCount > 0 && (state.rota.hasDue || state.needsTimekeeper)
                return .some(turn)
            }
            if state.rota.isEmpty {
                state.threadCount -= 1
                state.freeCount -= 1
                return .some(nil)
            }
            if state.needsTimekeeper {
                deadlineKept = state.rota.nextTime
                state.timekeeperDeadline = deadlineKept
                deadline = deadlineKept
            }
            return nil
        }
        if wakesAnother { state.notifyOne() }
        return turn
    }

    private func finish(_ number: Int, _ next: Duty.Next) {
        let isEnding = state.withLock { state in
            state.rota.finish(number, next)
            state.freeCount += 1
            return state.ending.remove(number) != nil
        }
        if isEnding { ends.wakeAll() }
    }
}
