public import WAL

extension WriteAheadLog {
    /// Returns when the sink of this name has applied every record up to `sequence`: the third step, after written and durable.
    /// Its ``Flusher`` must be running on this log.
    ///
    /// Throws as ``Flusher/waitUntilApplied(_:)``, and `invalidArgument` where no such flusher runs.
    public func waitUntilApplied(_ sequence: SequenceNumber, by sink: String) async throws(WALError) {
        guard let progress = sinks.withLock({ $0[sink] }) else {
            let names = sinks.withLock { $0.keys.sorted() }.joined(separator: ", ")
            throw WALError(
                .invalidArgument,
                "No flusher into \(sink) runs on this log; there are: \(names.isEmpty ? "none" : names).")
        }
        try await progress.waitUntilApplied(sequence)
    }
}

extension FlusherCore: SinkProgress {
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
