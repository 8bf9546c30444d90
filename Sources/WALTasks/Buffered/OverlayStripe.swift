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

/// What a part of the tasks has in the log that the store may not have yet.
struct OverlayContents {
    /// By task id, in order of sequence.
    private(set) var tasks: [String: [LoggedMutation]] = [:]
    /// By task id, in order of sequence.
    private(set) var activities: [String: [LoggedActivity]] = [:]
    /// What is in the above, in order of sequence, so that the front can go when the store has it.
    private var queue: [Queued] = []
    private var queueStart = 0

    private struct Queued {
        var sequence: SequenceNumber
        var time: Timestamp
        var taskID: String
        var isActivity: Bool
    }

    var isEmpty: Bool { queueStart == queue.count }
    /// When the first of what is left was appended.
    var oldestTime: Timestamp? { isEmpty ? nil : queue[queueStart].time }

    mutating func insert(_ mutation: TaskMutation, of taskID: String, at sequence: SequenceNumber, _ time: Timestamp) {
        let entry = LoggedMutation(sequence: sequence, mutation: mutation)
        switch mutation {
        case .log(let activity):
            activities[taskID, default: []].append(LoggedActivity(sequence: sequence, activity: activity))
            queue.append(Queued(sequence: sequence, time: time, taskID: taskID, isActivity: true))
            return
        // Nothing that came before a delete can be seen after it.
        case .delete: tasks[taskID] = [entry]
        default: tasks[taskID, default: []].append(entry)
        }
        queue.append(Queued(sequence: sequence, time: time, taskID: taskID, isActivity: false))
    }

    /// Forgets what the store has.
    mutating func prune(through applied: SequenceNumber) {
        while queueStart < queue.count, queue[queueStart].sequence <= applied {
            let first = queue[queueStart]
            queueStart += 1
            if first.isActivity {
                activities[first.taskID]?.removeAll { $0.sequence <= applied }
                if activities[first.taskID]?.isEmpty == true { activities[first.taskID] = nil }
            } else {
                tasks[first.taskID]?.removeAll { $0.sequence <= applied }
                if tasks[first.taskID]?.isEmpty == true { tasks[first.taskID] = nil }
            }
        }
        if queueStart > queue.count / 2 {
            queue.removeFirst(queueStart)
            queueStart = 0
        }
    }
}

/// One stripe of a ``TaskOverlay``: the tasks whose ids have the same hash.
final class OverlayStripe: @unchecked Sendable {
    /// Held from before an append to the log until its mutation is in `contents`: so both have the same order. Taken before
    /// `access`, and several in the order of the stripes.
    let order = TaskLock()
    // `access` protects what follows. It is not held while the log is called, so that no reader waits for a full disk.
    private let access = TaskLock()
    private var contents = OverlayContents()
    private var insertionCount = 0

    func insert(
        _ mutation: TaskMutation, of taskID: String, at sequence: SequenceNumber, _ time: Timestamp,
        applied: () -> SequenceNumber
    ) {
        access.withLock {
            // Now and then is enough for memory; readers prune before they look.
            insertionCount &+= 1
            if insertionCount % 64 == 0 { contents.prune(through: applied()) }
            contents.insert(mutation, of: taskID, at: sequence, time)
        }
    }

    /// A copy of what the store may not have.
    func snapshot(applied: SequenceNumber) -> OverlayContents {
        access.withLock {
            contents.prune(through: applied)
            return contents
        }
    }

    /// What one task has that the store may not have.
    func snapshot(
        of taskID: String, applied: SequenceNumber
    ) -> (tasks: [LoggedMutation], activities: [LoggedActivity]) {
        access.withLock {
            contents.prune(through: applied)
            return (contents.tasks[taskID] ?? [], contents.activities[taskID] ?? [])
        }
    }

    func oldestTime(applied: SequenceNumber) -> Timestamp? {
        access.withLock {
            contents.prune(through: applied)
            return contents.oldestTime
        }
    }
}
