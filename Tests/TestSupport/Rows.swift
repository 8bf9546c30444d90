package import WAL
package import WALDelivery
package import WALTasks

/// A time in seconds after a moment that all tests share.
package func time(_ seconds: Int64) -> Timestamp {
    Timestamp(rawValue: 1_700_000_000_000_000 + seconds * 1_000_000)
}

package func task(
    _ id: String, dag: String = "dag", status: TaskStatus = .pending, at seconds: Int64 = 0, priority: Int32 = 0,
    payload: String? = "{}"
) -> PersistentTask {
    PersistentTask(
        id: id, dagID: dag, nodeID: "node", payload: payload, status: status, createdAt: time(seconds),
        priority: priority)
}

package func activity(_ id: String, task: String = "task", dag: String = "dag", at seconds: Int64 = 0)
    -> TaskActivityLog
{
    TaskActivityLog(
        id: id, taskID: task, dagID: dag, nodeID: "node", action: "run", message: "ran", data: "{}",
        createdAt: time(seconds))
}

package func update(_ id: String, _ status: TaskStatus, at seconds: Int64) -> TaskMutation {
    .updateStatus(id: id, status: status, error: nil, time: time(seconds))
}

extension LogID {
    /// The log that ``batch(_:lanes:laneCount:)`` names.
    package static let ofTests = LogID(low: 0x0706_0504_0302_0100, high: 0x0f0e_0d0c_0b0a_0908)
}

/// A batch with the mutations as records that follow the lowest position of the lanes.
package func batch(_ mutations: [TaskMutation], lanes: [SinkLane], laneCount: Int = 1) -> TaskBatch {
    let first = (lanes.map(\.position).min() ?? .zero).rawValue + 1
    let operations = mutations.enumerated().map { index, mutation in
        let sequence = SequenceNumber(rawValue: first + UInt64(index))
        return TaskBatch.Operation(
            record: SinkRecord(sequence: sequence, time: time(0), payload: TaskCodec.encode(mutation)[...]),
            mutation: mutation)
    }
    return TaskBatch(
        log: .ofTests, laneCount: laneCount, lanes: lanes,
        position: SequenceNumber(rawValue: first + UInt64(mutations.count) - 1), operations: operations)
}
