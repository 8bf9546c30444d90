internal import WAL

// The guarantees of TaskStorage for one task, in one place for the in-memory store, the coalescer and the overlay.

extension TaskStatus {
    /// Whether a task in this status has ended.
    var isEnded: Bool {
        switch self {
        case .pending, .running: false
        case .completed, .failed, .cancelled: true
        }
    }
}

extension PersistentTask {
    /// Changes the status as ``TaskStorage/updateStatus(id:to:error:at:)`` does.
    mutating func update(to status: TaskStatus, error: String?, at time: Timestamp) {
        self.status = status
        self.error = error
        updatedAt = time
        if status == .running, startedAt == nil { startedAt = time }
        if status.isEnded { completedAt = time }
    }

    /// Returns this task as it is stored in place of one with the same id.
    func replacing(_ old: PersistentTask?) -> PersistentTask {
        guard let old else { return self }
        var new = self
        new.dagID = old.dagID
        new.createdAt = old.createdAt
        return new
    }

    /// Whether a restart must resume the task.
    var isResumable: Bool {
        switch status {
        case .pending, .running: true
        case .failed: retryCount < maxRetries
        case .completed, .cancelled: false
        }
    }

    /// Orders all lists except that of pending tasks.
    static func isOlder(_ left: PersistentTask, _ right: PersistentTask) -> Bool {
        left.createdAt == right.createdAt ? left.id.isBefore(right.id) : left.createdAt < right.createdAt
    }

    /// Orders pending tasks.
    static func isMoreUrgent(_ left: PersistentTask, _ right: PersistentTask) -> Bool {
        left.priority == right.priority ? isOlder(left, right) : left.priority > right.priority
    }
}

extension TaskActivityLog {
    /// Orders all lists.
    static func isOlder(_ left: TaskActivityLog, _ right: TaskActivityLog) -> Bool {
        left.createdAt == right.createdAt ? left.id.isBefore(right.id) : left.createdAt < right.createdAt
    }
}

extension TaskMutation {
    /// The status that the mutation gives to a task. Nil if it sets none.
    var status: TaskStatus? {
        switch self {
        case .save(let task): task.status
        case .updateStatus(_, let status, _, _): status
        default: nil
        }
    }

    /// Returns a task after this change. A change without a task id applies to every task.
    func applied(to task: PersistentTask?) -> PersistentTask? {
        switch self {
        case .save(let new): return new.replacing(task)
        case .updateStatus(_, let status, let error, let time):
            var task = task
            task?.update(to: status, error: error, at: time)
            return task
        case .delete: return nil
        case .deleteDAG(let id): return task.map { $0.dagID.hasBytes(of: id) } == true ? nil : task
        case .removeTasks(let time):
            guard let task, task.status.isEnded, task.updatedAt < time else { return task }
            return nil
        case .log, .removeActivities: return task
        }
    }
}

extension String {
    /// Compares by bytes, as databases do with a binary collation.
    fileprivate func isBefore(_ other: String) -> Bool {
        utf8.lexicographicallyPrecedes(other.utf8)
    }
}

/// A part of a list.
struct Page {
    let limit: Int
    let offset: Int

    init(limit: Int, offset: Int = 0) throws(TaskStorageError) {
        guard limit >= 0, offset >= 0 else {
            throw TaskStorageError(.invalidArgument, "limit and offset must be at least 0, not \(limit) and \(offset).")
        }
        self.limit = limit
        self.offset = offset
    }

    /// The number of list entries up to the end of the page.
    var end: Int { Self.sum(limit, offset) }

    /// Returns the sum of two counts, or the largest number if that is smaller.
    static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }

    func of<Element>(_ list: [Element]) -> [Element] {
        Array(list.dropFirst(offset).prefix(limit))
    }
}
