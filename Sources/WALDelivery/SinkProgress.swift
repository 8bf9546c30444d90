public import WAL

extension WriteAheadLog {
    /// Suspends until the sink of this name has applied every record up to and including `sequence`. This is the
    /// third step, after written and durable. The sink's ``Flusher`` must be running on this log.
    ///
    /// - Throws:
    ///   - `invalidArgument` if no such flusher runs on this log
    ///   - the codes of ``Flusher/waitUntilApplied(_:)``
    public func waitUntilApplied(_ sequence: SequenceNumber, by sink: String) async throws(WALError) {
        guard let progress = sinks.withLock({ $0[sink] }) else {
            let names = sinks.withLock { $0.keys.sorted() }.joined(separator: ", ")
            throw WALError(
                .invalidArgument,
                "No flusher into \(sink) runs on this log. Running flushers: \(names.isEmpty ? "none" : names).")
        }
        try await progress.waitUntilApplied(sequence)
    }
}

extension FlusherCore: SinkProgress {
    /// Runs `body` while this flusher is registered with the log under its sink's name.
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
