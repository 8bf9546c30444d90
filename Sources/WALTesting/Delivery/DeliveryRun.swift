internal import WAL
internal import WALDelivery

/// A run of one flusher from its start until it has delivered every record, has stopped, or has run out of time.
enum DeliveryRun {
    enum Outcome: Sendable {
        case drained
        case stopped(any Error)
        case stuck
    }

    /// The size of a flusher: its workers, batches and lanes.
    struct Setting: Hashable, Sendable {
        var workers: Int
        var batchSize: Int
        var laneCount = 4
    }

    /// Delivers the log's records and the records that `body` appends. Closes the sink.
    static func deliver<Destination: Sink>(
        _ log: DeliveryLog, into sink: Destination, _ setting: Setting, patience: Duration,
        key: @escaping @Sendable (RawSpan) -> UInt64?,
        during body: @escaping @Sendable () async throws -> Void = {}
    ) async throws -> Outcome {
        var configuration = Flusher<Destination>.Configuration()
        configuration.workerCount = setting.workers
        configuration.laneCount = setting.laneCount
        configuration.batchSize = setting.batchSize
        configuration.maxBatchBytes = 16 << 20
        configuration.flushInterval = .milliseconds(5)
        configuration.breakerInterval = .milliseconds(50)
        let flusher = Flusher(log: log.log, sink: sink, configuration: configuration, key: key)
        return try await withThrowingTaskGroup(of: Outcome?.self) { group in
            group.addTask {
                do {
                    try await flusher.run()
                    return .stopped(WALError(.closed, "The flusher ended by itself."))
                } catch {
                    return .stopped(error)
                }
            }
            group.addTask {
                try await body()
                do {
                    try await flusher.drain()
                    return .drained
                } catch {
                    // The flusher has stopped, and its own error has the reason.
                    return nil
                }
            }
            group.addTask {
                try? await Task.sleep(for: patience)
                return .stuck
            }
            // The first outcome counts. But the flusher must have ended before the caller continues.
            var first: Outcome?
            while let outcome = try await group.next() {
                first = first ?? outcome
                if first != nil { group.cancelAll() }
                if case .stopped? = outcome { break }
            }
            return first ?? .stuck
        }
    }
}
