internal import WAL

/// A mutation with its place in the log.
struct LoggedMutation {
    var sequence: SequenceNumber
    var mutation: TaskMutation
    /// The bytes of its encoding.
    var size = 0
}

/// An activity with its place in the log.
struct LoggedActivity {
    var sequence: SequenceNumber
    var activity: TaskActivityLog
}

/// A moment of a ``TaskOverlay``, or of a part of it. Pure.
///
/// The store may have applied any part of it when it is read. So everything is applied again on top of what the store
/// returns, which ends the same: every change says what a row becomes, not what is added to it.
struct OverlaySnapshot {
    /// By task id, each in order of sequence.
    private(set) var tasks: [BinaryID: [LoggedMutation]] = [:]
    private(set) var activities: [LoggedActivity] = []
    /// In order of sequence.
    private(set) var barriers: [LoggedMutation] = []
    /// About how many bytes the mutations take, without barriers: each reader of a stretch needs all of those.
    private(set) var size = 0

    private static let overhead = 512

    var isEmpty: Bool { tasks.isEmpty && activities.isEmpty && barriers.isEmpty }

    /// Adds a mutation. Those of one task come in order; one without a task id comes before later ones that have one.
    mutating func add(_ logged: LoggedMutation) {
        if case .log(let activity) = logged.mutation {
            activities.append(LoggedActivity(sequence: logged.sequence, activity: activity))
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

    /// Whether what it has of a task says all: what the store has doesn't count.
    func isWhole(_ id: String) -> Bool {
        if case .delete = tasks[BinaryID(id)]?.first?.mutation { true } else { false }
    }

    /// The task as far as it is known without the store, where it was saved: an older row could only have another `dagID` and
    /// `createdAt`. Nil where it takes the store to tell.
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

    /// A task as it is after everything in the log, from what the store has of it.
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

    /// Whether an activity of the store outlives the removals.
    func keeps(_ activity: TaskActivityLog) -> Bool {
        !removes(LoggedActivity(sequence: .zero, activity: activity))
    }

    /// The activities that are in the log and outlive the removals, the first of each id.
    func survivingActivities(where isWanted: (TaskActivityLog) -> Bool) -> [BinaryID: TaskActivityLog] {
        let wanted = activities.filter { isWanted($0.activity) && !removes($0) }
        return Dictionary(
            wanted.sorted { $0.sequence < $1.sequence }.map { (BinaryID($0.activity.id), $0.activity) },
            uniquingKeysWith: { first, _ in first })
    }

    func removes(_ entry: LoggedActivity) -> Bool {
        barriers.contains { barrier in
            guard case .removeActivities(let time) = barrier.mutation else { return false }
            return entry.sequence < barrier.sequence && entry.activity.createdAt < time
        }
    }
}

extension [LoggedMutation] {
    /// Adds a change of one task, and leaves out what it makes superfluous of the changes from `start` on, between which there are
    /// no barriers. As ``TaskCoalescer``, but that what is left is for reading.
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

    /// Of changes of status in a row only those count that set a time, and the last.
    private mutating func dropStatuses(from start: Int) {
        let first = self[start...].lastIndex { if case .updateStatus = $0.mutation { false } else { true } }
        let updates = (first.map { $0 + 1 } ?? start)..<count
        guard updates.count > 3 else { return }
        func status(_ index: Int) -> TaskStatus? {
            if case .updateStatus(_, let status, _, _) = self[index].mutation { status } else { nil }
        }
        let needed = [
            updates.first { status($0) == .running }, updates.last { status($0)?.isEnded == true }, updates.last,
        ]
        let kept = updates.filter { needed.contains($0) }.map { self[$0] }
        replaceSubrange(updates, with: kept)
    }

    /// The status that the last change of a task leaves; nil if it was deleted.
    var lastStatus: TaskStatus? {
        switch last?.mutation {
        case .save(let task): task.status
        case .updateStatus(_, let status, _, _): status
        default: nil
        }
    }

    /// Whether a task that isn't there would be made in this graph.
    func saves(into dagID: String) -> Bool {
        contains { entry in
            guard case .save(let task) = entry.mutation else { return false }
            return task.dagID.hasBytes(of: dagID)
        }
    }
}
