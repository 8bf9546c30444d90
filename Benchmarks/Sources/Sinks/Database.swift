import WALDelivery
import WALTasks

/// A database that is measured, with both ways to reach it.
protocol Database: Sendable {
    associatedtype Store: TaskStore
    associatedtype OwnSink: Sink

    var kind: StoreKind { get }
    /// The process whose CPU time counts; nil if the database is part of this process.
    var serverProcess: Int32? { get }

    func connect() throws -> NaiveConnection
    func openStore(writeConnections: Int) async throws -> Store
    /// A sink whose function writes into the store's tables by ``OwnStatements``.
    func openOwnSink() async throws -> OwnSink
    /// Removes the tables, and lets the database finish its work, which would slow the next measurement.
    func clear() throws
    /// The relevant settings, as the database reports them.
    func settings(_ connection: NaiveConnection) throws -> [Setting]
    /// The versions of the database and of the client library.
    func versions(_ connection: NaiveConnection) throws -> [Setting]
}

/// A setting or version by its name.
struct Setting: Codable, Sendable {
    var name: String
    var value: String
}

/// The description of a database, for the results.
struct DatabaseDescription: Codable, Sendable {
    var store: StoreKind
    var versions: [Setting]
    var settings: [Setting]
}

extension Database {
    func description() async throws -> DatabaseDescription {
        let connection = try connect()
        return DatabaseDescription(
            store: kind, versions: try versions(connection), settings: try settings(connection))
    }

    /// Empty tables, as the store makes them.
    func makeTables() async throws {
        try clear()
        let store = try await openStore(writeConnections: 1)
        // The first connection that writes makes them.
        try await store.save([])
        try await store.close()
    }

    /// The contents of the tables.
    func contents() throws -> Workload.Contents {
        let connection = try connect()
        func number(_ sql: String) throws -> Int { Int(try connection.query(sql)) ?? 0 }
        return Workload.Contents(
            tasks: try number("SELECT count(*) FROM dag_tasks"),
            activities: try number("SELECT count(*) FROM dag_task_activity_logs"),
            lastSaves: try number("SELECT sum(retry_count) FROM dag_tasks"),
            deadLetters: try number("SELECT count(*) FROM wal_sink_dead_letter"))
    }
}

/// All tables of the store.
let tableNames = [
    "dag_tasks", "dag_task_activity_logs", "wal_sink_checkpoint", "wal_sink_dead_letter", "wal_sink_schema",
    "wal_sink_lane",
]
