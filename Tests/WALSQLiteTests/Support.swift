#if SQLite
    import Foundation
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALSQLite

    /// A directory for one database, removed with the last reference.
    final class TemporaryDatabase: Sendable {
        let directory: String
        let path: String

        init() throws {
            directory = NSTemporaryDirectory() + "wal-sqlite-" + UUID().uuidString
            path = directory + "/tasks.sqlite"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        }

        deinit {
            try? FileManager.default.removeItem(atPath: directory)
        }

        /// A second connection, as another process would have.
        func connect() throws -> Connection {
            try Connection(path: path, access: .readWrite, busyTimeout: .zero)
        }

        func number(_ query: String) throws -> Int64? {
            try Statement(query, named: query, on: connect()).first { (row) throws(StoreError) in row.number() }
        }

        func texts(_ query: String) throws -> [String] {
            try Statement(query, named: query, on: connect()).all { (row) throws(StoreError) in row.text() }
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
