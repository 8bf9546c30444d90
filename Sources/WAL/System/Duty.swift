internal import Synchronization

/// The recurring work of one log, done by ``SharedThreads`` one turn after another.
final class Duty: Sendable {
    /// The next turn of a duty.
    enum Next {
        /// Immediately, after the turns of other duties that are due.
        case again
        /// After the next ``Duty/wake()``, or at this time.
        case wait(until: ContinuousClock.Instant?)
    }

    private static let none = -1

    private let threads: SharedThreads
    /// The number of the duty among those of its threads; ``none`` before ``start(_:)``.
    private let number = Atomic<Int>(Duty.none)

    init(_ threads: SharedThreads) {
        self.threads = threads
    }

    /// Starts the duty. A first turn follows at once. Turns never overlap, and each sees the stores of the one before
    /// it.
    ///
    /// - Throws: ``WALError/Code/inputOutput`` if the system can't start a thread.
    func start(_ turn: @escaping @Sendable () -> Next) throws(WALError) {
        let number = try threads.add(turn)
        self.number.store(number, ordering: .releasing)
        threads.wake(number)
    }

    /// Asks for a turn that begins after this call.
    func wake() {
        let number = number.load(ordering: .acquiring)
        if number != Self.none { threads.wake(number) }
    }

    /// Ends the duty. Blocks while a turn runs. Not to be called by the turn.
    func end() {
        let number = number.exchange(Self.none, ordering: .acquiringAndReleasing)
        if number != Self.none { threads.remove(number) }
    }
}
