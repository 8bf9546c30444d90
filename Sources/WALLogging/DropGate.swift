internal import Synchronization

/// Decides whether a thread tries to append a line while the log accepts none, and counts the dropped lines. It uses
/// only atomics.
///
/// While the log accepts no lines, each attempt would take a lock and wake maintenance. So a failure begins a pause,
/// during which lines are dropped without an attempt. After the pause one thread tries, and the first success ends the
/// pause for all threads.
final class DropGate: Sendable {
    /// The time at which the pause ends, in microseconds since `start`. Without a pause, the negated number of pauses
    /// that a success has ended so far, or 0. So each period without a pause has its own value.
    private let pauseEnd = Atomic<Int64>(0)
    private let endedPauses = Atomic<Int64>(0)
    /// Whether the log is closed. Then every line is worth an attempt, because the line goes to standard error.
    private let isEnded = Atomic(false)
    /// The number of dropped lines that no record reports yet.
    private let unreported = Atomic<UInt64>(0)
    private let total = Atomic<UInt64>(0)
    private let start = ContinuousClock.now

    /// The number of lines dropped so far.
    var dropped: UInt64 { total.load(ordering: .relaxed) }

    /// The permission to try to append. ``drop(_:pause:)`` takes it after a failure.
    struct Attempt {
        fileprivate let pauseEnd: Int64
    }

    /// Returns an attempt if the calling thread may try to append. Otherwise counts a dropped line and returns nil.
    func enter() -> Attempt? {
        let end = pauseEnd.load(ordering: .relaxed)
        if end <= 0 || isEnded.load(ordering: .relaxed) { return Attempt(pauseEnd: end) }
        let now = self.now
        // The new end of the pause keeps other threads out until this attempt succeeds or fails.
        let next = now + Self.microseconds(Pause.refused)
        if now >= end, pauseEnd.compareExchange(expected: end, desired: next, ordering: .relaxed).exchanged {
            return Attempt(pauseEnd: next)
        }
        count(1)
        return nil
    }

    /// Returns the number of dropped lines that the caller must report. If it can't report them, the caller restores
    /// the number.
    func takeUnreported() -> UInt64 {
        if unreported.load(ordering: .relaxed) == 0 { return 0 }
        return unreported.exchange(0, ordering: .relaxed)
    }

    func restore(_ count: UInt64) {
        unreported.add(count, ordering: .relaxed)
    }

    /// Notes that the log is closed.
    func end() { isEnded.store(true, ordering: .relaxed) }

    /// Notes that the log accepts lines, and ends a pause.
    func open() {
        guard pauseEnd.load(ordering: .relaxed) > 0 else { return }
        pauseEnd.store(-endedPauses.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
    }

    /// Counts a line that the log didn't accept, and begins a pause. If another thread has begun or ended a pause since
    /// the attempt, that state stays.
    func drop(_ attempt: Attempt, pause: Duration) {
        count(1)
        _ = pauseEnd.compareExchange(
            expected: attempt.pauseEnd, desired: now + Self.microseconds(pause), ordering: .relaxed)
    }

    private func count(_ lines: UInt64) {
        unreported.add(lines, ordering: .relaxed)
        total.add(lines, ordering: .relaxed)
    }

    /// The time since `start` in microseconds: at least 1, because 0 isn't the end of a pause.
    private var now: Int64 { max(1, Self.microseconds(start.duration(to: .now))) }

    private static func microseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }

    enum Pause {
        /// The pause while the next segment isn't ready.
        static let notReady: Duration = .milliseconds(1)
        /// The pause while the log refuses lines. After a failure, the log's maintenance tries to make a segment no
        /// more often than this.
        static let refused: Duration = .milliseconds(100)
    }
}
