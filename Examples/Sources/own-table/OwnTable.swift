import WAL
import WALDelivery
import WALJournal
import WALSQLite
import WALTasks

struct Order: Codable, Sendable {
    var id: String
    var total: Int
}

/// Events in a journal, and each of them exactly once in a table of one's own.
@main
struct OwnTable {
    static func main() async throws {
        let format = EventFormat<Order>.json(type: "order", version: 1)
        let log = try await WriteAheadLog.open(at: "orders.wal")
        let sink = try await SQLiteSink(
            path: "orders.db", tables: "CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, total INTEGER NOT NULL)"
        ) { transaction, batch in
            let orders = try batch.records.map { try format.event(of: $0).value }
            try transaction.executeMany(
                "INSERT INTO orders VALUES (?, ?)", orders.map { [.text($0.id), SQLValue($0.total)] })
        }
        let flusher = Flusher(log: log, sink: sink, key: format.laneKey { $0.id })
        let delivery = Task { try await flusher.run() }

        // An append takes a microsecond, whatever the database does.
        let orders = Journal(log, format: format)
        let first = log.lastSequence.rawValue + 1
        for number in first..<first + 3 { try await orders.append(Order(id: "order-\(number)", total: 20)) }
        try await flusher.drain()

        delivery.cancel()
        _ = await delivery.result
        try await log.close()
    }
}
