#if MySQL
    import Foundation
    import Synchronization
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALMySQL

    /// A database of one test, on the shared server or another one.
    final class TestDatabase: Sendable {
        private static let count = Atomic<Int>(0)

        let name: String
        let url: String
        private let serverURL: String

        init(on server: PrivateServer? = nil) throws {
            let server = try server ?? PrivateServer.shared.get()
            name = "t\(Self.count.add(1, ordering: .relaxed).newValue)"
            serverURL = server.url
            // A test's own limits come later in the URL, and count.
            url =
                server.url.replacingOccurrences(of: "/test?", with: "/\(name)?")
                + "&read_timeout=3600&connect_timeout=300"
            let root = try Connection(ConnectionSettings(url: serverURL), access: .readWrite)
            // Many concurrent tests have more connections than the default limit, 151.
            try root.execute("SET GLOBAL max_connections = 1000", named: "set up")
            try root.execute("CREATE DATABASE \(name)", named: "set up")
        }

        /// The address for root, or for another user without a password.
        func url(user: String) -> String {
            url.replacingOccurrences(of: "root@", with: "\(user)@")
        }

        /// A second connection, like that of another process.
        func connect() throws -> Connection {
            try Connection(ConnectionSettings(url: url), access: .readWrite)
        }

        func execute(_ statements: String...) throws {
            let connection = try connect()
            for statement in statements { try connection.execute(statement, named: statement) }
        }

        func number(_ query: String) throws -> Int64? {
            try Statement(query, named: query, on: connect()).first { (row) throws(StoreError) in row.number() }
        }

        func texts(_ query: String) throws -> [String] {
            try Statement(query, named: query, on: connect()).all { (row) throws(StoreError) in row.text() }
        }

        /// A connected store that writes rows as arrays, or as literals.
        func store(
            arrays: Bool = true, options: String = "", writeConnections: Int = 2,
            statementTimeout: Duration = .seconds(600), lockTimeout: Duration = .seconds(120)
        ) async throws -> MySQLTaskStore {
            let settings = try ConnectionSettings(
                url: url + options, statementTimeout: statementTimeout, lockTimeout: lockTimeout, usesArrays: arrays)
            let store = try await MySQLTaskStore(settings, writeConnections: writeConnections, readConnections: 1)
            try await store.ping()
            return store
        }

        /// Creates the tables and claims the only lane of the tests' log, with the time limits of ``store()``. For stores with
        /// shorter ones, which a busy server may exceed.
        func claim() async throws -> [SinkLane] {
            let store = try await store()
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            try await store.close()
            return lanes
        }
    }

    let log = LogID.ofTests
    let logDigits = "000102030405060708090a0b0c0d0e0f"
#endif
