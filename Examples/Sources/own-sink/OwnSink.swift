import WAL
import WALDelivery

/// Delivers the records of a log into a text file, each line exactly once.
@main
struct OwnSink {
    static func main() async throws {
        let log = try await WriteAheadLog.open(at: "orders.wal")
        // One key for all records: all lines are in the order of the log.
        let flusher = Flusher(log: log, sink: try FileSink(path: "orders.txt")) { _ in 0 }
        let delivery = Task { try await flusher.run() }

        for number in 1...3 { try await log.append("order \(number)") }
        try await flusher.drain()

        delivery.cancel()
        _ = await delivery.result
        try await log.close()
    }
}
