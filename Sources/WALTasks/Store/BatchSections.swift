/// A part of a batch that a database can apply as sets of rows.
package enum BatchSection: Hashable, Sendable {
    /// Changes of which no two touch one row, but for the updates of one task.
    case rows(RowSection)
    /// The index of one operation without a task id, which touches rows that nobody has counted.
    case barrier(Int)
}

/// Operations that may run in any order, or as one statement: a task id is in `deletes`, or in `saves`, or in `updates`.
/// All are indexes of the batch's operations, in order.
package struct RowSection: Hashable, Sendable {
    /// Deleted tasks, each id once.
    package var deletes: [Int]
    /// Saved tasks, each id once.
    package var saves: [Int]
    /// Changes of status: an id may be here several times, and its changes keep their order. See ``StatusChange``.
    package var updates: [Int]
    /// Logged activities, each id once.
    package var activities: [Int]

    package init(deletes: [Int] = [], saves: [Int] = [], updates: [Int] = [], activities: [Int] = []) {
        self.deletes = deletes
        self.saves = saves
        self.updates = updates
        self.activities = activities
    }

    /// How many operations it holds.
    package var count: Int { deletes.count + saves.count + updates.count + activities.count }
}

extension BatchSection {
    /// Cuts operations into the fewest sections that, applied one after another, end as the operations one by one.
    ///
    /// A coalesced batch gives one section between two operations without a task id, or two where it deletes and saves the
    /// same task: the new row has its own `dagID` and `createdAt`. Repeats of one id, without coalescing, give more.
    package static func cut(_ operations: [TaskBatch.Operation]) -> [BatchSection] {
        var cutter = SectionCutter(capacity: operations.count)
        for (index, operation) in operations.enumerated() { cutter.add(operation.mutation, at: index) }
        return cutter.finish()
    }
}

/// Puts each operation into the first section where nothing stands against it.
private struct SectionCutter {
    private var finished: [BatchSection] = []
    /// The sections since the last operation without a task id.
    private var open: [RowSection] = []
    private var tasks: [BinaryID: Place]
    /// How many sections know an activity's id.
    private var activities: [BinaryID: Int]

    /// For so many operations.
    init(capacity: Int) {
        tasks = Dictionary(minimumCapacity: capacity)
        activities = Dictionary(minimumCapacity: capacity)
    }

    private enum Kind {
        case delete, save, update
    }

    /// Where a task was last, and as what.
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
