#if Postgres
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALPostgres

    extension Trait where Self == ConditionTrait {
        /// Skips tests that need a server if there is none.
        static var needsServer: Self {
            .enabled("PostgreSQL isn't installed: Scripts/install-dependencies --servers") { PrivateServer.isThere }
        }
    }

    /// A separate database on a server.
    struct TemporaryDatabase {
        let server: PrivateServer
        let conninfo: String

        /// Creates the database on the shared server, or on one that the test may harm.
        init(on other: PrivateServer? = nil) throws {
            server = try #require(other ?? PrivateServer.shared, "the server doesn't start")
            let name = "test_" + UUID().uuidString.replacing("-", with: "").prefix(12).lowercased()
            try Connection(Self.settings(server.conninfo + " dbname=postgres")).execute(
                "CREATE DATABASE \(name)", named: "create database")
            conninfo = server.conninfo + " connect_timeout=300 dbname=\(name)"
        }

        private static func settings(_ conninfo: String) throws -> ConnectionSettings {
            try ConnectionSettings(conninfo: conninfo, statementTimeout: .seconds(300), lockTimeout: .seconds(300))
        }

        /// A connected store.
        func store(
            writeConnections: Int = 4, statementTimeout: Duration = .seconds(300),
            lockTimeout: Duration = .seconds(600),
            copiedMin: Int? = nil
        ) async throws -> PostgresTaskStore {
            var settings = try ConnectionSettings(
                conninfo: conninfo, statementTimeout: statementTimeout, lockTimeout: lockTimeout)
            if let copiedMin { settings.copiedMin = copiedMin }
            let store = try await PostgresTaskStore(
                settings, name: "postgres", writers: writeConnections, readers: 2, logger: nil)
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

        /// Another session, like that of another process.
        func connect() throws -> Connection {
            try Connection(Self.settings(conninfo))
        }

        func execute(_ sql: String) throws {
            try connect().execute(sql, named: sql)
        }

        func number(_ query: String) throws -> Int64? {
            try connect().query(query, named: query).first { (row) throws(StoreError) in row.number() }
        }

        func texts(_ query: String) throws -> [String] {
            try connect().query(query, named: query).all { (row) throws(StoreError) in row.text() }
        }
    }

    let log = LogID.ofTests
    let logDigits = "000102030405060708090a0b0c0d0e0f"
#endif
