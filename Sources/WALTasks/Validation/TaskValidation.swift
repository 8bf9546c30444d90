public import WAL

extension TaskMutation {
    /// The maximum number of UTF-8 bytes of an id, which is an index key in every store.
    public static let maxIDSize = 512

    /// The times that every part of this package can write and read: the years 1 to 9999 in UTC, for which ISO 8601
    /// has four digits. MariaDB and MySQL begin with the year 1000.
    public static let timeRange =
        Timestamp(rawValue: -62_135_596_800_000_000)...Timestamp(rawValue: 253_402_300_799_999_999)

    /// Throws if no store can take the mutation. Otherwise it would become a dead letter long after the caller is
    /// gone.
    public func validate() throws(TaskStorageError) {
        switch self {
        case .save(let task): try task.validate()
        case .log(let activity): try activity.validate()
        case .updateStatus(let id, _, let error, let time):
            try Self.check(id: id, "id")
            try Self.check(text: error, "error")
            try Self.check(time: time, "time")
        case .delete(let id): try Self.check(id: id, "id")
        case .deleteDAG(let id): try Self.check(group: id, "dagID")
        case .removeTasks(let time), .removeActivities(let time): try Self.check(time: time, "time")
        }
    }

    fileprivate static func check(id: String, _ field: String) throws(TaskStorageError) {
        guard !id.isEmpty else { throw TaskStorageError(.invalidID, "\(field) is empty.") }
        try check(group: id, field)
    }

    /// Checks an id that may be empty, of a DAG or a node.
    fileprivate static func check(group: String, _ field: String) throws(TaskStorageError) {
        let size = group.utf8.count
        guard size <= maxIDSize else {
            throw TaskStorageError(.invalidID, "\(field) has \(size) bytes. The limit is \(maxIDSize).")
        }
        try check(text: group, field)
    }

    fileprivate static func check(text: String?, _ field: String) throws(TaskStorageError) {
        guard let text, text.hasNul else { return }
        throw TaskStorageError(.nulCharacter, "\(field) holds U+0000.")
    }

    fileprivate static func check(time: Timestamp?, _ field: String) throws(TaskStorageError) {
        guard let time, time < timeRange.lowerBound || time > timeRange.upperBound else { return }
        throw TaskStorageError(
            .invalidTime, "\(field) is \(time). Use a time in the years 1 to 9999 (UTC).")
    }

    fileprivate static func check(json: String?, _ field: String) throws(TaskStorageError) {
        guard let json else { return }
        guard let offset = JSONValidator.firstError(in: json.utf8.span) else { return }
        let isNul = json.utf8.dropFirst(offset).first == 0
        throw TaskStorageError(isNul ? .nulCharacter : .invalidJSON, "\(field) isn't valid JSON at byte \(offset).")
    }
}

extension PersistentTask {
    func validate() throws(TaskStorageError) {
        try TaskMutation.check(id: id, "id")
        try TaskMutation.check(group: dagID, "dagID")
        try TaskMutation.check(group: nodeID, "nodeID")
        try TaskMutation.check(text: currentNodeID, "currentNodeID")
        try TaskMutation.check(text: subDAGPath, "subDAGPath")
        try TaskMutation.check(text: processingState, "processingState")
        try TaskMutation.check(text: error, "error")
        try TaskMutation.check(json: payload, "payload")
        try TaskMutation.check(time: createdAt, "createdAt")
        try TaskMutation.check(time: updatedAt, "updatedAt")
        try TaskMutation.check(time: startedAt, "startedAt")
        try TaskMutation.check(time: completedAt, "completedAt")
    }
}

extension TaskActivityLog {
    func validate() throws(TaskStorageError) {
        try TaskMutation.check(id: id, "id")
        try TaskMutation.check(id: taskID, "taskID")
        try TaskMutation.check(group: dagID, "dagID")
        try TaskMutation.check(group: nodeID, "nodeID")
        try TaskMutation.check(text: action, "action")
        try TaskMutation.check(text: message, "message")
        try TaskMutation.check(text: level, "level")
        try TaskMutation.check(json: data, "data")
        try TaskMutation.check(time: createdAt, "createdAt")
    }
}
