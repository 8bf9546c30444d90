internal import WAL

/// A mutation with its place in the log.
struct LoggedMutation {
    var sequence: SequenceNumber
    var mutation: TaskMutation
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
    private(set) var tasks: [ExactID: [LoggedMutation]] = [:]
    private(set) var activities: [LoggedActivity] = []
    /// In order of sequence.
    var barriers: [LoggedMutation] = []

    var isEmpty: Bool { tasks.isEmpty && activities.isEmpty && barriers.isEmpty }

    /// Adds a mutation that has a task id; those of one task come in order.
    mutating func add(_ logged: LoggedMutation) {
        if case .log(let activity) = logged.mutation {
            activities.append(LoggedActivity(sequence: logged.sequence, activity: activity))
        } else if let taskID = logged.mutation.taskID {
            tasks[ExactID(taskID), default: []].append(logged)
        }
    }

    /// A task as it is after everything in the log, from what the store has of it.
    func resolve(_ id: String, from row: PersistentTask?) -> PersistentTask? {
        let own = tasks[ExactID(id)] ?? []
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
        !isRemoved(LoggedActivity(sequence: .zero, activity: activity))
    }

    /// The activities that are in the log and outlive the removals, the first of each id.
    func survivingActivities(where isWanted: (TaskActivityLog) -> Bool) -> [ExactID: TaskActivityLog] {
        let wanted = activities.filter { isWanted($0.activity) && !isRemoved($0) }
        return Dictionary(
            wanted.sorted { $0.sequence < $1.sequence }.map { (ExactID($0.activity.id), $0.activity) },
            uniquingKeysWith: { first, _ in first })
    }

    private func isRemoved(_ entry: LoggedActivity) -> Bool {
        barriers.contains { barrier in
            guard case .removeActivities(let time) = barrier.mutation else { return false }
            return entry.sequence < barrier.sequence && entry.activity.createdAt < time
        }
    }
}

extension [LoggedMutation] {
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
