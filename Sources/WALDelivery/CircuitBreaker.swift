internal import WAL

/// A limit on calls to an unavailable sink. After several consecutive failures all workers park, and one of them
/// tries again at intervals.
struct CircuitBreaker {
    /// The state of the breaker as reported in statistics.
    typealias State = FlusherStatistics.BreakerState

    enum Permission: Hashable {
        case go
        /// Ask again at this time, or when the breaker has closed.
        case wait(until: Duration)
    }

    enum Consequence: Hashable {
        /// The worker pauses by its own back-off.
        case backOff
        /// This failure opened the breaker.
        case opened
        /// The breaker was open already and stays open.
        case parked
    }

    private enum Phase {
        case closed
        case open(until: Duration)
        case probing(worker: Int)
    }

    let failuresMax: Int
    let interval: Duration
    private(set) var failures = 0
    private var phase = Phase.closed

    init(failuresMax: Int, interval: Duration) {
        self.failuresMax = failuresMax
        self.interval = interval
    }

    var state: State {
        switch phase {
        case .closed: .closed
        case .open: .open
        case .probing: .probing
        }
    }

    /// Returns whether a worker may call the sink.
    mutating func permission(worker: Int, now: Duration) -> Permission {
        switch phase {
        case .closed:
            return .go
        case .open(let until) where now < until:
            return .wait(until: until)
        case .open:
            phase = .probing(worker: worker)
            return .go
        case .probing(let prober):
            // The prober asks again after a pause within its probe, for example between claiming and applying.
            return prober == worker ? .go : .wait(until: now + interval)
        }
    }

    /// Resets the failures after the sink answered. Returns whether that closed the breaker.
    mutating func succeeded() -> Bool {
        failures = 0
        if case .closed = phase { return false }
        phase = .closed
        return true
    }

    /// Lets any worker probe the sink, after all workers have ended. A probe that was under way reports no result.
    mutating func workersEnded() {
        if case .probing = phase { phase = .open(until: .zero) }
    }

    /// Counts a failure of a worker to reach the sink.
    mutating func failed(worker: Int, now: Duration) -> Consequence {
        failures += 1
        switch phase {
        case .closed:
            guard failures >= failuresMax else { return .backOff }
            phase = .open(until: now + interval)
            return .opened
        case .probing(worker):
            phase = .open(until: now + interval)
            return .parked
        case .probing, .open:
            // An attempt that began before the breaker opened has ended late. It says nothing new.
            return .parked
        }
    }
}
