internal import WAL

/// A mutation with its place in the log.
struct LoggedMutation {
    var sequence: SequenceNumber
    var mutation: TaskMutation
    /// The bytes of its encoding.
    var size = 0
}

/// A snapshot of a ``TaskOverlay`` or of a part of it. Pure.
///
/// The store may have applied any part of it when it is read. So all changes are applied again to the store's rows.
/// That gives the same result, because every change sets the new state of a row and adds nothing to the old one.
struct OverlaySnapshot {
    /// The changes by task id, in order of sequence.
    private(set) var tasks: [BinaryID: [LoggedMutation]] = [:]
    private(set) var activities: [(sequence: SequenceNumber, activity: TaskActivityLog)] = []
    /// In order of sequence.
    private(set) var barriers: [LoggedMutation] = []
    /// All changes of the one task up to this record are in the snapshot, or in the store. Nil for a snapshot of several tasks.
    private(set) var end: SequenceNumber?
    /// The approximate number of bytes of the mutations without barriers, because each reader of a stretch needs all
    /// barriers.
    private(set) var size = 0

    private static let overhead = 512

    init(end: SequenceNumber? = nil) {
        self.end = end
    }

    var isEmpty: Bool { tasks.isEmpty && activities.isEmpty && barriers.isEmpty }

    /// Adds a mutation. The mutations of one task must come in order. A mutation without a task id must come before
    /// later ones that have one.
    mutating func add(_ logged: LoggedMutation) {
        if case .log(let activity) = logged.mutation {
            activities.append((logged.sequence, activity))
        } else if let taskID = logged.mutation.taskID {
            let id = BinaryID(taskID)
            var own = tasks.removeValue(forKey: id) ?? []
            size -= Self.size(of: own)
            let barrier = barriers.last { $0.sequence < logged.sequence }?.sequence ?? .zero
            own.add(logged, from: own.lastIndex { $0.sequence < barrier }.map { $0 + 1 } ?? 0)
            size += Self.size(of: own)
            tasks[id] = own
        } else {
            barriers.append(logged)
        }
    }

    private static func size(of mutations: [LoggedMutation]) -> Int {
        mutations.reduce(0) { $0 + $1.size + overhead }
    }

    /// Returns whether the snapshot alone determines a task, so that the store's row doesn't matter.
    func isWhole(_ id: String) -> Bool {
        if case .delete = tasks[BinaryID(id)]?.first?.mutation { true } else { false }
    }

    /// Returns the task as known without the store, if the snapshot has a save or a deletion of it. An older row
    /// could only change its `dagID` and `createdAt`. Nil if only the store can decide.
    func resolveWithoutStore(_ id: String) -> PersistentTask?? {
        guard let own = tasks[BinaryID(id)] else { return nil }
        let isKnown = own.contains { entry in
            switch entry.mutation {
            case .save, .delete: true
            default: false
            }
        }
        return isKnown ? .some(resolve(id, from: nil)) : nil
    }

    /// Returns the state of a task after all changes of the snapshot, based on the store's row.
    func resolve(_ id: String, from row: PersistentTask?) -> PersistentTask? {
        let own = tasks[BinaryID(id)] ?? []
        var task = row
        var next = own.startIndex
        for barrier in barriers {
            while next < own.endIndex, own[next].sequence < barrier.sequence {
                task = own[next].mutation.applied(to: task)
                next += 1
            }
            task = barrier.mutation.applied(to: task)
        }
        for entry in own[next...] { task = entry.mutation.applied(to: task) }
        return task
    }

    /// Returns whether the removals keep an activity of the store.
    func keeps(_ activity: TaskActivityLog) -> Bool {
        !removes(activity, at: .zero)
    }

    /// Returns the snapshot's activities that the removals keep, the first of each id.
    func survivingActivities(where isWanted: (TaskActivityLog) -> Bool) -> [BinaryID: TaskActivityLog] {
        let wanted = activities.filter { isWanted($0.activity) && !removes($0.activity, at: $0.sequence) }
        return Dictionary(
            wanted.sorted { $0.sequence < $1.sequence }.map { (BinaryID($0.activity.id), $0.activity) },
            uniquingKeysWith: { first, _ in first })
    }

    func removes(_ activity: TaskActivityLog, at sequence: SequenceNumber) -> Bool {
        barriers.contains { barrier in
            guard case .removeActivities(let time) = barrier.mutation else { return false }
            return sequence < barrier.sequence && activity.createdAt < time
        }
    }
}

extension [LoggedMutation] {
    /// Adds a change of one task, and drops the changes from `start` on that it makes unnecessary. There are no
    /// barriers between those. Like ``TaskCoalescer``, but the remaining changes are for reading.
    fileprivate mutating func add(_ logged: LoggedMutation, from start: Int) {
        switch (logged.mutation, last?.mutation) {
        case (.delete, _):
            self = [logged]
        case (.updateStatus, .delete) where start < count:
            return
        case (.updateStatus(_, let status, let error, let time), .save(var task)) where start < count:
            task.update(to: status, error: error, at: time)
            self[count - 1] = LoggedMutation(
                sequence: logged.sequence, mutation: .save(task), size: Swift.max(self[count - 1].size, logged.size))
        case (.save(let new), .save(let old)) where start < count:
            self[count - 1] = LoggedMutation(
                sequence: logged.sequence, mutation: .save(new.replacing(old)), size: logged.size)
        case (.save, .updateStatus) where start < count:
            while count > start, case .updateStatus = last?.mutation { removeLast() }
            append(logged)
        case (.updateStatus, .updateStatus) where start < count:
            append(logged)
            dropStatuses(from: start)
        default:
            append(logged)
        }
    }

    /// Drops consecutive changes of status, except the last and those that set a time.
    private mutating func dropStatuses(from start: Int) {
        let first = self[start...].lastIndex { if case .updateStatus = $0.mutation { false } else { true } }
        let updates = (first.map { $0 + 1 } ?? start)..<count
        guard updates.count > 3 else { return }
        let needed = [
            updates.first { self[$0].mutation.status == .running },
            updates.last { self[$0].mutation.status?.isEnded == true },
            updates.last,
        ]
        let kept = updates.filter { needed.contains($0) }.map { self[$0] }
        replaceSubrange(updates, with: kept)
    }

    /// The status after the last change of a task. Nil if the task was deleted or no change sets a status.
    var lastStatus: TaskStatus? { last?.mutation.status }

    /// Returns whether the changes would create a missing task in this DAG.
    func saves(into dagID: String) -> Bool {
        contains { entry in
            guard case .save(let task) = entry.mutation else { return false }
            return task.dagID.hasBytes(of: dagID)
        }
    }
}
