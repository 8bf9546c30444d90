/// How far a running flusher is, whatever its sink.
protocol SinkProgress: Sendable {
    func waitUntilApplied(_ sequence: SequenceNumber) async throws(WALError)
}

extension FlusherContext: SinkProgress {
    /// Runs `body` while the log knows this flusher by its sink's name.
    func whileKnown<Result: Sendable>(_ body: () async -> Result) async -> Result {
        let name = sink.name
        log.sinks.withLock { $0[name] = self }
        let result = await body()
        log.sinks.withLock { sinks in
            // Another flusher into the same sink may have taken the name.
            if let known = sinks[name] as? Self, known.coordinator === coordinator { sinks[name] = nil }
        }
        return result
    }
}
