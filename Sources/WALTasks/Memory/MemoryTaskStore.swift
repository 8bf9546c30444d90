public import WAL
public import WALDelivery

/// A task store in memory, for tests and for tasks that may end with the process.
///
/// It keeps positions and fences owners as a database does, so it can replace one. Its contents are lost with it.
public final class MemoryTaskStore: TaskStore, @unchecked Sendable {
    // `lock` protects everything below it.
    private let lock = TaskLock()
    private var table = TaskTable()
    private var logs: [LogID: LaneTable] = [:]
    private var letters: [DeadLetter] = []
    private var isClosed = false

    public let name: String
    public let maxConcurrency: Int

    /// Makes an empty store. `maxConcurrency` is the number of batches that a flusher applies concurrently.
    public init(name: String = "memory", maxConcurrency: Int = 4) {
        self.name = name
        self.maxConcurrency = maxConcurrency
    }

    /// The records that couldn't be decoded, in the order of arrival.
    public var deadLetters: [DeadLetter] {
        lock.withLock { letters }
    }

    private func withTable<Result>(
        _ body: (inout TaskTable) throws(TaskStorageError) -> Result
    ) throws(TaskStorageError) -> Result {
        try lock.withLock { () throws(TaskStorageError) in
            guard !isClosed else { throw TaskStorageError(.closed, "The store was closed.") }
            return try body(&table)
        }
    }

    private func apply(_ mutations: [TaskMutation]) throws(TaskStorageError) {
        for mutation in mutations { try mutation.validate() }
        try withTable { table in
            for mutation in mutations { table.apply(mutation) }
        }
    }
}

extension MemoryTaskStore {
    public func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
        try withTable { _ throws(TaskStorageError) in
            var known = logs[log] ?? LaneTable(laneCount: laneCount)
            guard known.laneCount == laneCount else {
                throw TaskStorageError(
                    .laneCountChanged, "The log was used with \(known.laneCount) lanes before, now with \(laneCount).")
            }
            let claimed = known.claim(lanes)
            logs[log] = known
            return claimed
        }
    }

    public func apply(_ batch: TaskBatch) async throws -> SinkReceipt {
        try moving(batch.lanes, of: batch.laneCount, log: batch.log, to: batch.position) { table in
            let rowCount = batch.operations.reduce(0) { $0 + table.apply($1.mutation) }
            let refused = batch.undecodable.map(\.letter)
            letters += refused
            return SinkReceipt(rowCount: rowCount, deadLetters: refused)
        }
    }

    /// Applies the changes of `body` and moves the lanes, if each lane has the state that its owner expects.
    private func moving(
        _ lanes: [SinkLane], of laneCount: Int, log: LogID, to position: SequenceNumber,
        _ body: (inout TaskTable) -> SinkReceipt
    ) throws(TaskStorageError) -> SinkReceipt {
        try withTable { table throws(TaskStorageError) in
            guard let known = logs[log], known.laneCount == laneCount, known.agrees(with: lanes) else {
                throw TaskStorageError(.fenced, "A lane was claimed by another owner, or moved.")
            }
            let receipt = body(&table)
            logs[log]?.move(lanes, to: position)
            return receipt
        }
    }

    public func classify(_ error: any Error) -> SinkFailure {
        (error as? TaskStorageError)?.code == .fenced ? .fenced : .fatal
    }
}

extension MemoryTaskStore: CopyingStore {
    package func apply(_ copyable: CopyableBatch) async throws -> SinkReceipt? {
        // Nothing is applied before all of the batch is known to be valid, and the table isn't locked meanwhile.
        var activities = EncodedActivities()
        activities.reserve(count: copyable.activityCount, byteCount: copyable.activityByteCount)
        let others = try copyable.separate { payload throws(StoreError) in
            (try? activities.append(payload)) != nil
        }
        guard let others else { return nil }
        let batch = copyable.batch
        return try moving(batch.lanes, of: batch.laneCount, log: batch.log, to: batch.position) { table in
            var rowCount = table.activities.insert(activities)
            for operation in others.operations { rowCount += table.apply(operation.mutation) }
            return SinkReceipt(rowCount: rowCount, coalescedCount: others.coalescedCount)
        }
    }
}

extension MemoryTaskStore {
    public func save(_ task: PersistentTask) async throws {
        try apply([.save(task)])
    }

    public func save(_ tasks: [PersistentTask]) async throws {
        try apply(tasks.map { .save($0) })
    }

    public func task(id: String) async throws -> PersistentTask? {
        try withTable { $0.tasks[BinaryID(id)] }
    }

    public func tasks(dagID: String, limit: Int, offset: Int) async throws -> [PersistentTask] {
        let page = try Page(limit: limit, offset: offset)
        return try withTable { page.of($0.tasks(dagID: dagID)) }
    }

    public func tasks(status: TaskStatus, limit: Int, offset: Int) async throws -> [PersistentTask] {
        let page = try Page(limit: limit, offset: offset)
        return try withTable { page.of($0.tasks(status: status)) }
    }

    public func pendingTasks(limit: Int) async throws -> [PersistentTask] {
        let page = try Page(limit: limit)
        return try withTable { page.of($0.pendingTasks()) }
    }

    public func resumableTasks(dagID: String) async throws -> [PersistentTask] {
        try withTable { $0.tasks(dagID: dagID).filter(\.isResumable) }
    }

    public func updateStatus(id: String, to status: TaskStatus, error: String?, at time: Timestamp) async throws {
        try apply([.updateStatus(id: id, status: status, error: error, time: time)])
    }

    public func deleteTask(id: String) async throws {
        try apply([.delete(id: id)])
    }

    public func deleteTasks(dagID: String) async throws {
        try apply([.deleteDAG(id: dagID)])
    }

    public func log(_ activity: TaskActivityLog) async throws {
        try apply([.log(activity)])
    }

    public func activities(taskID: String, limit: Int, offset: Int) async throws -> [TaskActivityLog] {
        let page = try Page(limit: limit, offset: offset)
        return try withTable { page.of($0.activities.activities(taskID: taskID)) }
    }

    public func activities(dagID: String, limit: Int, offset: Int) async throws -> [TaskActivityLog] {
        let page = try Page(limit: limit, offset: offset)
        return try withTable { page.of($0.activities.activities(dagID: dagID)) }
    }

    public func removeTasks(endedBefore time: Timestamp) async throws {
        try apply([.removeTasks(endedBefore: time)])
    }

    public func removeActivities(createdBefore time: Timestamp) async throws {
        try apply([.removeActivities(createdBefore: time)])
    }

    public func ping() async throws {
        try withTable { _ in }
    }

    public func close() async throws {
        lock.withLock { isClosed = true }
    }
}
