import CNaive
import Foundation
import WALMySQL

/// A private MariaDB server, on a socket.
struct MariaDBDatabase: Database {
    private let url: String
    private let socket: String
    private let user: String
    private let database: String
    private let process: Int32?

    struct BadAddress: Error, CustomStringConvertible {
        let url: String
        var description: String { "no user, database and socket in \(url)" }
    }

    init(url: String, process: Int32?) throws {
        guard
            let parts = URLComponents(string: url), let user = parts.user,
            let socket = parts.queryItems?.first(where: { $0.name == "socket" })?.value
        else { throw BadAddress(url: url) }
        self.url = url
        self.socket = socket
        self.user = user
        self.process = process
        database = String(parts.path.dropFirst())
    }

    var kind: StoreKind { .mariadb }
    var serverProcess: Int32? { process }

    func connect() throws -> NaiveConnection {
        try NaiveConnection { naive_open_mariadb(socket, user, database, $0) }
    }

    func openStore(writeConnections: Int) async throws -> MySQLTaskStore {
        try await MySQLTaskStore(url: url, writeConnections: writeConnections)
    }

    func openOwnSink() async throws -> MySQLSink {
        try await MySQLSink(url: url, connections: 1) { try OwnStatements.of(.mariadb).write($1, in: $0) }
    }

    func clear() throws {
        try connect().query("DROP TABLE IF EXISTS " + tableNames.joined(separator: ", "))
    }

    func settings(_ connection: NaiveConnection) throws -> [Setting] {
        try [
            "innodb_flush_log_at_trx_commit", "innodb_doublewrite", "innodb_buffer_pool_size", "log_bin",
            "max_allowed_packet",
            "tx_isolation",
        ].map { name in Setting(name: name, value: try connection.query("SELECT @@\(name)")) }
    }

    func versions(_ connection: NaiveConnection) throws -> [Setting] {
        [
            Setting(name: "MariaDB", value: try connection.query("SELECT VERSION()")),
            Setting(name: "MariaDB Connector/C", value: String(cString: naive_library_mariadb())),
        ]
    }
}
