import CWALSimdJSON
import WAL
import WALTasks

/// A mutation as one line of NDJSON, in the form that `ingest` reads.
struct TaskLine {
    private(set) var bytes: [UInt8] = []
    private let record: (sequence: SequenceNumber, time: Timestamp)?

    /// Makes a line. If the sequence number and time of the record are given, the line has them as members, which
    /// `ingest` ignores.
    init(_ mutation: TaskMutation, sequence: SequenceNumber? = nil, time: Timestamp? = nil) {
        bytes.reserveCapacity(512)
        record = sequence.flatMap { sequence in time.map { (sequence, $0) } }
        switch mutation {
        case .save(let task): put(task)
        case .log(let activity): put(activity)
        case .updateStatus(let id, let status, let error, let time):
            open("status_update")
            put("task_id", id)
            put("status", status.rawValue)
            put("error", error)
            put("updated_at", time)
        case .delete(let id):
            open("task_delete")
            put("task_id", id)
        case .deleteDAG(let id):
            open("dag_delete")
            put("dag_id", id)
        case .removeTasks(let time):
            open("tasks_remove")
            put("before", time)
        case .removeActivities(let time):
            open("activities_remove")
            put("before", time)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func put(_ task: PersistentTask) {
        open("task_update")
        openObject("task")
        put("id", task.id)
        put("dag_id", task.dagID)
        put("node_id", task.nodeID)
        put("current_node_id", task.currentNodeID)
        put("sub_dag_path", task.subDAGPath)
        put("processing_state", task.processingState)
        put("payload", json: task.payload)
        put("status", task.status.rawValue)
        put("created_at", task.createdAt)
        put("updated_at", task.updatedAt)
        put("started_at", task.startedAt)
        put("completed_at", task.completedAt)
        put("error", task.error)
        put("retry_count", task.retryCount)
        put("max_retries", task.maxRetries)
        put("priority", task.priority)
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func put(_ activity: TaskActivityLog) {
        open("activity_log")
        openObject("activity")
        put("id", activity.id)
        put("task_id", activity.taskID)
        put("dag_id", activity.dagID)
        put("node_id", activity.nodeID)
        put("action", activity.action)
        put("message", activity.message)
        put("data", json: activity.data)
        put("level", activity.level)
        put("created_at", activity.createdAt)
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func open(_ type: String) {
        bytes.append(UInt8(ascii: "{"))
        put("type", type)
        guard let record else { return }
        put(name: "sequence")
        bytes.append(contentsOf: String(record.sequence.rawValue).utf8)
        put("time", record.time)
    }

    private mutating func openObject(_ name: String) {
        put(name: name)
        bytes.append(UInt8(ascii: "{"))
    }

    private mutating func put(name: String) {
        if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: name.utf8)
        bytes.append(contentsOf: "\":".utf8)
    }

    private mutating func put(_ name: String, _ text: String?) {
        put(name: name)
        if let text { bytes.append(jsonString: text) } else { bytes.append(contentsOf: "null".utf8) }
    }

    private mutating func put(_ name: String, _ time: Timestamp?) {
        put(name, time?.description)
    }

    private mutating func put(_ name: String, _ number: Int32) {
        put(name: name)
        bytes.append(contentsOf: String(number).utf8)
    }

    /// Appends JSON text unchanged, so that `ingest` reads identical bytes.
    ///
    /// A member on one line can't contain three kinds of text: text with line ends or with space around the value; the
    /// value `null`, which means no value; and text that isn't JSON, because it was stored without a check. Such a text
    /// becomes a string, under the member's name with the suffix `_text`.
    private mutating func put(_ name: String, json text: String?) {
        guard let text else { return put(name, nil as String?) }
        guard text != "null", !Self.hasSpaceAround(text), !text.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }),
            Self.isJSON(text)
        else { return put(name + "_text", text) }
        put(name: name)
        bytes.append(contentsOf: text.utf8)
    }

    private static func hasSpaceAround(_ text: String) -> Bool {
        [" ", "\t"].contains { text.hasPrefix($0) || text.hasSuffix($0) }
    }

    /// Returns whether a text is one JSON value, by the grammar that `ingest` and `save` use.
    static func isJSON(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { cwal_json_is_valid($0.baseAddress, $0.count) }
    }
}
