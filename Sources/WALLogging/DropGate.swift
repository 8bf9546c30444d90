internal import Synchronization

/// Decides whether a line is worth an attempt while the log takes none, and counts the dropped lines. It uses only atomics.
///
/// While the log takes no lines, an attempt would take a lock and wake maintenance. So after a failure lines are dropped
/// without an attempt for a pause. After the pause one thread tries, and the first success ends the pause for all.
final class DropGate: Sendable {
    /// The time at which the pause ends, in microseconds since `start`. Without a pause, the negative number of pauses that a success has
    /// ended so far, or 0. So each time without a pause has a value of its own.
    private let pauseEnd = Atomic<Int64>(0)
    private let endedPauses = Atomic<Int64>(0)
    /// Whether the log is closed: then every line is worth an attempt, because it goes to standard error.
    private let isEnded = Atomic(false)
    /// The number of dropped lines that no record reports.
    private let unreported = Atomic<UInt64>(0)
    private let total = Atomic<UInt64>(0)
    private let start = ContinuousClock.now

    /// The number of lines dropped so far.
    var dropped: UInt64 { total.load(ordering: .relaxed) }

    /// The permission to try to append, for ``drop(_:pause:)``.
    struct Attempt {
        fileprivate let pauseEnd: Int64
    }

    /// Returns an attempt if the calling thread may try to append. Counts a dropped line otherwise.
    func enter() -> Attempt? {
        let end = pauseEnd.load(ordering: .relaxed)
        if end <= 0 || isEnded.load(ordering: .relaxed) { return Attempt(pauseEnd: end) }
        let now = self.now
        // The new end keeps other threads out until this one has succeeded or failed.
        let next = now + Self.microseconds(Pause.refused)
        if now >= end, pauseEnd.compareExchange(expected: end, desired: next, ordering: .relaxed).exchanged {
            return Attempt(pauseEnd: next)
        }
        count(1)
        return nil
    }

    /// Returns the number of dropped lines that the caller must report, or restore if it can't.
    func takeUnreported() -> UInt64 {
        if unreported.load(ordering: .relaxed) == 0 { return 0 }
        return unreported.exchange(0, ordering: .relaxed)
    }

    func restore(_ count: UInt64) {
        unreported.add(count, ordering: .relaxed)
    }

    /// Notes that the log is closed.
    func end() { isEnded.store(true, ordering: .relaxed) }

    /// Notes that the log takes lines.
    func open() {
        guard pauseEnd.load(ordering: .relaxed) > 0 else { return }
        pauseEnd.store(-endedPauses.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
    }

    /// Counts a line that the log didn't take, and begins a pause, unless another thread has begun or ended one since the attempt.
    func drop(_ attempt: Attempt, pause: Duration) {
        count(1)
        _ = pauseEnd.compareExchange(
            expected: attempt.pauseEnd, desired: now + Self.microseconds(pause), ordering: .relaxed)
    }

    private func count(_ lines: UInt64) {
        unreported.add(lines, ordering: .relaxed)
        total.add(lines, ordering: .relaxed)
    }

    /// At least 1, because 0 isn't the end of a pause.
    private var now: Int64 { max(1, Self.microseconds(start.duration(to: .now))) }

    private static func microseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }

    enum Pause {
        /// The next segment isn't ready yet.
        static let notReady: Duration = .milliseconds(1)
        /// The log refuses lines. Its maintenance tries no more often than this to make a segment after a failure.
        static let refused: Duration = .milliseconds(100)
    }
}
