internal import WAL

/// A list of waiters and their conditions. A token wakes a waiter: a continuation, or a number in tests.
struct WaitList<Token> {
    /// A condition that a waiter can wait for.
    enum Condition: Hashable {
        /// Every record up to this one is applied.
        case applied(SequenceNumber)
        /// Every record up to this one is applied, and every lane's position in the sink includes it.
        case committed(SequenceNumber)
        /// All workers without lane 0 wait at this barrier, or are past it.
        case arrived(SequenceNumber)
        /// Lane 0 has reached this position.
        case laneZero(SequenceNumber)
        /// A caller waits for this record or a later one to be applied.
        case urgent(SequenceNumber)
        /// A caller waits for positions past this one in the sink.
        case committing(beyond: SequenceNumber)
        /// The circuit breaker is closed.
        case breakerClosed
        /// A graceful shutdown has begun.
        case shutdown
        /// The sink was asked for the first time.
        case asked
    }

    private struct Entry {
        var id: Int
        var condition: Condition
        var token: Token
    }

    private var entries: [Entry] = []
    private var lastID = 0

    var isEmpty: Bool { entries.isEmpty }

    mutating func makeID() -> Int {
        lastID += 1
        return lastID
    }

    mutating func add(_ id: Int, _ condition: Condition, _ token: Token) {
        entries.append(Entry(id: id, condition: condition, token: token))
    }

    /// Removes the waiters whose condition satisfies the predicate, and returns their tokens.
    mutating func take(where isDue: (Condition) -> Bool) -> [Token] {
        var due: [Token] = []
        entries.removeAll { entry in
            guard isDue(entry.condition) else { return false }
            due.append(entry.token)
            return true
        }
        return due
    }

    /// Removes a waiter and returns its token, or nil if it is no longer waiting.
    mutating func take(_ id: Int) -> Token? {
        guard let index = entries.firstIndex(where: { $0.id == id }) else { return nil }
        return entries.remove(at: index).token
    }
}
