/// The properties of a mutation in a batch that the overlay needs besides its encoding.
enum OverlayItem {
    case task(id: String, OverlayKind)
    /// A change without a task id.
    case barrier(TaskMutation)

    init(_ mutation: TaskMutation) {
        self = mutation.taskID.map { .task(id: $0, OverlayKind(mutation)) } ?? .barrier(mutation)
    }

    var taskID: String? {
        switch self {
        case .task(let id, _): id
        case .barrier: nil
        }
    }
}
