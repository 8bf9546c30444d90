import Hummingbird
import Logging
import ServiceLifecycle
import WAL
import WALDelivery
import WALJournal
import WALMonitor
import WALPostgres
import WALSQLite
import WALTasks

struct Order: Codable, Sendable {
    var id: String
    var total: Int
}

/// Takes orders over HTTP, and answers when an order is durable. Each is exactly once in a table, whatever the database does meanwhile.
///
///     order-service orders.wal orders.db 8080
///     order-service orders.wal "host=db1,db2 dbname=shop" 8080
@main
struct OrderService {
    private static let format = EventFormat<Order>.json(type: "order", version: 1)
    private static let table = "CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, total BIGINT NOT NULL)"

    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count == 3, let port = Int(arguments[2]) else {
            throw UsageError(description: "order-service LOG DATABASE PORT")
        }
        let log = try await WriteAheadLog.open(at: arguments[0])
        if arguments[1].contains("=") {
            let sink = try await PostgresSink(arguments[1], tables: table) { transaction, batch in
                try insert(batch, "INSERT INTO orders VALUES ($1, $2) ON CONFLICT DO NOTHING", transaction)
            }
            try await serve(log, sink, port)
        } else {
            let sink = try await SQLiteSink(path: arguments[1], tables: table) { transaction, batch in
                try insert(batch, "INSERT INTO orders VALUES (?, ?) ON CONFLICT DO NOTHING", transaction)
            }
            try await serve(log, sink, port)
        }
        try await log.close()
    }

    /// A client that got no answer sends its order again, so the same id may come twice.
    private static func insert(_ batch: SinkBatch, _ statement: String, _ transaction: borrowing SinkTransaction) throws
    {
        let orders = try batch.records.map { try format.event(of: $0).value }
        try transaction.executeMany(statement, orders.map { [.text($0.id), SQLValue($0.total)] })
    }

    private static func serve(_ log: WriteAheadLog, _ sink: some Sink, _ port: Int) async throws {
        let logger = Logger(label: "order-service")
        let orders = Journal(log, format: format)
        let flusher = Flusher(log: log, sink: sink, logger: logger, key: format.laneKey { $0.id })

        let router = Router()
        router.post("orders") { request, context in
            let order = try await request.decode(as: Order.self, context: context)
            try await orders.append(order).waitUntilDurable()
            return HTTPResponse.Status.created
        }
        router.get("health") { _, _ in
            LogCheck(LogSnapshot(log)).verdict < .critical ? HTTPResponse.Status.ok : .serviceUnavailable
        }
        router.get("metrics") { _, _ in MetricsText([LogSnapshot(log)], version: "1").text() }
        let server = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)), logger: logger)

        // In this order: the server stops first, and what it has taken is delivered then.
        let group = ServiceGroup(
            services: [flusher, server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await group.run()
    }
}

struct UsageError: Error, CustomStringConvertible {
    var description: String
}
