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

    private enum Event: Sendable {
        case ended((any Error)?)
        case bodyFailed(any Error)
        case drained
        case notDrained
        case timeIsUp
    }

    /// Delivers the log's records and the records that `body` appends. Closes the sink.
    static func deliver<Destination: Sink>(
        _ log: DeliveryLog, into sink: Destination, _ setting: Setting, patience: Duration,
        key: @escaping @Sendable (RawSpan) -> UInt64?,
        during body: @escaping @Sendable () async throws -> Void = {}
    ) async throws -> Outcome {
        let flusher = Flusher(
            log: log.log, sink: sink, configuration: configuration(setting, of: Destination.self), key: key)
        return try await withThrowingTaskGroup(of: Event.self) { group in
            group.addTask {
                do {
                    try await flusher.run()
                    return .ended(nil)
                } catch {
                    return .ended(error)
                }
            }
            group.addTask {
                do {
                    try await body()
                } catch {
                    return .bodyFailed(error)
                }
                do {
                    try await flusher.drain()
                    return .drained
                } catch {
                    return .notDrained
                }
            }
            group.addTask {
                try? await Task.sleep(for: patience)
                return .timeIsUp
            }
            return try await outcome(of: &group)
        }
    }

    private static func outcome(of group: inout ThrowingTaskGroup<Event, any Error>) async throws -> Outcome {
        var outcome: Outcome?
        while let event = try await group.next() {
            switch event {
            case .ended(let error):
                group.cancelAll()
                if let outcome { return outcome }
                return .stopped(error ?? WALError.flusherEnded)
            case .bodyFailed(let error): throw error
            case .drained: outcome = outcome ?? .drained
            // The flusher has stopped, and its own error has the reason.
            case .notDrained: break
            case .timeIsUp: outcome = outcome ?? .stuck
            }
            if outcome != nil { group.cancelAll() }
        }
        return outcome ?? .stuck
    }

    private static func configuration<Destination: Sink>(
        _ setting: Setting, of type: Destination.Type
    ) -> Flusher<Destination>.Configuration {
        var configuration = Flusher<Destination>.Configuration()
        configuration.workerCount = setting.workers
        configuration.laneCount = setting.laneCount
        configuration.batchSize = setting.batchSize
        configuration.maxBatchBytes = 16 << 20
        configuration.flushInterval = .milliseconds(5)
        configuration.breakerInterval = .milliseconds(50)
        return configuration
    }
}

extension WALError {
    fileprivate static var flusherEnded: WALError {
        WALError(.closed, "The flusher ended by itself.")
    }
}
