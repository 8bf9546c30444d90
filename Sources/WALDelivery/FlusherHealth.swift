public import WAL

/// How delivery is, at one moment. Made of what is known already: neither the sink is asked nor the log read.
public struct FlusherHealth: Sendable {
    /// Whether the sink answers.
    public enum SinkState: Sendable {
        /// It wasn't called yet, or has failed only just now.
        case unknown
        /// It answers.
        case reachable(since: Timestamp)
        /// It failed several times in a row, for the first time then and last with this error. It is tried again and again.
        case away(since: Timestamp, error: any Error)
        /// Nothing is delivered any more: ``Flusher/run()`` has ended with this.
        case ended(WALError)
    }

    /// Whether the sink answers.
    public var sink: SinkState
    /// What was appended and not applied. The age is as of a second ago, and zero where the flusher doesn't run.
    public var lag: FlusherLag
    /// Records that were set aside since the flusher was made.
    public var deadLetters: UInt64

    /// Whether delivery goes on, or will when the sink is back.
    public var isDelivering: Bool {
        if case .ended = sink { false } else { true }
    }
}

extension Flusher {
    /// How delivery is. Cheap enough for a probe that comes each second: it takes two short locks and waits for nothing.
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
