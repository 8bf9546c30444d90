#if MySQL
    import Foundation
    import Synchronization
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALMySQL

    /// A database of one test, on the shared server or another.
    final class TestDatabase: Sendable {
        private static let count = Atomic<Int>(0)

        let name: String
        let url: String
        private let serverURL: String

        init(on server: PrivateServer? = nil) throws {
            let server = try server ?? PrivateServer.shared.get()
            name = "t\(Self.count.add(1, ordering: .relaxed).newValue)"
            serverURL = server.url
            url = server.url.replacingOccurrences(of: "/test?", with: "/\(name)?")
            let root = try Connection(ConnectionSettings(url: serverURL), access: .readWrite)
            // Many tests at once have more connections than the default, 151.
            try root.execute("SET GLOBAL max_connections = 1000", named: "set up")
            try root.execute("CREATE DATABASE \(name)", named: "set up")
        }

        /// As root, or as another user without a password.
        func url(user: String) -> String {
            url.replacingOccurrences(of: "root@", with: "\(user)@")
        }

        /// A second connection, as another process would have.
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
            statementTimeout: Duration = .seconds(30), lockTimeout: Duration = .seconds(120)
        ) async throws -> MySQLTaskStore {
            let settings = try ConnectionSettings(
                url: url + options, statementTimeout: statementTimeout, lockTimeout: lockTimeout, usesArrays: arrays)
            let store = try await MySQLTaskStore(settings, writeConnections: writeConnections, readConnections: 1)
            try await store.ping()
            return store
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

    let log = LogID(low: 0x0706_0504_0302_0100, high: 0x0f0e_0d0c_0b0a_0908)
    let logDigits = "000102030405060708090a0b0c0d0e0f"

    /// The mutations as the records from the lanes' first position on.
    func batch(_ mutations: [TaskMutation], lanes: [SinkLane], laneCount: Int = 1) -> TaskBatch {
        let first = (lanes.map(\.position).min() ?? .zero).rawValue + 1
        let operations = mutations.enumerated().map { index, mutation in
            let sequence = SequenceNumber(rawValue: first + UInt64(index))
            return TaskBatch.Operation(
                record: SinkRecord(sequence: sequence, time: time(0), payload: Array("record \(sequence)".utf8)[...]),
                mutation: mutation)
        }
        return TaskBatch(
            log: log, laneCount: laneCount, lanes: lanes,
            position: SequenceNumber(rawValue: first + UInt64(mutations.count) - 1), operations: operations)
    }

    func error(of body: () async throws -> Void) async -> StoreError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? StoreError
        }
    }

    func code(of body: () async throws -> Void) async -> StoreError.Code? {
        await error(of: body)?.code
    }
#endif
