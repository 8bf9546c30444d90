internal import WAL

/// A queue of actions with times: retries, timeouts, and waits that may last for days. One task sleeps for all of them.
///
/// An entry that is no longer needed may stay until its time. Its action then has no effect.
final class TimerQueue: Sendable {
    private struct Entry: Sendable {
        var due: Timestamp
        var number: UInt64
        var isNeeded: (@Sendable () -> Bool)?
        var action: @Sendable () -> Void
    }

    /// The smallest number of entries at which the entries that aren't needed are removed.
    private static let purgeCountMin = 1024

    private struct State {
        var entries = BinaryHeap<Entry> { ($0.due, $0.number) < ($1.due, $1.number) }
        var lastNumber: UInt64 = 0
        /// The number of entries at which the next purge is due: twice the number that the last purge left.
        var purgeCount = TimerQueue.purgeCountMin
        var sleeper: Task<Void, Never>?
        var wakesAt: Timestamp?
        var isClosed = false
    }

    private let clock: FlowClock
    private let state = Monitor(State())

    init(clock: FlowClock) {
        self.clock = clock
    }

    /// The number of entries.
    var count: Int { state.withLock { $0.entries.count } }

    /// Calls `action` at a time, or at once if the time has passed. After the queue is closed, `action` isn't called.
    ///
    /// - Parameter isNeeded: Returns whether the action would still have an effect. It runs under the lock of the
    ///   queue, so it must not take another lock.
    func add(
        at due: Timestamp, while isNeeded: (@Sendable () -> Bool)? = nil, _ action: @escaping @Sendable () -> Void
    ) {
        state.withLock { state in
            guard !state.isClosed else { return }
            state.lastNumber += 1
            if state.entries.count >= state.purgeCount {
                state.entries.removeAll { $0.isNeeded?() == false }
                state.purgeCount = max(Self.purgeCountMin, 2 * state.entries.count)
            }
            state.entries.insert(Entry(due: due, number: state.lastNumber, isNeeded: isNeeded, action: action))
            if let wakesAt = state.wakesAt, wakesAt <= due { return }
            state.sleeper?.cancel()
            state.wakesAt = due
            // It runs the actions of all callers, with the task-local values of none.
            state.sleeper = Task.detached { [weak self] in await self?.sleep(until: due) }
        }
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            state.sleeper?.cancel()
            while state.entries.popFirst() != nil {}
        }
    }

    private func sleep(until first: Timestamp) async {
        var next: Timestamp? = first
        while let due = next {
            while clock.now() < due {
                do { try await clock.sleep(due) } catch { return }
            }
            next = fire()
        }
    }

    /// Runs the actions that are due. Returns the next time; nil if this sleeper is no longer needed.
    private func fire() -> Timestamp? {
        while true {
            let (action, next) = state.withLock { state -> ((@Sendable () -> Void)?, Timestamp?) in
                guard !state.isClosed, !Task.isCancelled else { return (nil, nil) }
                guard let first = state.entries.first else {
                    state.wakesAt = nil
                    return (nil, nil)
                }
                guard first.due <= clock.now() else {
                    state.wakesAt = first.due
                    return (nil, first.due)
                }
                return (state.entries.popFirst()?.action, nil)
            }
            guard let action else { return next }
            action()
        }
    }
}
