internal import WAL

/// The reachability of a sink, and its beginning. Pure.
struct SinkContact {
    private(set) var state = FlusherHealth.SinkState.unknown
    /// The time of the first failure since the sink's last answer.
    private var firstFailure: Timestamp?

    /// Notes an answer of the sink, even if it rejected a record. Returns the duration for which the sink was
    /// unavailable.
    mutating func answered(at time: Timestamp) -> Duration {
        firstFailure = nil
        let before = state
        if case .reachable = before { return .zero }
        state = .reachable(since: time)
        guard case .away(let since, _) = before else { return .zero }
        return .microseconds(max(0, time.rawValue - since.rawValue))
    }

    /// Notes a failed call of the sink. A single failure may have any cause; `isAway` is true after several in a row.
    mutating func failed(_ error: any Error, isAway: Bool, at time: Timestamp) {
        let since = firstFailure ?? time
        firstFailure = since
        if isAway { state = .away(since: since, error: error) }
    }
}
