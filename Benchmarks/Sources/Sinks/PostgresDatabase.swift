import CNaive
import WALPostgres

/// A private PostgreSQL server.
struct PostgresDatabase: Database {
    let conninfo: String
    /// The postmaster.
    let process: Int32?

    var kind: StoreKind { .postgres }
    var serverProcess: Int32? { process }

    func connect() throws -> NaiveConnection {
        try NaiveConnection { naive_open_postgres(conninfo, $0) }
    }

    func openStore(writeConnections: Int) async throws -> PostgresTaskStore {
        try await PostgresTaskStore(conninfo, writeConnections: writeConnections)
    }

    func openOwnSink() async throws -> PostgresSink {
        try await PostgresSink(conninfo, connections: 1) { try OwnStatements.of(.postgres).write($1, in: $0) }
    }

    func clear() throws {
        let connection = try connect()
        try connection.query("DROP TABLE IF EXISTS " + tableNames.joined(separator: ", "))
        try connection.query("CHECKPOINT")
    }

    func settings(_ connection: NaiveConnection) throws -> [Setting] {
        try [
            "fsync", "synchronous_commit", "full_page_writes", "data_checksums", "shared_buffers", "max_wal_size",
            "transaction_isolation",
        ].map { name in Setting(name: name, value: try connection.query("SHOW \(name)")) }
    }

    func versions(_ connection: NaiveConnection) throws -> [Setting] {
        [
            Setting(name: "PostgreSQL", value: try connection.query("SHOW server_version")),
            Setting(name: "libpq", value: String(cString: naive_library_postgres())),
        ]
    }
}
