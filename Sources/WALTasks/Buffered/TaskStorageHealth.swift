public import WAL
public import WALDelivery

/// The state of a ``BufferedTaskStorage`` at one moment. It is made of known values: the store isn't called.
///
/// | Probe | Rule | Why |
/// | --- | --- | --- |
/// | readiness | ``isAccepting`` | an unavailable store doesn't matter, because changes are accepted nevertheless |
/// | liveness | ``isDelivering`` | only delivery that has failed permanently needs a restart; a full disk and an unavailable store don't |
public struct TaskStorageHealth: Sendable {
    /// The reason for refusing changes.
    public struct Refusal: Sendable {
        /// The kind of the reason. More may come: keep a default branch.
        public enum Reason: String, Sendable {
            /// The disk is full.
            case diskFull
            /// ``TaskBufferConfiguration/diskBudget`` is used up, and the store is missing the records that could be
            /// removed.
            case budgetUsedUp
            /// The log's disk has failed. The log tries again every second.
            case logFailed
            /// The storage, or its log, was closed.
            case closed
        }

        /// The kind of the reason.
        public var reason: Reason
        /// The log's error, if the log has refused.
        public var error: WALError?
    }

    /// The current reason for refusing changes. Nil while they are accepted. It becomes nil by itself, without
    /// another attempt.
    public var refusal: Refusal?
    /// The number of changes in the log that a power loss would lose.
    public var durableLag: UInt64
    /// Whether the store answers, and since when; or the error that ended delivery.
    public var store: FlusherHealth.SinkState
    /// The lag of the store. Its age is up to a second old.
    public var deliveryLag: LogLag
    /// The number of changes that the store rejected since the storage was opened.
    public var deadLetters: UInt64
    /// The additional sinks.
    public var additionalSinks: [AdditionalSinkHealth]

    /// Whether changes are accepted.
    public var isAccepting: Bool { refusal == nil }
    /// Whether changes reach the store and the required sinks, or will once these are available again.
    public var isDelivering: Bool {
        if case .ended = store { return false }
        return additionalSinks.allSatisfy { !$0.isRequired || $0.delivery.isDelivering }
    }
}

extension BufferedTaskStorage {
    /// The state of the storage, for probes. It never waits. ``ping()`` calls the store.
    public var health: TaskStorageHealth {
        let delivery = flusher.health
        let durable = writeAheadLog.durableSequence
        let last = writeAheadLog.lastSequence
        return TaskStorageHealth(
            refusal: refusal, durableLag: last > durable ? last.rawValue - durable.rawValue : 0, store: delivery.sink,
            deliveryLag: delivery.lag, deadLetters: delivery.deadLetters, additionalSinks: additional.map(\.health))
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
