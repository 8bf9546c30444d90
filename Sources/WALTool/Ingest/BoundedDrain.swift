import WAL
import WALDelivery
import WALTasks

/// The wait until a store or sink has every record. After a signal, the wait has a time limit.
struct BoundedDrain {
    private static var lookInterval: Duration { .milliseconds(50) }

    let log: WriteAheadLog
    let name: String
    let stop: StopSignal
    /// The longest time to wait after the signal.
    let limit: Duration

    /// Waits, and returns whether the destination has every record.
    func run(_ flusher: any AnyFlusher) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await flusher.drain()
                return true
            }
            group.addTask {
                while stop.signalName == nil { try await Task.sleep(for: Self.lookInterval) }
                announce(log.lastSequence.rawValue - flusher.appliedSequence.rawValue)
                try await Task.sleep(for: limit)
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
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
