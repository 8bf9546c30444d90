internal import WAL

/// Keeps the workers from hammering a sink that is away: after some failures in a row all park, and one tries now and then.
struct CircuitBreaker {
    /// The breaker as others see it.
    enum State: Hashable {
        case closed, open, probing
    }

    enum Permission: Hashable {
        case go
        /// Ask again at this time, or when the breaker has closed.
        case wait(until: Duration)
    }

    enum Consequence: Hashable {
        /// Pause by the worker's own back-off.
        case backOff
        /// The breaker opened just now.
        case opened
        /// It was open, and stays so.
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

    /// Whether a worker may call the sink.
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
            // The prober asks again when a pause within its probe is over, such as between claiming and applying.
            return prober == worker ? .go : .wait(until: now + interval)
        }
    }

    /// The sink answered. Returns whether that closed the breaker.
    mutating func succeeded() -> Bool {
        failures = 0
        if case .closed = phase { return false }
        phase = .closed
        return true
    }

    /// The sink was away.
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
            // An attempt from before the breaker opened ended late: it says nothing new.
            return .parked
        }
    }
}
