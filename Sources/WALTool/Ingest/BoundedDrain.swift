import WAL
import WALDelivery

/// The wait until a store or sink has every record. After a signal, the wait has a time limit.
struct BoundedDrain {
    let log: WriteAheadLog
    let name: String
    let stop: StopSignal
    /// The longest time to wait after the signal.
    let limit: Duration

    func run(_ flusher: any AnyFlusher) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await flusher.drain() }
            group.addTask {
                try await stop.waitForSignal()
                announce(log.lastSequence.rawValue - flusher.appliedSequence.rawValue)
                try await Task.sleep(for: limit)
            }
            defer { group.cancelAll() }
            _ = try await group.next()
        }
    }

    private func announce(_ remaining: UInt64) {
        guard remaining > 0, let signal = stop.signalName else { return }
        StandardError.write(
            """
            \(signal): reading has ended. Waiting for up to \(limit) until \(name) has \(remaining) more records. \
            A second signal ends this at once; the next run delivers the rest.

            """)
    }
}
