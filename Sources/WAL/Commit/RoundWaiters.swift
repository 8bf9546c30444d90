/// The threads that wait for the end of a round of group commit: those of the running round on one event count, those of the next
/// round on the other.
struct RoundWaiters {
    private let even = EventCount()
    private let odd = EventCount()

    /// The state of both event counts at one time.
    struct Key {
        fileprivate let even: UInt32
        fileprivate let odd: UInt32
    }

    /// Returns a key for ``wait(for:_:)``. Call it before you check whether to wait.
    func prepareToWait() -> Key { Key(even: even.prepareToWait(), odd: odd.prepareToWait()) }

    /// Blocks until a wake-up of the round's waiters after the key was made.
    func wait(for round: UInt64, _ key: Key) {
        self[round].wait(round & 1 == 0 ? key.even : key.odd)
    }

    subscript(_ round: UInt64) -> EventCount { round & 1 == 0 ? even : odd }
}
