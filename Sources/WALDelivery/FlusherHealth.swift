public import WAL

/// The state of delivery at one moment. It is made of known values: it neither calls the sink nor reads the log.
public struct FlusherHealth: Sendable {
    /// Whether the sink answers.
    public enum SinkState: Sendable {
        /// The sink wasn't called yet, or has only just begun to fail.
        case unknown
        /// The sink answers.
        case reachable(since: Timestamp)
        /// The sink is unavailable: it has failed several times in a row, first at this time and last with this
        /// error. The flusher keeps trying.
        case away(since: Timestamp, error: any Error)
        /// Delivery has stopped: ``Flusher/run()`` has ended with this error.
        case ended(WALError)
    }

    /// Whether the sink answers.
    public var sink: SinkState
    /// The records that were appended and not applied. The age is up to a second old. It is zero if the flusher
    /// doesn't run.
    public var lag: LogLag
    /// The number of records that were set aside since the flusher was made.
    public var deadLetters: UInt64

    /// Whether delivery continues, or will continue once the sink is available again.
    public var isDelivering: Bool {
        if case .ended = sink { false } else { true }
    }
}

extension Flusher {
    /// The state of delivery. Cheap enough for a probe each second: it takes two short locks and never waits.
    public var health: FlusherHealth { context.health }
}

extension FlusherCore {
    var health: FlusherHealth {
        let (sink, deadLetters) = coordinator.withState { state in
            let sink: FlusherHealth.SinkState =
                if case .ended(let error) = state.phase { .ended(error) } else { state.contact.state }
            return (sink, state.counters.deadLetters)
        }
        return FlusherHealth(sink: sink, lag: lagAtHand, deadLetters: deadLetters)
    }
}
