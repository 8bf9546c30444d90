/// The flushers into a log's sinks, by the names of the sinks: the running ones, and the last states of those that have ended.
package final class SinkRegistry: Sendable {
    private struct State {
        var running: [String: any SinkProgress] = [:]
        var ended: [String: SinkStatus] = [:]
    }

    private let state = Monitor(State())

    package subscript(_ sink: String) -> (any SinkProgress)? { state.withLock { $0.running[sink] } }

    /// The names of the running flushers' sinks, sorted.
    package var names: [String] { state.withLock { $0.running.keys.sorted() } }

    package func begin(_ sink: String, _ progress: any SinkProgress) {
        state.withLock { state in
            state.running[sink] = progress
            state.ended[sink] = nil
        }
    }

    /// Replaces a flusher by its last state, unless another flusher into the same sink has taken its place.
    package func end(_ sink: String, _ last: SinkStatus, if isCurrent: (any SinkProgress) -> Bool) {
        state.withLock { state in
            guard let known = state.running[sink], isCurrent(known) else { return }
            state.running[sink] = nil
            state.ended[sink] = last
        }
    }

    /// The states of all sinks, sorted by name.
    var statuses: [SinkStatus] {
        let (running, ended) = state.withLock { ($0.running.values, $0.ended.values) }
        return (running.map(\.status) + ended).sorted { $0.name < $1.name }
    }
}

/// The progress of a running flusher into one sink.
package protocol SinkProgress: Sendable {
    /// The state at one moment. Neither calls the sink nor reads the log.
    var status: SinkStatus { get }

    /// Suspends until the sink has applied every record up to and including `sequence`.
    func waitUntilApplied(_ sequence: SequenceNumber) async throws(WALError)
}
