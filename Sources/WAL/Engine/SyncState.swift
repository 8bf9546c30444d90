/// A place in the log that is durable, or is to be.
struct DurableMark: Hashable {
    /// The last sequence number at or before the place.
    var sequence: UInt64
    var position: UInt64

    func covers(_ other: DurableMark) -> Bool {
        sequence >= other.sequence && position >= other.position
    }
}

/// Group commit: who syncs, who waits for what.
struct SyncState {
    /// Somebody walks, seals and syncs. One at a time; the others wait, and are served by it or take over.
    var isLeading = false
    var durable: DurableMark
    /// Syncs of segments since the log was opened.
    var syncCount: UInt64 = 0
    /// Why nothing becomes durable any more.
    var failure: WALError?
    /// The tasks that wait, by the order of their coming.
    var waiters: [UInt64: Waiter] = [:]
    var nextWaiter: UInt64 = 0
    var thread = SyncThreadState()

    typealias Outcome = Result<Void, WALError>

    struct Waiter {
        var target: DurableMark
        var continuation: CheckedContinuation<Outcome, Never>
    }

    struct SyncThreadState {
        /// Somebody wants a sync now.
        var isRequested = false
        /// A producer has appended while the thread was idle.
        var isNudged = false
        var isStopped = false
    }

    init(durable: DurableMark) {
        self.durable = durable
    }

    /// Takes out the tasks that needn't wait any more.
    mutating func takeServed() -> [CheckedContinuation<Outcome, Never>] {
        let served = waiters.filter { failure != nil || durable.covers($0.value.target) }
        for id in served.keys { waiters[id] = nil }
        return served.values.map(\.continuation)
    }
}
