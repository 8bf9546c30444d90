/// The tasks that wait for an event, each with a number.
struct SuspendedTasks<Outcome: Sendable> {
    typealias Continuation = CheckedContinuation<Outcome, Never>

    private var continuations: [UInt64: Continuation] = [:]
    private var lastID: UInt64 = 0
    var count: Int { continuations.count }

    /// The earliest deadline of the tasks.
    private(set) var deadline: ContinuousClock.Instant?

    mutating func makeID() -> UInt64 {
        lastID += 1
        return lastID
    }

    mutating func add(_ id: UInt64, _ continuation: Continuation, until deadline: ContinuousClock.Instant? = nil) {
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
