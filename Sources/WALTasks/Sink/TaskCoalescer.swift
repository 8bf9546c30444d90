internal import WAL

/// A filter that drops mutations that a later mutation of the same batch makes unnecessary. The resulting rows are the
/// same as if all had been applied one by one, for any rows that the store had before.
///
/// | Earlier | Later | Result |
/// | --- | --- | --- |
/// | save | save | the second, with `dagID` and `createdAt` of the first |
/// | save | status | the save with the status |
/// | status | save | the save |
/// | status | status | the last; before it the first to running and the last to an end, which alone set `startedAt` and `completedAt` |
/// | anything | delete | the delete |
/// | delete | status | the delete |
/// | delete | save | both: the new task gets its own `dagID` and `createdAt` |
/// | activity | activity with its id | the first |
///
/// A mutation without a task id ends the coalesced section. So one task has at most, in this order: a deletion and a
/// save, or a deletion, or a save, or three changes of status.
struct TaskCoalescer {
    private var operations: [TaskBatch.Operation] = []
    /// Whether each operation was made unnecessary.
    private var isDropped: [Bool] = []
    private var tasks: [BinaryID: Pending]
    private var activities: Set<BinaryID>
    private var addedCount = 0
    private var keptCount = 0

    /// Makes a coalescer for about `capacity` mutations.
    init(capacity: Int = 0) {
        operations.reserveCapacity(capacity)
        isDropped.reserveCapacity(capacity)
        tasks = Dictionary(minimumCapacity: capacity)
        activities = Set(minimumCapacity: capacity)
    }

    /// The operations of one task, as indexes into `operations`.
    private struct Pending {
        var delete: Int?
        var save: Int?
        var updates: [Int] = []
    }

    /// The remaining operations, in order.
    var result: [TaskBatch.Operation] {
        // Most batches drop no operation, and operations are expensive to copy.
        keptCount == operations.count ? operations : zip(operations, isDropped).filter { !$0.1 }.map(\.0)
    }

    /// The number of dropped operations.
    var coalescedCount: Int { addedCount - keptCount }

    mutating func add(_ operation: TaskBatch.Operation) {
        addedCount += 1
        switch operation.mutation {
        case .save(let task): add(task, operation)
        case .updateStatus(let id, let status, let error, let time):
            var pending = tasks[BinaryID(id)] ?? Pending()
            if let save = pending.save, case .save(var task) = operations[save].mutation {
                task.update(to: status, error: error, at: time)
                operations[save] = TaskBatch.Operation(record: operation.record, mutation: .save(task))
            } else if pending.delete == nil {
                pending.updates = keepingNeeded(pending.updates + [append(operation)])
                tasks[BinaryID(id)] = pending
            }
        case .delete(let id):
            if let pending = tasks[BinaryID(id)] {
                drop([pending.delete, pending.save].compactMap { $0 } + pending.updates)
            }
            tasks[BinaryID(id)] = Pending(delete: append(operation))
        case .log(let activity):
            if activities.insert(BinaryID(activity.id)).inserted { _ = append(operation) }
        case .deleteDAG, .removeTasks, .removeActivities:
            _ = append(operation)
            tasks.removeAll(keepingCapacity: true)
            activities.removeAll(keepingCapacity: true)
        }
    }

    private mutating func add(_ task: PersistentTask, _ operation: TaskBatch.Operation) {
        let id = BinaryID(task.id)
        guard var pending = tasks[id] else { return tasks[id] = Pending(save: append(operation)) }
        if let save = pending.save, case .save(let old) = operations[save].mutation {
            operations[save] = TaskBatch.Operation(record: operation.record, mutation: .save(task.replacing(old)))
        } else {
            drop(pending.updates)
            pending.updates = []
            pending.save = append(operation)
            tasks[id] = pending
        }
    }

    /// Drops the changes of status that determine no time of the row.
    private mutating func keepingNeeded(_ updates: [Int]) -> [Int] {
        let needed = [
            updates.first { operations[$0].mutation.status == .running },
            updates.last { operations[$0].mutation.status?.isEnded == true },
            updates.last,
        ]
        drop(updates.filter { !needed.contains($0) })
        return updates.filter { needed.contains($0) }
    }

    private mutating func append(_ operation: TaskBatch.Operation) -> Int {
        operations.append(operation)
        isDropped.append(false)
        keptCount += 1
        return operations.count - 1
    }

    private mutating func drop(_ indexes: [Int]) {
        for index in indexes { isDropped[index] = true }
        keptCount -= indexes.count
    }
}
