public import WAL
public import WALDelivery

/// How a ``BufferedTaskStorage`` is, at one moment. Made of what is known already: the store isn't asked.
///
/// | Probe | Rule | Why |
/// | --- | --- | --- |
/// | readiness | ``isAccepting`` | a store that is away is no reason: changes are taken all the same |
/// | liveness | ``isDelivering`` | only delivery that has ended for good needs a new start; a full disk and a store that is away don't |
public struct TaskStorageHealth: Sendable {
    /// Why changes are refused.
    public struct Refusal: Sendable {
        /// The kind of the reason. More may come: keep a default branch.
        public enum Reason: String, Sendable {
            /// The disk is full.
            case diskFull
            /// ``TaskBufferConfiguration/diskBudget`` is used up, and the store lacks what could be removed.
            case budgetUsedUp
            /// The log's disk has failed. The log tries again every second.
            case logFailed
            /// The storage, or its log, was closed.
            case closed
        }

        /// The kind of the reason.
        public var reason: Reason
        /// What the log says, where it has refused.
        public var error: WALError?
    }

    /// Why changes are refused at the moment; nil while they are accepted. It ends by itself, without anyone trying.
    public var refusal: Refusal?
    /// Changes in the log that a power loss would take.
    public var durableLag: UInt64
    /// Whether the store answers, and since when; or what delivery has ended with.
    public var store: FlusherHealth.SinkState
    /// What the store lacks. The age is as of a second ago.
    public var deliveryLag: FlusherLag
    /// Changes that the store couldn't take, since the storage was opened.
    public var deadLetters: UInt64

    /// Whether changes are accepted.
    public var isAccepting: Bool { refusal == nil }
    /// Whether changes reach the store, or will when it is back.
    public var isDelivering: Bool {
        if case .ended = store { false } else { true }
    }
}

extension BufferedTaskStorage {
    /// How the storage is: for probes, which it never keeps waiting. ``ping()`` asks the store.
    public var health: TaskStorageHealth {
        let delivery = flusher.health
        let durable = writeAheadLog.durableSequence
        let last = writeAheadLog.lastSequence
        return TaskStorageHealth(
            refusal: refusal, durableLag: last > durable ? last.rawValue - durable.rawValue : 0, store: delivery.sink,
            deliveryLag: delivery.lag, deadLetters: delivery.deadLetters)
    }

    private var refusal: TaskStorageHealth.Refusal? {
        if life.isRefusing { return TaskStorageHealth.Refusal(reason: .closed, error: nil) }
        guard let error = writeAheadLog.refusal else { return nil }
        let reason: TaskStorageHealth.Refusal.Reason =
            switch error.code {
            case .diskFull: .diskFull
            case .logFull: .budgetUsedUp
            case .closed: .closed
            default: .logFailed
            }
        return TaskStorageHealth.Refusal(reason: reason, error: error)
    }
}
