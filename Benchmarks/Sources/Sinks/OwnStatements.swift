import WAL
import WALDelivery
import WALTasks

/// What a function of a user's own does to write the records of the workload: it decodes a batch, and runs one statement for the tasks
/// and one for the activities.
struct OwnStatements {
    private let save: String
    private let log: String

    private static let taskColumns = [
        "id", "dag_id", "node_id", "current_node_id", "sub_dag_path", "processing_state", "payload", "status",
        "created_at", "updated_at", "started_at", "completed_at", "error", "retry_count", "max_retries", "priority",
    ]
    private static let activityColumns = [
        "id", "task_id", "dag_id", "node_id", "action", "message", "data", "level", "created_at",
    ]
    private static let keptColumns = ["id", "dag_id", "created_at"]

    static func of(_ kind: StoreKind) -> OwnStatements {
        let replaced = taskColumns.filter { !keptColumns.contains($0) }
        let conflict =
            kind == .mariadb
            ? "ON DUPLICATE KEY UPDATE " + replaced.map { "\($0) = VALUES(\($0))" }.joined(separator: ", ")
            : "ON CONFLICT (id) DO UPDATE SET " + replaced.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        func insert(_ table: String, _ columns: [String]) -> String {
            let places = columns.indices.map { kind == .postgres ? "$\($0 + 1)" : "?" }
            return
                "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(places.joined(separator: ", ")))"
        }
        return OwnStatements(
            save: "\(insert("dag_tasks", taskColumns)) \(conflict)",
            log: insert("dag_task_activity_logs", activityColumns))
    }

    func write(_ batch: SinkBatch, in transaction: SinkTransaction) throws {
        var tasks: [[SQLValue]] = []
        var activities: [[SQLValue]] = []
        for record in batch.records {
            switch try TaskCodec.decode(record.payload.span.bytes) {
            case .save(let task): tasks.append(Self.row(task))
            case .log(let activity): activities.append(Self.row(activity))
            default: break
            }
        }
        try transaction.executeMany(save, tasks)
        try transaction.executeMany(log, activities)
    }

    private static func row(_ task: PersistentTask) -> [SQLValue] {
        [
            .text(task.id), .text(task.dagID), .text(task.nodeID), SQLValue(task.currentNodeID),
            SQLValue(task.subDAGPath), SQLValue(task.processingState), SQLValue(task.payload),
            .text(task.status.rawValue), .time(task.createdAt), .time(task.updatedAt), time(task.startedAt),
            time(task.completedAt), SQLValue(task.error), .integer(Int64(task.retryCount)),
            .integer(Int64(task.maxRetries)), .integer(Int64(task.priority)),
        ]
    }

    private static func row(_ activity: TaskActivityLog) -> [SQLValue] {
        [
            .text(activity.id), .text(activity.taskID), .text(activity.dagID), .text(activity.nodeID),
            .text(activity.action), SQLValue(activity.message), SQLValue(activity.data), .text(activity.level),
            .time(activity.createdAt),
        ]
    }

    private static func time(_ time: Timestamp?) -> SQLValue { time.map(SQLValue.time) ?? .null }
}
