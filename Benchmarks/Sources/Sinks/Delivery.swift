import WAL
import WALDelivery
import WALTasks

/// A flusher, from its start until it has delivered every record in the log.
struct Delivery<Destination: Sink> {
    private let flusher: Flusher<Destination>
    private var running: Task<Void, any Error>?

    struct Failed: Error, CustomStringConvertible {
        let statistics: FlusherStatistics
        var description: String {
            "delivery had \(statistics.errors) errors and \(statistics.deadLetters) dead letters, so its time says nothing"
        }
    }

    /// Makes a flusher whose batches keep their size, because sizes are compared.
    init(log: WriteAheadLog, sink: Destination, batchSize: Int, workers: Int) {
        var configuration = Flusher<Destination>.Configuration()
        configuration.batchSize = batchSize
        configuration.maxBatchSize = batchSize
        configuration.workerCount = workers
        flusher = Flusher(log: log, sink: sink, configuration: configuration, key: { TaskCodec.key(of: $0) })
    }

    /// Returns when everything in the log was delivered.
    mutating func start() async throws {
        running = Task { [flusher] in try await flusher.run() }
        try await flusher.drain()
    }

    /// Ends the flusher, and returns its statistics.
    func end() async throws -> FlusherStatistics {
        running?.cancel()
        do { try await running?.value } catch is CancellationError {}
        let statistics = flusher.statistics
        guard statistics.errors == 0, statistics.deadLetters == 0 else { throw Failed(statistics: statistics) }
        return statistics
    }
}
