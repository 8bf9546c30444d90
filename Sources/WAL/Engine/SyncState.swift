/// A place in the log that is durable, or is to be.
struct DurableMark: Hashable {
    /// The last sequence number at or before the place.
    var sequence: UInt64
    var position: UInt64

    func covers(_ other: DurableMark) -> Bool {
        sequence >= other.sequence && position >= other.position
    }
}

/// Group commit: who syncs, who waits for what.
struct SyncState {
    typealias Outcome = Result<Void, WALError>
    typealias Continuation = UnsafeContinuation<Outcome, Never>

    /// Somebody walks, seals and syncs: a pass. One at a time; the others wait, and are served by it or by the next.
    private(set) var isLeading = false
    /// Counts the passes.
    private(set) var pass: UInt64 = 0
    /// What the pass that runs makes durable, once it has walked.
    var reach: DurableMark?
    private(set) var threads = SleepingThreads()
    /// Threads that want to lead, whatever is durable.
    var aspirants = 0

    var durable: DurableMark
    /// Syncs of segments since the log was opened.
    var syncCount: UInt64 = 0
    /// Why nothing becomes durable any more.
    var failure: WALError?
    /// The tasks that wait.
    private(set) var tasks: [WaitingTask] = []

    init(durable: DurableMark) {
        self.durable = durable
    }

    /// How many threads sleep until a pass ends: at most two passes have any, the one that runs and the next.
    struct SleepingThreads {
        private var even = 0
        private var odd = 0

        subscript(_ pass: UInt64) -> Int {
            get { pass & 1 == 0 ? even : odd }
            set { if pass & 1 == 0 { even = newValue } else { odd = newValue } }
        }
    }

    @safe
    struct WaitingTask {
        var id: UInt64
        var target: DurableMark
        var continuation: Continuation
    }

    /// What a thread that wants `target` durable is to do.
    enum Turn {
        case isDurable
        case lead
        /// Sleep until this pass has ended, or it is one's turn to lead it.
        case sleep(pass: UInt64)
    }

    mutating func turn(for target: DurableMark) throws(WALError) -> Turn {
        if durable.covers(target) { return .isDurable }
        if let failure { throw failure }
        guard isLeading else {
            beginPass()
            return .lead
        }
        // What comes too late for the running pass is the next one's. Until it has walked, nobody knows.
        let served = reach.map { $0.covers(target) ? pass : pass + 1 } ?? pass
        threads[served] += 1
        return .sleep(pass: served)
    }

    /// Takes the lead, if nobody has it.
    mutating func takeLead() -> Bool {
        if isLeading { return false }
        beginPass()
        return true
    }

    private mutating func beginPass() {
        isLeading = true
        pass += 1
        reach = nil
    }

    mutating func endPass() {
        isLeading = false
        reach = nil
    }

    mutating func awoke(from pass: UInt64) {
        threads[pass] -= 1
    }

    /// Whether somebody else has to be woken to lead the pass that the caller was woken for and doesn't need.
    func needsLeader(_ pass: UInt64) -> Bool {
        !isLeading && self.pass < pass && threads[pass] > 0
    }

    // MARK: Tasks

    mutating func add(_ task: WaitingTask) {
        tasks.append(task)
    }

    mutating func removeTask(_ id: UInt64) -> Continuation? {
        guard let index = tasks.firstIndex(where: { $0.id == id }) else { return nil }
        return unsafe tasks.remove(at: index).continuation
    }

    /// Takes out the tasks that needn't wait any more.
    mutating func takeServed() -> [WaitingTask] {
        if tasks.isEmpty { return [] }
        if failure != nil || tasks.allSatisfy({ durable.covers($0.target) }) {
            defer { tasks.removeAll(keepingCapacity: true) }
            return tasks
        }
        let served = tasks.filter { durable.covers($0.target) }
        if !served.isEmpty { tasks.removeAll { durable.covers($0.target) } }
        return served
    }
}

extension [SyncState.WaitingTask] {
    func resume(_ outcome: SyncState.Outcome) {
        for task in self { unsafe task.continuation.resume(returning: outcome) }
    }
}

/// What the sync thread is told.
struct SyncThreadState {
    /// Somebody wants a sync now.
    var isRequested = false
    /// A segment has ended.
    var isSealingDue = false
    /// A producer has appended while the thread was idle.
    var isNudged = false
    var isStopped = false
    /// What the thread waits for others to make durable.
    var awaited: DurableMark?
}
