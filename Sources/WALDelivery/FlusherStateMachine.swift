internal import WAL

/// The state that the workers of a flusher share, and its waiters. Pure: each change returns the tokens of the
/// waiters to wake.
struct FlusherStateMachine<Token> {
    typealias Condition = WaitList<Token>.Condition

    enum Phase {
        case idle, running
        case ended(WALError)
    }

    private struct Worker {
        var scanned: SequenceNumber
        var committed: SequenceNumber
        /// The barrier at which the worker waits, and its lanes, which move with the barrier.
        var waiting: (barrier: SequenceNumber, lanes: OwnedLanes)?
    }

    private(set) var phase = Phase.idle
    private var workers: [Worker] = []
    private var laneZero: SequenceNumber = .zero
    private var urgentThrough: SequenceNumber = .zero
    private var committingThrough: SequenceNumber = .zero
    private var isShuttingDown = false
    private var wasAsked = false
    /// The numbers of the gaps that were counted. Workers begin at different positions.
    private var gaps = RangeSet<UInt64>()
    private var waiters = WaitList<Token>()
    var breaker: CircuitBreaker
    var cursor = CursorPacer()
    var contact = SinkContact()
    /// The time of the oldest record that wasn't applied at the last look.
    var oldest: Timestamp?
    var counters = FlusherStatistics()
    var latencies = LatencyHistogram()
    /// The durations of ``latencies``, in the buckets of the log's status.
    var durations = DurationHistogram()

    init(breaker: CircuitBreaker) {
        self.breaker = breaker
    }

    /// The last sequence number up to which every record is applied. Zero until the sink was asked.
    var applied: SequenceNumber { appliedIfKnown ?? .zero }
    /// ``applied``, or nil until the sink has reported its positions.
    var appliedIfKnown: SequenceNumber? { workers.lazy.map(\.scanned).min() }
    /// The lowest position of all lanes in the sink.
    var committed: SequenceNumber { workers.lazy.map(\.committed).min() ?? .zero }

    // MARK: Life

    /// Begins the run. Returns false if it was begun before.
    mutating func begin() -> Bool {
        guard case .idle = phase else { return false }
        phase = .running
        return true
    }

    /// Takes the positions of each worker's lanes from a claim.
    mutating func claimed(_ lanes: [OwnedLanes]) -> [Token] {
        workers = lanes.map { Worker(scanned: $0.scannedMin, committed: $0.committed) }
        laneZero = lanes.first?.laneZero ?? .zero
        return takeSatisfied()
    }

    /// Notes that the sink was asked for the first time, whether it answered or not.
    mutating func asked() -> [Token] {
        guard !wasAsked else { return [] }
        wasAsked = true
        return takeSatisfied()
    }

    mutating func shutDown() -> [Token] {
        isShuttingDown = true
        return takeSatisfied()
    }

    /// Ends all waits, current and future.
    mutating func end(_ error: WALError) -> [Token] {
        phase = .ended(error)
        return waiters.take { _ in true }
    }

    // MARK: Progress

