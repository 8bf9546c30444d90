/// The state of group commit: the leader, the rounds, and the waiters.
struct SyncState {
    typealias Outcome = Result<Void, WALError>
    typealias Continuation = UnsafeContinuation<Outcome, Never>

    /// Whether a thread leads a round: it scans, seals and syncs. Other threads wait for this round or the next.
    private(set) var isLeading = false
    /// The number of the running round, or of the last one.
    private(set) var round: UInt64 = 0
    /// The position that the running round makes durable; nil until it has scanned.
    var roundTarget: LogPosition?
    private(set) var threads = WaitingThreads()
    /// The number of threads that wait to lead, regardless of the durable position.
    var leaderCandidates = 0

    var durable: LogPosition
    /// The waits of threads and tasks for a sync since the log was opened. A thread that waits for two rounds counts twice.
    private(set) var waitCount: UInt64 = 0
    /// The segment syncs since the log was opened.
    var syncs = LogStatus.Syncs()
    var recentSyncs = RecentDurations()
    /// The reason why nothing becomes durable at the moment; nil if there is none.
    var failure: WALError?
    /// Whether the log is closed. Its failure is final.
    var isClosed = false
    /// The waiting tasks.
    private(set) var tasks: [WaitingTask] = []

    /// The numbers of threads that wait for the end of a round. At most two rounds have any, the running one and the next.
    struct WaitingThreads {
        private var even = 0
        private var odd = 0

        subscript(_ round: UInt64) -> Int {
            get { round & 1 == 0 ? even : odd }
            set { if round & 1 == 0 { even = newValue } else { odd = newValue } }
        }
    }

    @safe
    struct WaitingTask {
        var id: UInt64
        var target: SyncTarget
        var continuation: Continuation
    }

    /// The role of a thread that needs a target to be durable.
    enum Role {
        /// The thread does nothing, because the target is durable.
        case durable
        case leader
        /// The thread waits until this round ends, or until it is the thread's turn to lead it.
        case follower(round: UInt64)
    }

    mutating func role(for target: SyncTarget) throws(WALError) -> Role {
        if durable.covers(target) { return .durable }
        if let failure { throw failure }
        waitCount += 1
        guard isLeading else {
            beginRound()
            return .leader
        }
        // A record that is too late for the running round belongs to the next one. Before the round has scanned, it
        // covers all records.
        let served = roundTarget.map { $0.covers(target) ? round : round + 1 } ?? round
        threads[served] += 1
        return .follower(round: served)
    }

    /// Takes the lead. Returns false if another thread leads.
    mutating func takeLead() -> Bool {
        if isLeading { return false }
        beginRound()
        return true
    }

    private mutating func beginRound() {
        isLeading = true
        round += 1
        roundTarget = nil
    }

    mutating func endRound() {
        isLeading = false
        roundTarget = nil
    }

    mutating func didWake(from round: UInt64) {
        threads[round] -= 1
    }

    /// Whether the caller, which was woken to lead this round and doesn't need to, must wake another thread for it.
    func needsLeader(_ round: UInt64) -> Bool {
        !isLeading && self.round < round && threads[round] > 0
    }

    // MARK: Tasks

    mutating func add(_ task: WaitingTask) {
        waitCount += 1
        tasks.append(task)
    }

    mutating func removeTask(_ id: UInt64) -> Continuation? {
        guard let index = tasks.firstIndex(where: { $0.id == id }) else { return nil }
        return unsafe tasks.remove(at: index).continuation
    }

    /// Removes and returns the tasks whose wait is over.
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
