internal import WAL

/// Whether a sink answers, and since when. Pure.
struct SinkContact {
    private(set) var state = FlusherHealth.SinkState.unknown
    /// Of the failures since the sink's last answer.
    private var firstFailure: Timestamp?

    /// The sink has answered, if only to refuse something. Returns how long it was away.
    mutating func answered(at time: Timestamp) -> Duration {
        defer { setReachable(at: time) }
        guard case .away(let since, _) = state else { return .zero }
        return .microseconds(max(0, time.rawValue - since.rawValue))
    }

    private mutating func setReachable(at time: Timestamp) {
        firstFailure = nil
        if case .reachable = state { return }
        state = .reachable(since: time)
    }

    /// A call of the sink has failed. A single failure may be anything; `isAway` after several in a row.
    mutating func failed(_ error: any Error, isAway: Bool, at time: Timestamp) {
        let since = firstFailure ?? time
        firstFailure = since
        if isAway { state = .away(since: since, error: error) }
    }
}
