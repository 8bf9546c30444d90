internal import WAL

/// Tasks and activities in memory, with an index for each list.
struct TaskTable {
    private(set) var tasks: [String: PersistentTask] = [:]
    private(set) var activities: [String: TaskActivityLog] = [:]
    private var taskIDsByDAG: [String: Set<String>] = [:]
    private var taskIDsByStatus: [TaskStatus: Set<String>] = [:]
    private var activityIDsByTask: [String: Set<String>] = [:]
    private var activityIDsByDAG: [String: Set<String>] = [:]

    /// Applies a change; returns how many rows it wrote or removed.
    @discardableResult
    mutating func apply(_ mutation: TaskMutation) -> Int {
        switch mutation {
        case .log(let activity): return insert(activity)
        case .deleteDAG(let id): return apply(mutation, to: Array(taskIDsByDAG[id] ?? []))
        case .removeTasks:
            let ended = TaskStatus.allCases.filter(\.isEnded).flatMap { taskIDsByStatus[$0] ?? [] }
            return apply(mutation, to: ended)
        case .removeActivities(let time):
            let old = activities.values.filter { $0.createdAt < time }
            for activity in old { remove(activity) }
            return old.count
        case .save(let task): return apply(mutation, to: [task.id])
        case .updateStatus(let id, _, _, _), .delete(let id): return apply(mutation, to: [id])
        }
    }

    func tasks(dagID: String) -> [PersistentTask] {
        list(taskIDsByDAG[dagID], of: tasks).sorted(by: PersistentTask.isOlder)
    }

    func tasks(status: TaskStatus) -> [PersistentTask] {
        list(taskIDsByStatus[status], of: tasks).sorted(by: PersistentTask.isOlder)
    }

    func pendingTasks() -> [PersistentTask] {
        list(taskIDsByStatus[.pending], of: tasks).sorted(by: PersistentTask.isMoreUrgent)
    }

    func activities(taskID: String) -> [TaskActivityLog] {
        list(activityIDsByTask[taskID], of: activities).sorted(by: TaskActivityLog.isOlder)
    }

    func activities(dagID: String) -> [TaskActivityLog] {
        list(activityIDsByDAG[dagID], of: activities).sorted(by: TaskActivityLog.isOlder)
    }

    private func list<Row>(_ ids: Set<String>?, of rows: [String: Row]) -> [Row] {
        ids?.compactMap { rows[$0] } ?? []
    }

    private mutating func apply(_ mutation: TaskMutation, to ids: [String]) -> Int {
        var count = 0
        for id in ids {
            let old = tasks[id]
            let new = mutation.applied(to: old)
            guard old != nil || new != nil else { continue }
            if old == nil || new == nil || old != new { count += 1 }
            replace(old, with: new)
        }
        return count
    }

    private mutating func replace(_ old: PersistentTask?, with new: PersistentTask?) {
        if let old {
            Self.remove(old.id, at: old.dagID, from: &taskIDsByDAG)
            Self.remove(old.id, at: old.status, from: &taskIDsByStatus)
            tasks[old.id] = nil
        }
        if let new {
            taskIDsByDAG[new.dagID, default: []].insert(new.id)
            taskIDsByStatus[new.status, default: []].insert(new.id)
            tasks[new.id] = new
        }
    }

    private mutating func insert(_ activity: TaskActivityLog) -> Int {
        guard activities[activity.id] == nil else { return 0 }
        activities[activity.id] = activity
        activityIDsByTask[activity.taskID, default: []].insert(activity.id)
        activityIDsByDAG[activity.dagID, default: []].insert(activity.id)
        return 1
    }

    private mutating func remove(_ activity: TaskActivityLog) {
        activities[activity.id] = nil
        Self.remove(activity.id, at: activity.taskID, from: &activityIDsByTask)
        Self.remove(activity.id, at: activity.dagID, from: &activityIDsByDAG)
    }

    private static func remove<Key>(_ id: String, at key: Key, from index: inout [Key: Set<String>]) {
        index[key]?.remove(id)
        // An index mustn't keep the keys of everything that ever was.
        if index[key]?.isEmpty == true { index[key] = nil }
    }
}
