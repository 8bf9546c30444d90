import CWALSimdJSON
import WAL
import WALTasks

/// Parses lines into records. Only one thread may use it at a time.
final class LineParser {
    /// The number of readable bytes that must follow a line.
    static let padding = cwal_json_padding()

    private let parser: UnsafeMutableRawPointer
    private let line: UnsafeMutablePointer<cwal_json_line>
    private let top: UnsafePointer<cwal_json_slice>
    private let task: UnsafePointer<cwal_json_slice>
    private let activity: UnsafePointer<cwal_json_slice>

    init() throws(ToolError) {
        guard let parser = cwal_json_parser_create() else {
            throw ToolError(.inputOutput, "There isn't enough memory to read JSON.")
        }
        self.parser = parser
        line = .allocate(capacity: 1)
        line.initialize(to: cwal_json_line())
        top = cwal_json_top_slices(line)
        task = cwal_json_task_slices(line)
        activity = cwal_json_activity_slices(line)
    }

    deinit {
        line.deallocate()
        cwal_json_parser_destroy(parser)
    }

    /// The kind of a line.
    enum Kind {
        case task, activity, other
    }

    /// Parses a line and adds its record to a batch. At least ``padding`` readable bytes must follow the line.
    func parse(_ bytes: UnsafeRawBufferPointer, into batch: inout RecordBatch) throws(LineDefect) -> Kind {
        guard cwal_json_parse(parser, bytes.assumingMemoryBound(to: UInt8.self).baseAddress, bytes.count, line) else {
            throw LineDefect(column: line.pointee.error_offset + 1, reason: String(cString: line.pointee.error))
        }
        let fields = LineFields(slices: top, column: 1)
        let type = top[Top.type]
        guard type.kind == CWAL_JSON_STRING.rawValue else {
            if Self.isGap(bytes) { throw LineDefect(column: 1, reason: Self.gapReason) }
            _ = try fields.string(Top.type, "type")
            throw fields.missing(Top.type, "type")
        }
        switch UnsafeRawBufferPointer(start: type.bytes, count: type.count) {
        case "task_update":
            batch.append(try save(fields.object(Top.task, "task", slices: task)))
            return .task
        case "activity_log":
            batch.append(try log(fields.object(Top.activity, "activity", slices: activity)))
            return .activity
        case let other:
            batch.append(try mutation(other, fields))
            return .other
        }
    }

    private func mutation(_ type: UnsafeRawBufferPointer, _ fields: LineFields) throws(LineDefect) -> TaskMutation {
        switch type {
        case "status_update":
            return .updateStatus(
                id: try fields.id(Top.taskID, "task_id").string, status: try fields.status(Top.status, "status"),
                error: try fields.optionalString(Top.error, "error")?.string,
                time: try fields.optionalTime(Top.updatedAt, "updated_at") ?? .now)
        case "task_delete": return .delete(id: try fields.id(Top.taskID, "task_id").string)
        case "dag_delete": return .deleteDAG(id: try fields.group(Top.dagID, "dag_id").string)
        case "tasks_remove": return .removeTasks(endedBefore: try fields.time(Top.before, "before"))
        case "activities_remove": return .removeActivities(createdBefore: try fields.time(Top.before, "before"))
        case "flow": throw fields.defect(Top.type, Self.flowReason)
        default:
            throw fields.defect(
                Top.type,
                "unknown type \"\(try fields.string(Top.type, "type").string)\"; known are task_update, activity_log, "
                    + "status_update, task_delete, dag_delete, tasks_remove, activities_remove")
        }
    }

    private static let flowReason =
        "the line is a record of a durable DAG, which only its own log can have. Remove the line or give "
        + "--on-bad-line skip to ingest the others"

    private static let gapReason =
        "the line is a gap of `wal dump`: these records are missing from its log. Remove the line or give "
        + "--on-bad-line skip to ingest the others"

    /// Whether the line is an object whose first member is `gap`.
    private static func isGap(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let start = #"{"gap":"#.utf8
        return bytes.lazy.filter { $0 != 0x20 && $0 != 0x09 }.prefix(start.count).elementsEqual(start)
    }

