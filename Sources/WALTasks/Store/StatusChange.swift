package import WAL

/// Several changes of one task's status folded into one, for a database that takes a row only once in a statement.
///
/// The row's `startedAt` stays if it has one; otherwise it becomes ``startedAt``. Its `completedAt` becomes
/// ``completedAt``, or stays if that is nil.
package struct StatusChange: Hashable, Sendable {
    package let id: String
    package private(set) var status: TaskStatus
    package private(set) var error: String?
    package private(set) var updatedAt: Timestamp
    /// The time of the first change to running.
    package private(set) var startedAt: Timestamp?
    /// The time of the last change to an end.
    package private(set) var completedAt: Timestamp?

    private mutating func add(_ status: TaskStatus, _ error: String?, _ time: Timestamp) {
        self.status = status
        self.error = error
        updatedAt = time
        if status == .running, startedAt == nil { startedAt = time }
        if status.isEnded { completedAt = time }
    }

    /// Returns the changes of status among these mutations, folded into one for each task.
    package static func folded(_ mutations: some Sequence<TaskMutation>) -> [StatusChange] {
        var changes: [StatusChange] = []
        var places: [BinaryID: Int] = [:]
        for case .updateStatus(let id, let status, let error, let time) in mutations {
            let place = places[BinaryID(id)] ?? changes.count
            if place == changes.count {
                places[BinaryID(id)] = place
                changes.append(StatusChange(id: id, status: status, updatedAt: time))
            }
            changes[place].add(status, error, time)
        }
        return changes
    }
}
