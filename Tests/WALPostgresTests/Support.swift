#if Postgres
    import Foundation
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALPostgres

    extension Trait where Self == ConditionTrait {
        /// Skips what needs a server where there is none.
        static var needsServer: Self {
            .enabled("PostgreSQL isn't installed: Scripts/install-dependencies --servers") { PrivateServer.isThere }
        }
    }

    /// A database of its own on a server.
    struct TemporaryDatabase {
        let server: PrivateServer
        let conninfo: String

        /// On the shared server, or on one that the test may harm.
        init(on other: PrivateServer? = nil) throws {
            server = try #require(other ?? PrivateServer.shared, "the server doesn't start")
            let name = "test_" + UUID().uuidString.replacing("-", with: "").prefix(12).lowercased()
            try Connection(Self.settings(server.conninfo + " dbname=postgres")).execute(
                "CREATE DATABASE \(name)", named: "create database")
            conninfo = server.conninfo + " dbname=\(name)"
        }

        private static func settings(_ conninfo: String) throws -> ConnectionSettings {
            try ConnectionSettings(conninfo: conninfo, statementTimeout: .seconds(60), lockTimeout: .seconds(60))
        }

        /// A store that has connected.
        func store(
            writeConnections: Int = 4, statementTimeout: Duration = .seconds(30), lockTimeout: Duration = .seconds(10)
        ) async throws -> PostgresTaskStore {
            let store = try await PostgresTaskStore(
                conninfo, writeConnections: writeConnections, statementTimeout: statementTimeout,
                lockTimeout: lockTimeout)
            try await store.ping()
            return store
        }

        /// Another session, as another process would have.
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

    func time(_ seconds: Int64) -> Timestamp {
        Timestamp(rawValue: 1_700_000_000_000_000 + seconds * 1_000_000)
    }

    func task(
        _ id: String, dag: String = "dag", status: TaskStatus = .pending, at seconds: Int64 = 0, priority: Int32 = 0,
        payload: String? = "{}"
    ) -> PersistentTask {
        PersistentTask(
            id: id, dagID: dag, nodeID: "node", payload: payload, status: status, createdAt: time(seconds),
            priority: priority)
    }

    func activity(_ id: String, task: String = "task", dag: String = "dag", at seconds: Int64 = 0) -> TaskActivityLog {
        TaskActivityLog(
            id: id, taskID: task, dagID: dag, nodeID: "node", action: "run", message: "ran", data: "{}",
            createdAt: time(seconds))
    }

    func update(_ id: String, _ status: TaskStatus, at seconds: Int64) -> TaskMutation {
        .updateStatus(id: id, status: status, error: nil, time: time(seconds))
    }

    let log = LogID(low: 0x0706_0504_0302_0100, high: 0x0f0e_0d0c_0b0a_0908)
    let logDigits = "000102030405060708090a0b0c0d0e0f"

    /// The mutations as the records from the lanes' first position on.
    func batch(_ mutations: [TaskMutation], lanes: [SinkLane], laneCount: Int = 1) -> TaskBatch {
        let first = (lanes.map(\.position).min() ?? .zero).rawValue + 1
        let operations = mutations.enumerated().map { index, mutation in
            let sequence = SequenceNumber(rawValue: first + UInt64(index))
            return TaskBatch.Operation(
                record: SinkRecord(sequence: sequence, time: time(0), payload: TaskCodec.encode(mutation)[...]),
                mutation: mutation)
        }
        return TaskBatch(
            log: log, laneCount: laneCount, lanes: lanes,
            position: SequenceNumber(rawValue: first + UInt64(mutations.count) - 1), operations: operations)
    }

    func code(of body: () async throws -> Void) async -> StoreError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? StoreError)?.code
        }
    }
#endif
