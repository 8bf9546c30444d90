import CNaive
import Foundation
import WAL
import WALTasks

/// A task or an activity as values for a statement, made before the clock starts.
final class NaiveRow {
    let isTask: Bool
    let values: UnsafeMutablePointer<naive_value>
    private let count: Int
    private var used = 0

    init(_ task: PersistentTask) {
        isTask = true
        count = naive_task_columns
        values = .allocate(capacity: count)
        for text in [
            task.id, task.dagID, task.nodeID, task.currentNodeID, task.subDAGPath, task.processingState, task.payload,
            task.status.rawValue,
        ] { add(text) }
        for time in [task.createdAt, task.updatedAt, task.startedAt, task.completedAt] { add(time) }
        add(task.error)
        for number in [task.retryCount, task.maxRetries, task.priority] {
            add(naive_value(kind: naive_number, text: nil, length: 0, number: Int64(number)))
        }
    }

    init(_ activity: TaskActivityLog) {
        isTask = false
        count = naive_activity_columns
        values = .allocate(capacity: count)
        for text in [
            activity.id, activity.taskID, activity.dagID, activity.nodeID, activity.action, activity.message,
            activity.data,
            activity.level,
        ] { add(text) }
        add(activity.createdAt)
    }

    deinit {
        for index in 0..<used { free(UnsafeMutablePointer(mutating: values[index].text)) }
        values.deallocate()
    }

    private func add(_ text: String?) {
        guard let text else { return add(naive_value(kind: naive_null, text: nil, length: 0, number: 0)) }
        add(naive_value(kind: naive_text, text: strdup(text), length: text.utf8.count, number: 0))
    }

    private func add(_ time: Timestamp?) {
        guard let time else { return add(naive_value(kind: naive_null, text: nil, length: 0, number: 0)) }
        add(naive_value(kind: naive_time, text: nil, length: 0, number: time.rawValue))
    }

    private func add(_ value: naive_value) {
        precondition(used < count, "a row has more values than its table columns")
        (values + used).initialize(to: value)
        used += 1
    }
}

extension NaiveRow {
    /// Nil for a mutation that is neither a save nor an activity.
    convenience init?(_ mutation: TaskMutation) {
        switch mutation {
        case .save(let task): self.init(task)
        case .log(let activity): self.init(activity)
        default: return nil
        }
    }
}