    /// The level of an activity without a level.
    private static var info: BorrowedText {
        let text: StaticString = "info"
        return BorrowedText(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private func save(_ fields: LineFields) throws(LineDefect) -> BorrowedTask {
        let created = try fields.time(Field.createdAt, "created_at")
        return BorrowedTask(
            id: try fields.id(Field.id, "id"),
            dagID: try fields.group(Field.dagID, "dag_id"),
            nodeID: try fields.group(Field.nodeID, "node_id"),
            currentNodeID: try fields.optionalString(Field.currentNodeID, "current_node_id"),
            subDAGPath: try fields.optionalString(Field.subDAGPath, "sub_dag_path"),
            processingState: try fields.optionalString(Field.processingState, "processing_state"),
            payload: try fields.json(Field.payload, "payload", orText: Field.payloadText, "payload_text"),
            status: try fields.status(Field.status, "status"),
            createdAt: created,
            updatedAt: try fields.optionalTime(Field.updatedAt, "updated_at") ?? created,
            startedAt: try fields.optionalTime(Field.startedAt, "started_at"),
            completedAt: try fields.optionalTime(Field.completedAt, "completed_at"),
            error: try fields.optionalString(Field.error, "error"),
            retryCount: try fields.integer(Field.retryCount, "retry_count", or: 0),
            maxRetries: try fields.integer(Field.maxRetries, "max_retries", or: 3),
            priority: try fields.integer(Field.priority, "priority", or: 0))
    }

    private func log(_ fields: LineFields) throws(LineDefect) -> BorrowedActivity {
        BorrowedActivity(
            id: try fields.id(ActivityField.id, "id"),
            taskID: try fields.id(ActivityField.taskID, "task_id"),
            dagID: try fields.group(ActivityField.dagID, "dag_id"),
            nodeID: try fields.group(ActivityField.nodeID, "node_id"),
            action: try fields.string(ActivityField.action, "action"),
            message: try fields.optionalString(ActivityField.message, "message"),
            data: try fields.json(ActivityField.data, "data", orText: ActivityField.dataText, "data_text"),
            level: try fields.optionalString(ActivityField.level, "level") ?? Self.info,
            createdAt: try fields.time(ActivityField.createdAt, "created_at"))
    }
}

private func ~= (word: StaticString, bytes: UnsafeRawBufferPointer) -> Bool { bytes.equals(word) }

/// The indices of the fields in the arrays of the C parser.
private enum Top {
    static let type = Int(CWAL_TOP_TYPE.rawValue)
    static let task = Int(CWAL_TOP_TASK.rawValue)
    static let activity = Int(CWAL_TOP_ACTIVITY.rawValue)
    static let taskID = Int(CWAL_TOP_TASK_ID.rawValue)
    static let status = Int(CWAL_TOP_STATUS.rawValue)
    static let error = Int(CWAL_TOP_ERROR.rawValue)
    static let updatedAt = Int(CWAL_TOP_UPDATED_AT.rawValue)
    static let dagID = Int(CWAL_TOP_DAG_ID.rawValue)
    static let before = Int(CWAL_TOP_BEFORE.rawValue)
}

private enum Field {
    static let id = Int(CWAL_TASK_ID.rawValue)
    static let dagID = Int(CWAL_TASK_DAG_ID.rawValue)
    static let nodeID = Int(CWAL_TASK_NODE_ID.rawValue)
    static let currentNodeID = Int(CWAL_TASK_CURRENT_NODE_ID.rawValue)
    static let subDAGPath = Int(CWAL_TASK_SUB_DAG_PATH.rawValue)
    static let processingState = Int(CWAL_TASK_PROCESSING_STATE.rawValue)
    static let payload = Int(CWAL_TASK_PAYLOAD.rawValue)
    static let status = Int(CWAL_TASK_STATUS.rawValue)
    static let createdAt = Int(CWAL_TASK_CREATED_AT.rawValue)
    static let updatedAt = Int(CWAL_TASK_UPDATED_AT.rawValue)
    static let startedAt = Int(CWAL_TASK_STARTED_AT.rawValue)
    static let completedAt = Int(CWAL_TASK_COMPLETED_AT.rawValue)
    static let error = Int(CWAL_TASK_ERROR.rawValue)
    static let retryCount = Int(CWAL_TASK_RETRY_COUNT.rawValue)
    static let maxRetries = Int(CWAL_TASK_MAX_RETRIES.rawValue)
    static let priority = Int(CWAL_TASK_PRIORITY.rawValue)
    static let payloadText = Int(CWAL_TASK_PAYLOAD_TEXT.rawValue)
}

private enum ActivityField {
    static let id = Int(CWAL_ACTIVITY_ID.rawValue)
    static let taskID = Int(CWAL_ACTIVITY_TASK_ID.rawValue)
    static let dagID = Int(CWAL_ACTIVITY_DAG_ID.rawValue)
    static let nodeID = Int(CWAL_ACTIVITY_NODE_ID.rawValue)
    static let action = Int(CWAL_ACTIVITY_ACTION.rawValue)
    static let message = Int(CWAL_ACTIVITY_MESSAGE.rawValue)
    static let data = Int(CWAL_ACTIVITY_DATA.rawValue)
    static let level = Int(CWAL_ACTIVITY_LEVEL.rawValue)
    static let createdAt = Int(CWAL_ACTIVITY_CREATED_AT.rawValue)
    static let dataText = Int(CWAL_ACTIVITY_DATA_TEXT.rawValue)
}
