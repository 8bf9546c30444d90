internal import WAL

/// Tasks and activities in memory, with an index for each list.
struct TaskTable {
    private(set) var tasks: [BinaryID: PersistentTask] = [:]
    var activities = ActivityTable()
    private var taskIDsByDAG: [BinaryID: Set<BinaryID>] = [:]
    private var taskIDsByStatus: [TaskStatus: Set<BinaryID>] = [:]

    /// Applies a change. Returns the number of rows that it wrote or removed.
    @discardableResult
    mutating func apply(_ mutation: TaskMutation) -> Int {
        switch mutation {
        case .log:
            var added = EncodedActivities()
            try? added.append(unsafe TaskCodec.encode(mutation).span.bytes)
            return activities.insert(added)
        case .deleteDAG(let id): return apply(mutation, to: Array(taskIDsByDAG[BinaryID(id)] ?? []))
        case .removeTasks:
            let ended = TaskStatus.allCases.filter(\.isEnded).flatMap { taskIDsByStatus[$0] ?? [] }
            return apply(mutation, to: ended)
        case .removeActivities(let time): return activities.remove(createdBefore: time)
        case .save(let task): return apply(mutation, to: [BinaryID(task.id)])
        case .updateStatus(let id, _, _, _), .delete(let id): return apply(mutation, to: [BinaryID(id)])
        }
    }

    func tasks(dagID: String) -> [PersistentTask] {
        list(taskIDsByDAG[BinaryID(dagID)]).sorted(by: PersistentTask.isOlder)
    }

    func tasks(status: TaskStatus) -> [PersistentTask] {
        list(taskIDsByStatus[status]).sorted(by: PersistentTask.isOlder)
    }

    func pendingTasks() -> [PersistentTask] {
        list(taskIDsByStatus[.pending]).sorted(by: PersistentTask.isMoreUrgent)
    }

    private func list(_ ids: Set<BinaryID>?) -> [PersistentTask] {
        ids?.compactMap { tasks[$0] } ?? []
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

    private static func remove<Key>(_ id: BinaryID, at key: Key, from index: inout [Key: Set<BinaryID>]) {
        index[key]?.remove(id)
        // An index must not keep keys without entries forever.
        if index[key]?.isEmpty == true { index[key] = nil }
    }
}
