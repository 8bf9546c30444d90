import GRDB
import WAL
import WALDelivery
import WALJournal
import WALSQLite
import WALTasks

struct Order: Codable, FetchableRecord, Sendable {
    var id: String
    var total: Int
}

/// A database file that an application uses with GRDB, and into which a log delivers.
///
/// The application makes the tables with its migrations, and reads with a pool. It sees an order after `waitUntilApplied`. The sink has a connection of its own. Both use SQLite's write-ahead log, so readers never wait. Two writers wait for each
/// other for as long as their busy timeouts allow.
@main
struct SharedDatabase {
    static func main() async throws {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(5)
        let pool = try DatabasePool(path: "orders.db", configuration: configuration)
        var migrator = DatabaseMigrator()
        migrator.registerMigration("orders") { database in
            try database.create(table: "orders") { table in
                table.primaryKey("id", .text)
                table.column("total", .integer).notNull()
            }
        }
        try migrator.migrate(pool)

        let format = EventFormat<Order>.json(type: "order", version: 1)
        let log = try await WriteAheadLog.open(at: "orders.wal")
        let sink = try await SQLiteSink(path: "orders.db", busyTimeout: .seconds(5)) { transaction, batch in
            let orders = try batch.records.map { try format.event(of: $0).value }
            try transaction.executeMany(
                "INSERT INTO orders VALUES (?, ?)", orders.map { [.text($0.id), SQLValue($0.total)] })
        }
        let flusher = Flusher(log: log, sink: sink, key: format.laneKey { $0.id })
        let delivery = Task { try await flusher.run() }

        // Orders go through the log. The application also writes with GRDB.
        let orders = Journal(log, format: format)
        let first = log.lastSequence.rawValue + 1
        for number in first..<first + 1000 { try await orders.append(Order(id: "order-\(number)", total: 20)) }
        try await pool.write { database in
            try database.execute(
                sql: "INSERT INTO orders VALUES (?, ?)", arguments: ["by hand \(first)", 1])
        }
        try await flusher.waitUntilApplied(log.lastSequence)
        let found = try await pool.read { database in
            try Order.fetchAll(database, sql: "SELECT * FROM orders WHERE id LIKE 'order-%'")
        }
        print("\(found.count) orders, of which the last is \(found.map(\.id).max() ?? "missing")")

        delivery.cancel()
        _ = await delivery.result
        try await log.close()
    }
}
