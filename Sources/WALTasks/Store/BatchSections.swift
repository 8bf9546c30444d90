/// A part of a batch that a database can apply as sets of rows.
package enum BatchSection: Hashable, Sendable {
    /// Changes that touch different rows, except the updates of one task.
    case rows(RowSection)
    /// The index of one operation without a task id. It may touch any row, so it runs by itself.
    case barrier(Int)
}

/// Operations that may run in any order or as one statement: a task id is in only one of `deletes`, `saves` and
/// `updates`. All are indexes into the batch's operations, in order.
package struct RowSection: Hashable, Sendable {
    /// Deleted tasks, each id once.
    package var deletes: [Int]
    /// Saved tasks, each id once.
    package var saves: [Int]
    /// Changes of status. An id may occur several times, and its changes keep their order. See ``StatusChange``.
    package var updates: [Int]
    /// Logged activities, each id once.
    package var activities: [Int]

    package init(deletes: [Int] = [], saves: [Int] = [], updates: [Int] = [], activities: [Int] = []) {
        self.deletes = deletes
        self.saves = saves
        self.updates = updates
        self.activities = activities
    }

    /// The number of operations.
    package var count: Int { deletes.count + saves.count + updates.count + activities.count }
}

extension BatchSection {
    /// Divides operations into the fewest sections that give the same result as the operations one by one.
    ///
    /// A coalesced batch gives one section between two operations without a task id. It gives two if it deletes and
    /// saves the same task, because the new row has its own `dagID` and `createdAt`. Without coalescing, repeats of
    /// one id give more.
    package static func cut(_ operations: [TaskBatch.Operation]) -> [BatchSection] {
        var cutter = SectionCutter(capacity: operations.count)
        for (index, operation) in operations.enumerated() { cutter.add(operation.mutation, at: index) }
        return cutter.finish()
    }
}

/// A cutter that puts each operation into the first section in which it conflicts with no other.
private struct SectionCutter {
    private var finished: [BatchSection] = []
    /// The sections since the last operation without a task id.
    private var open: [RowSection] = []
    private var tasks: [BinaryID: Place]
    /// The number of sections that have an activity's id.
    private var activities: [BinaryID: Int]

    /// Makes a cutter for `capacity` operations.
    init(capacity: Int) {
        tasks = Dictionary(minimumCapacity: capacity)
        activities = Dictionary(minimumCapacity: capacity)
    }

    private enum Kind {
        case delete, save, update
    }

    /// The section in which a task occurred last, and the kind of its operation.
    private struct Place {
        var section: Int
        var kind: Kind
    }

    mutating func add(_ mutation: TaskMutation, at index: Int) {
        switch mutation {
        case .save(let task): section(of: task.id, .save) { $0.saves.append(index) }
        case .delete(let id): section(of: id, .delete) { $0.deletes.append(index) }
        case .updateStatus(let id, _, _, _): section(of: id, .update) { $0.updates.append(index) }
        case .log(let activity):
            let id = BinaryID(activity.id)
            let section = activities[id, default: 0]
            activities[id] = section + 1
            change(section) { $0.activities.append(index) }
        case .deleteDAG, .removeTasks, .removeActivities:
            closeSections()
            finished.append(.barrier(index))
        }
    }

    mutating func finish() -> [BatchSection] {
        closeSections()
        return finished
    }

    private mutating func section(of id: String, _ kind: Kind, _ body: (inout RowSection) -> Void) {
        var section = 0
        let id = BinaryID(id)
        if let last = tasks[id] { section = kind == .update && last.kind == .update ? last.section : last.section + 1 }
        tasks[id] = Place(section: section, kind: kind)
        change(section, body)
    }

    private mutating func change(_ section: Int, _ body: (inout RowSection) -> Void) {
        if section == open.count { open.append(RowSection()) }
        body(&open[section])
    }

    private mutating func closeSections() {
        finished += open.map(BatchSection.rows)
        open.removeAll(keepingCapacity: true)
        tasks.removeAll(keepingCapacity: true)
        activities.removeAll(keepingCapacity: true)
    }
}
