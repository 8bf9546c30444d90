import CWALSimdJSON
import WAL
import WALTasks

/// Parses lines into records. Only one thread may use it at a time.
final class LineParser {
    /// The number of readable bytes that must follow a line.
    static let padding = cwal_json_padding()

    private let parser: UnsafeMutableRawPointer
    private let line: UnsafeMutablePointer<cwal_json_line>

    init() throws(ToolError) {
        guard let parser = cwal_json_parser_create() else {
            throw ToolError(.inputOutput, "There isn't enough memory to read JSON.")
        }
        self.parser = parser
        line = .allocate(capacity: 1)
        line.initialize(to: cwal_json_line())
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
        let fields = LineFields(slices: cwal_json_top_slices(line), column: 1)
        let type = fields.slices[CWAL_TOP_TYPE]
        guard type.kind == CWAL_JSON_STRING.rawValue else {
            if Self.isGap(bytes) { throw LineDefect(column: 1, reason: Self.gapReason) }
            _ = try fields.string(CWAL_TOP_TYPE, "type")
            throw fields.missing(CWAL_TOP_TYPE, "type")
        }
        switch UnsafeRawBufferPointer(start: type.bytes, count: type.count) {
        case "task_update":
            batch.append(try save(fields.object(CWAL_TOP_TASK, "task", slices: cwal_json_task_slices(line))))
            return .task
        case "activity_log":
            let activity = try fields.object(
                CWAL_TOP_ACTIVITY, "activity", slices: cwal_json_activity_slices(line))
            batch.append(try log(activity))
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
                id: try fields.id(CWAL_TOP_TASK_ID, "task_id").string,
                status: try fields.status(CWAL_TOP_STATUS, "status"),
                error: try fields.optionalString(CWAL_TOP_ERROR, "error")?.string,
                time: try fields.optionalTime(CWAL_TOP_UPDATED_AT, "updated_at") ?? .now)
        case "task_delete": return .delete(id: try fields.id(CWAL_TOP_TASK_ID, "task_id").string)
        case "dag_delete": return .deleteDAG(id: try fields.group(CWAL_TOP_DAG_ID, "dag_id").string)
        case "tasks_remove": return .removeTasks(endedBefore: try fields.time(CWAL_TOP_BEFORE, "before"))
        case "activities_remove": return .removeActivities(createdBefore: try fields.time(CWAL_TOP_BEFORE, "before"))
        case "flow": throw fields.defect(CWAL_TOP_TYPE, Self.flowReason)
        default:
            let unknown = try fields.string(CWAL_TOP_TYPE, "type").string
            throw fields.defect(
                CWAL_TOP_TYPE,
                "unknown type \"\(unknown)\"; known are task_update, activity_log, status_update, task_delete, "
                    + "dag_delete, tasks_remove, activities_remove")
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
        let created = try fields.time(CWAL_TASK_CREATED_AT, "created_at")
        return BorrowedTask(
            id: try fields.id(CWAL_TASK_ID, "id"),
            dagID: try fields.group(CWAL_TASK_DAG_ID, "dag_id"),
            nodeID: try fields.group(CWAL_TASK_NODE_ID, "node_id"),
            currentNodeID: try fields.optionalString(CWAL_TASK_CURRENT_NODE_ID, "current_node_id"),
            subDAGPath: try fields.optionalString(CWAL_TASK_SUB_DAG_PATH, "sub_dag_path"),
            processingState: try fields.optionalString(CWAL_TASK_PROCESSING_STATE, "processing_state"),
            payload: try fields.json(CWAL_TASK_PAYLOAD, "payload", orText: CWAL_TASK_PAYLOAD_TEXT, "payload_text"),
            status: try fields.status(CWAL_TASK_STATUS, "status"),
            createdAt: created,
            updatedAt: try fields.optionalTime(CWAL_TASK_UPDATED_AT, "updated_at") ?? created,
            startedAt: try fields.optionalTime(CWAL_TASK_STARTED_AT, "started_at"),
            completedAt: try fields.optionalTime(CWAL_TASK_COMPLETED_AT, "completed_at"),
            error: try fields.optionalString(CWAL_TASK_ERROR, "error"),
            retryCount: try fields.integer(CWAL_TASK_RETRY_COUNT, "retry_count", or: 0),
            maxRetries: try fields.integer(CWAL_TASK_MAX_RETRIES, "max_retries", or: 3),
            priority: try fields.integer(CWAL_TASK_PRIORITY, "priority", or: 0))
    }

    private func log(_ fields: LineFields) throws(LineDefect) -> BorrowedActivity {
        BorrowedActivity(
            id: try fields.id(CWAL_ACTIVITY_ID, "id"),
            taskID: try fields.id(CWAL_ACTIVITY_TASK_ID, "task_id"),
            dagID: try fields.group(CWAL_ACTIVITY_DAG_ID, "dag_id"),
            nodeID: try fields.group(CWAL_ACTIVITY_NODE_ID, "node_id"),
            action: try fields.string(CWAL_ACTIVITY_ACTION, "action"),
            message: try fields.optionalString(CWAL_ACTIVITY_MESSAGE, "message"),
            data: try fields.json(CWAL_ACTIVITY_DATA, "data", orText: CWAL_ACTIVITY_DATA_TEXT, "data_text"),
            level: try fields.optionalString(CWAL_ACTIVITY_LEVEL, "level") ?? Self.info,
            createdAt: try fields.time(CWAL_ACTIVITY_CREATED_AT, "created_at"))
    }
}

private func ~= (word: StaticString, bytes: UnsafeRawBufferPointer) -> Bool { bytes.equals(word) }
