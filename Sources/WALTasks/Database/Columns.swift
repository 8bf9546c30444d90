public import WAL
public import WALDelivery

/// The columns of the tables, in the order in which statements write and read them.
package enum Columns {
    package static let task = """
        id, dag_id, node_id, current_node_id, sub_dag_path, processing_state, payload, status, created_at, updated_at, \
        started_at, completed_at, error, retry_count, max_retries, priority
        """
    /// The columns of a task that another save replaces.
    package static let replaced = task.split(separator: ", ").filter { !["id", "dag_id", "created_at"].contains($0) }
    package static let activity = "id, task_id, dag_id, node_id, action, message, data, level, created_at"
    package static let deadLetter = "log_id, position, part, kind, row_id, body, error_code, error_message, created_at"
}

/// The current row of a query. Columns are read in their order.
///
/// Inlinable, so that each store has functions for its own rows instead of calls through a table.
@usableFromInline
package protocol RowReader {
    /// The server of these rows.
    static var server: StoreError.Server { get }

    mutating func text() -> String
    mutating func optionalText() -> String?
    mutating func bytes() -> [UInt8]
    mutating func number() -> Int64
    mutating func optionalNumber() -> Int64?
    mutating func time() -> Timestamp
    mutating func optionalTime() -> Timestamp?
}

extension RowReader {
    @inlinable
    package mutating func text() -> String {
        optionalText() ?? ""
    }

    @inlinable
    package mutating func number() -> Int64 {
        optionalNumber() ?? 0
    }

    @inlinable
    package mutating func time() -> Timestamp {
        optionalTime() ?? Timestamp(rawValue: 0)
    }

    @inlinable
    package mutating func task() throws(StoreError) -> PersistentTask {
        PersistentTask(
            id: text(), dagID: text(), nodeID: text(), currentNodeID: optionalText(), subDAGPath: optionalText(),
            processingState: optionalText(), payload: optionalText(), status: try status(), createdAt: time(),
            updatedAt: time(), startedAt: optionalTime(), completedAt: optionalTime(), error: optionalText(),
            retryCount: Int32(clamping: number()), maxRetries: Int32(clamping: number()),
            priority: Int32(clamping: number()))
    }

    @inlinable
    package mutating func activity() -> TaskActivityLog {
        TaskActivityLog(
            id: text(), taskID: text(), dagID: text(), nodeID: text(), action: text(), message: optionalText(),
            data: optionalText(), level: text(), createdAt: time())
    }

    @inlinable
    package mutating func deadLetter() throws(StoreError) -> StoredDeadLetter {
        let logID = text()
        guard let log = LogID(logID) else { throw StoreError.unreadable(logID: logID, Self.server) }
        return StoredDeadLetter(
            id: StoredDeadLetter.ID(log: log, sequence: sequence()), lane: optionalNumber().map { Int($0) },
            kind: text(), rowID: optionalText(), body: bytes(), code: text(), reason: text(), time: time())
    }

    /// Reads a lane: index, epoch and position.
    @inlinable
    package mutating func lane() -> SinkLane {
        SinkLane(index: Int(number()), epoch: UInt64(bitPattern: number()), position: sequence())
    }

    @inlinable
    package mutating func checkpoint() -> SinkCheckpoint {
        SinkCheckpoint(
            lane: lane(), laneCount: Int(number()), owner: optionalText(), claimedAt: time(), flushedAt: optionalTime())
    }

    @inlinable
    package mutating func sequence() -> SequenceNumber {
        SequenceNumber(rawValue: UInt64(bitPattern: number()))
    }

    @inlinable
    package mutating func status() throws(StoreError) -> TaskStatus {
        let name = text()
        guard let status = TaskStatus(rawValue: name) else { throw StoreError.unreadable(status: name, Self.server) }
        return status
    }
}

/// A writer of rows for a statement. Values are added in the order of the columns.
///
/// Inlinable, so that each store has functions for its own rows instead of calls through a table.
@usableFromInline
package protocol RowWriter: AnyObject {
    func add(_ text: String?)
    func add(_ number: Int32)
    func add(_ time: Timestamp?)
}

extension RowWriter {
    @inlinable
    package func add(_ task: PersistentTask) {
        add(task.id)
        add(task.dagID)
        add(task.nodeID)
        add(task.currentNodeID)
        add(task.subDAGPath)
        add(task.processingState)
        add(task.payload)
        add(task.status.rawValue)
        add(task.createdAt)
        add(task.updatedAt)
        add(task.startedAt)
        add(task.completedAt)
        add(task.error)
        add(task.retryCount)
        add(task.maxRetries)
        add(task.priority)
    }

    @inlinable
    package func add(_ activity: TaskActivityLog) {
        add(activity.id)
        add(activity.taskID)
        add(activity.dagID)
        add(activity.nodeID)
        add(activity.action)
        add(activity.message)
        add(activity.data)
        add(activity.level)
        add(activity.createdAt)
    }
}

extension StoreError {
    @usableFromInline
    package static func unreadable(status: String, _ server: Server) -> StoreError {
        StoreError(
            .rowUnreadable, "a task has the status '\(status)', which doesn't exist: correct the row", server: server)
    }

    @usableFromInline
    package static func unreadable(logID: String, _ server: Server) -> StoreError {
        StoreError(
            .rowUnreadable, "a dead letter has the log id '\(logID)', which is none: correct the row", server: server)
    }
}
