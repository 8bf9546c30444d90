internal import WAL

/// Who waits for what. A token is what wakes a waiter: a continuation, or a number in tests.
struct WaitList<Token> {
    /// What can be waited for.
    enum Condition: Hashable {
        /// Everything up to here is applied.
        case applied(SequenceNumber)
        /// … and every lane's position in the sink says so.
        case committed(SequenceNumber)
        /// Lane 0 is at or beyond this.
        case laneZero(SequenceNumber)
        /// Somebody waits for this record or a later one to be applied.
        case urgent(SequenceNumber)
        /// Somebody wants positions beyond this in the sink.
        case committing(beyond: SequenceNumber)
        /// The circuit breaker is closed.
        case breakerClosed
        /// A graceful shutdown began.
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

    /// Takes out the waiters whose condition satisfies the predicate.
    mutating func take(where isDue: (Condition) -> Bool) -> [Token] {
        var due: [Token] = []
        entries.removeAll { entry in
            guard isDue(entry.condition) else { return false }
            due.append(entry.token)
            return true
        }
        return due
    }

    /// Takes out one waiter, if it is still there.
    mutating func take(_ id: Int) -> Token? {
        guard let index = entries.firstIndex(where: { $0.id == id }) else { return nil }
        return entries.remove(at: index).token
    }
}
