internal import WAL

/// Tasks and activities in memory, with an index for each list.
struct TaskTable {
    private(set) var tasks: [BinaryID: PersistentTask] = [:]
    private(set) var activities: [BinaryID: KeptActivity] = [:]
    private var taskIDsByDAG: [BinaryID: Set<BinaryID>] = [:]
    private var taskIDsByStatus: [TaskStatus: Set<BinaryID>] = [:]
    // Arrays, because adding to one hashes nothing. An activity is added once and never changes, so none comes twice.
    private var activityIDsByTask: [BinaryID: [BinaryID]] = [:]
    private var activityIDsByDAG: [BinaryID: [BinaryID]] = [:]

    /// Applies a change. Returns the number of rows that it wrote or removed.
    @discardableResult
    mutating func apply(_ mutation: TaskMutation) -> Int {
        switch mutation {
        case .log(let activity):
            let kept = KeptActivity(encoded: TaskCodec.encode(mutation), createdAt: activity.createdAt)
            return insert(kept, BinaryID(activity.id), BinaryID(activity.taskID), BinaryID(activity.dagID))
        case .deleteDAG(let id): return apply(mutation, to: Array(taskIDsByDAG[BinaryID(id)] ?? []))
        case .removeTasks:
            let ended = TaskStatus.allCases.filter(\.isEnded).flatMap { taskIDsByStatus[$0] ?? [] }
            return apply(mutation, to: ended)
        case .removeActivities(let time):
            return removeActivities(before: time)
        case .save(let task): return apply(mutation, to: [BinaryID(task.id)])
        case .updateStatus(let id, _, _, _), .delete(let id): return apply(mutation, to: [BinaryID(id)])
        }
    }

    func tasks(dagID: String) -> [PersistentTask] {
        list(taskIDsByDAG[BinaryID(dagID)], of: tasks).sorted(by: PersistentTask.isOlder)
    }

    func tasks(status: TaskStatus) -> [PersistentTask] {
        list(taskIDsByStatus[status], of: tasks).sorted(by: PersistentTask.isOlder)
    }

    func pendingTasks() -> [PersistentTask] {
        list(taskIDsByStatus[.pending], of: tasks).sorted(by: PersistentTask.isMoreUrgent)
    }

    func activities(taskID: String) -> [TaskActivityLog] {
        list(activityIDsByTask[BinaryID(taskID)], of: activities).compactMap(\.activity).sorted(
            by: TaskActivityLog.isOlder)
    }

    func activities(dagID: String) -> [TaskActivityLog] {
        list(activityIDsByDAG[BinaryID(dagID)], of: activities).compactMap(\.activity).sorted(
            by: TaskActivityLog.isOlder)
    }

    private func list<Row>(_ ids: (some Sequence<BinaryID>)?, of rows: [BinaryID: Row]) -> [Row] {
        ids?.compactMap { rows[$0] } ?? []
    }

    private mutating func apply(_ mutation: TaskMutation, to ids: [BinaryID]) -> Int {
        var count = 0
        for id in ids {
            let old = tasks[id]
            let new = mutation.applied(to: old)
            guard old != nil || new != nil else { continue }
            if old == nil || new == nil || old != new { count += 1 }
            replace(id, old, with: new)
        }
        return count
    }

    private mutating func replace(_ id: BinaryID, _ old: PersistentTask?, with new: PersistentTask?) {
        if old.map({ BinaryID($0.dagID) }) != new.map({ BinaryID($0.dagID) }) {
            if let old { Self.remove(id, at: BinaryID(old.dagID), from: &taskIDsByDAG) }
            if let new { taskIDsByDAG[BinaryID(new.dagID), default: []].insert(id) }
        }
        if old?.status != new?.status {
            if let old { Self.remove(id, at: old.status, from: &taskIDsByStatus) }
            if let new { taskIDsByStatus[new.status, default: []].insert(id) }
        }
        tasks[id] = new
    }

    /// Adds an encoded activity, unless there is one with its id. Returns the number of rows that it wrote.
    mutating func insert(_ activity: EncodedActivity) -> Int {
        insert(
            KeptActivity(encoded: activity.payload, createdAt: activity.createdAt), BinaryID(activity.id),
            BinaryID(activity.taskID), BinaryID(activity.dagID))
    }

    private mutating func insert(_ activity: KeptActivity, _ id: BinaryID, _ taskID: BinaryID, _ dagID: BinaryID) -> Int
    {
        if let first = activities.updateValue(activity, forKey: id) {
            activities[id] = first
            return 0
        }
        activityIDsByTask[taskID, default: []].append(id)
        activityIDsByDAG[dagID, default: []].append(id)
        return 1
    }

    private mutating func removeActivities(before time: Timestamp) -> Int {
        let old = activities.values.filter { $0.createdAt < time }.compactMap(\.activity)
        for activity in old { activities[BinaryID(activity.id)] = nil }
        for task in Set(old.map { BinaryID($0.taskID) }) { Self.keep(activities, at: task, of: &activityIDsByTask) }
        for dag in Set(old.map { BinaryID($0.dagID) }) { Self.keep(activities, at: dag, of: &activityIDsByDAG) }
        return old.count
    }

    private static func keep(
        _ rows: [BinaryID: KeptActivity], at key: BinaryID, of index: inout [BinaryID: [BinaryID]]
    ) {
        let kept = index[key]?.filter { rows[$0] != nil }
        // An index must not keep keys without entries forever.
        index[key] = kept?.isEmpty == false ? kept : nil
    }

    private static func remove<Key>(_ id: BinaryID, at key: Key, from index: inout [Key: Set<BinaryID>]) {
        index[key]?.remove(id)
        // An index must not keep keys without entries forever.
        if index[key]?.isEmpty == true { index[key] = nil }
    }
}

/// An activity as it is in the log. Activities are read seldom: encoded, each takes one allocation instead of one for each text.
struct KeptActivity: Hashable {
    let encoded: [UInt8]
    let createdAt: Timestamp

    /// The activity. Only what can be decoded is kept.
    var activity: TaskActivityLog? {
        guard case .log(let activity)? = try? TaskCodec.decode(unsafe encoded.span.bytes) else { return nil }
        return activity
    }
}