    /// Counts a gap of the log that a worker has met. Returns false if another worker, or an earlier read, has
    /// counted it.
    mutating func passed(_ gap: LogGap) -> Bool {
        let numbers = gap.first.rawValue..<max(gap.first, gap.last ?? gap.first).next.rawValue
        let new = RangeSet(numbers).subtracting(gaps)
        if new.isEmpty { return false }
        if gap.isLoss { counters.sequencesLost += new.ranges.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) } }
        gaps.formUnion(new)
        return true
    }

    mutating func moved(_ worker: Int, _ lanes: OwnedLanes) -> [Token] {
        workers[worker].scanned = lanes.scannedMin
        workers[worker].committed = lanes.committed
        if let position = lanes.laneZero { laneZero = position }
        // The owner of a barrier has the lanes of the workers that wait there, too.
        for other in workers.indices {
            guard let range = workers[other].waiting?.lanes.range, range.clamped(to: lanes.range) == range else {
                continue
            }
            workers[other].waiting?.lanes = lanes.part(range)
        }
        return takeSatisfied()
    }

    // MARK: Barriers

    /// Notes that a worker without lane 0 waits at a barrier. The owner of lane 0 moves the worker's lanes with the
    /// barrier, unless the barrier is applied already.
    mutating func arrived(_ worker: Int, at barrier: SequenceNumber, with lanes: OwnedLanes) -> [Token] {
        guard laneZero < barrier else { return [] }
        workers[worker].waiting = (barrier, lanes)
        return takeSatisfied()
    }

    /// Returns the lanes of all workers, for the owner of lane 0, once all others wait at a barrier; nil if one of them
    /// is past it.
    func allLanes(at barrier: SequenceNumber, with owned: OwnedLanes) -> OwnedLanes? {
        let others = workers.dropFirst().compactMap { worker -> OwnedLanes? in
            guard let waiting = worker.waiting, waiting.barrier == barrier else { return nil }
            return waiting.lanes
        }
        return others.count + 1 == workers.count ? OwnedLanes(joining: [owned] + others) : nil
    }

    /// Ends a worker's wait at a barrier. Returns its lanes after the barrier; nil if it had nothing to wait for.
    mutating func left(_ worker: Int) -> OwnedLanes? {
        workers[worker].waiting.take()?.lanes
    }

    /// Lets workers that hold a record up to `sequence` apply their batch without waiting for more.
    mutating func expedite(through sequence: SequenceNumber) -> [Token] {
        urgentThrough = max(urgentThrough, sequence)
        return takeSatisfied()
    }

    /// Lets idle workers write positions up to `sequence` into the sink.
    mutating func commitPositions(through sequence: SequenceNumber) -> [Token] {
        committingThrough = max(committingThrough, sequence)
        return expedite(through: sequence)
    }

    // MARK: Waiting

    mutating func makeWaiterID() -> Int {
        waiters.makeID()
    }

    /// Adds a waiter. Returns the result if there is nothing to wait for.
    mutating func wait(_ id: Int, for condition: Condition, _ token: Token) -> Result<Void, WALError>? {
        if isSatisfied(condition) { return .success(()) }
        if case .ended(let error) = phase { return .failure(error) }
        waiters.add(id, condition, token)
        return nil
    }

    mutating func cancelWait(_ id: Int) -> Token? {
        waiters.take(id)
    }

    /// Removes the waiters for records after `durable`, which would wait in vain.
    mutating func failWaiters(beyond durable: SequenceNumber) -> [Token] {
        waiters.take { condition in
            switch condition {
            case .applied(let sequence), .committed(let sequence): sequence > durable
            default: false
            }
        }
    }

    mutating func takeSatisfied() -> [Token] {
        if waiters.isEmpty { return [] }
        // Taken out meanwhile, because the conditions read the rest of the state.
        var list = waiters
        waiters = WaitList()
        defer { waiters = list }
        return list.take { isSatisfied($0) }
    }

    func isSatisfied(_ condition: Condition) -> Bool {
        switch condition {
        case .applied(let sequence): applied >= sequence
        case .committed(let sequence): committed >= sequence
        case .arrived(let sequence): arrivedMin >= sequence
        case .laneZero(let sequence): laneZero >= sequence
        case .urgent(let sequence): urgentThrough >= sequence
        case .committing(let sequence): committingThrough > sequence
        case .breakerClosed: breaker.state == .closed
        case .shutdown: isShuttingDown
        case .asked: wasAsked
        }
    }

    /// The barrier that all workers without lane 0 have reached. The largest number if there are no such workers.
    private var arrivedMin: SequenceNumber {
        workers.dropFirst().lazy.map { max($0.scanned, $0.waiting?.barrier ?? .zero) }.min()
            ?? SequenceNumber(rawValue: .max)
    }
}
