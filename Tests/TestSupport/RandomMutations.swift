internal import WAL
package import WALDelivery
package import WALTasks
package import WALTesting

/// Random mutations of a few tasks at a few times, so that many of them concern the same task.
package struct RandomMutations {
    package var generator: SeededGenerator
    package var barrierChance = 0.05
    private var activityCount = 0

    package init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    package static let taskIDs = (0..<6).map { "task-\($0)" }
    package static let dagIDs = ["dag-a", "dag-b"]

    private mutating func time() -> Timestamp { Timestamp(rawValue: .random(in: 0..<12, using: &generator)) }
    private mutating func taskID() -> String { Self.taskIDs.randomElement(using: &generator) ?? "" }
    private mutating func dagID() -> String { Self.dagIDs.randomElement(using: &generator) ?? "" }
    private mutating func status() -> TaskStatus { TaskStatus.allCases.randomElement(using: &generator) ?? .pending }
    private mutating func chance(_ probability: Double) -> Bool { .random(in: 0..<1, using: &generator) < probability }

    package mutating func task(id: String) -> PersistentTask {
        PersistentTask(
            id: id, dagID: dagID(), nodeID: "node", currentNodeID: chance(0.5) ? "current" : nil,
            payload: chance(0.5) ? #"{"n":\#(Int.random(in: 0..<10, using: &generator))}"# : nil, status: status(),
            createdAt: time(), updatedAt: time(), startedAt: chance(0.3) ? time() : nil,
            completedAt: chance(0.3) ? time() : nil, error: chance(0.3) ? "error" : nil,
            retryCount: .random(in: 0..<4, using: &generator), maxRetries: .random(in: 0..<4, using: &generator),
            priority: .random(in: -2..<3, using: &generator))
    }

    package mutating func next() -> TaskMutation {
        if chance(barrierChance) {
            return switch Int.random(in: 0..<3, using: &generator) {
            case 0: .deleteDAG(id: dagID())
            case 1: .removeTasks(endedBefore: time())
            default: .removeActivities(createdBefore: time())
            }
        }
        let id = taskID()
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<3: return .save(task(id: id))
        case 3..<6: return .updateStatus(id: id, status: status(), error: chance(0.5) ? "why" : nil, time: time())
        case 6: return .delete(id: id)
        default:
            // Sometimes repeats the id of an earlier activity, with the same task and time, as the storage requires.
            if !chance(0.2) { activityCount += 1 }
            return .log(
                TaskActivityLog(
                    id: "\(id)/\(activityCount)", taskID: id, dagID: "dag-\(id.suffix(1))", nodeID: "node",
                    action: "act",
                    message: chance(0.5) ? "message" : nil, data: chance(0.5) ? "[1]" : nil,
                    createdAt: Timestamp(rawValue: Int64(activityCount * 7 % 12))))
        }
    }

    package mutating func list(_ count: Int) -> [TaskMutation] {
        (0..<count).map { _ in next() }
    }
}

extension SinkRecord {
    package init(_ mutation: TaskMutation, at sequence: UInt64) {
        self.init(
            sequence: SequenceNumber(rawValue: sequence), time: Timestamp(rawValue: 0),
            payload: TaskCodec.encode(mutation)[...])
    }
}
