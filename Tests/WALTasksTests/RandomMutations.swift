import WAL
import WALDelivery
import WALTasks

/// A generator whose numbers depend on the seed alone, so that a failure can be had again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    // SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}

/// Mutations of few tasks with few times, so that they meet often.
struct RandomMutations {
    var generator: SeededGenerator
    var barrierChance = 0.05
    private var activityCount = 0

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    static let taskIDs = (0..<6).map { "task-\($0)" }
    static let dagIDs = ["dag-a", "dag-b"]

    private mutating func time() -> Timestamp { Timestamp(rawValue: .random(in: 0..<12, using: &generator)) }
    private mutating func taskID() -> String { Self.taskIDs.randomElement(using: &generator) ?? "" }
    private mutating func dagID() -> String { Self.dagIDs.randomElement(using: &generator) ?? "" }
    private mutating func status() -> TaskStatus { TaskStatus.allCases.randomElement(using: &generator) ?? .pending }
    private mutating func chance(_ probability: Double) -> Bool { .random(in: 0..<1, using: &generator) < probability }

    mutating func task(id: String) -> PersistentTask {
        PersistentTask(
            id: id, dagID: dagID(), nodeID: "node", currentNodeID: chance(0.5) ? "current" : nil,
            payload: chance(0.5) ? #"{"n":\#(Int.random(in: 0..<10, using: &generator))}"# : nil, status: status(),
            createdAt: time(), updatedAt: time(), startedAt: chance(0.3) ? time() : nil,
            completedAt: chance(0.3) ? time() : nil, error: chance(0.3) ? "error" : nil,
            retryCount: .random(in: 0..<4, using: &generator), maxRetries: .random(in: 0..<4, using: &generator),
            priority: .random(in: -2..<3, using: &generator))
    }

    mutating func next() -> TaskMutation {
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
            // Now and then the id of an earlier activity: of the same task and time, as the storage asks for.
            if !chance(0.2) { activityCount += 1 }
            return .log(
                TaskActivityLog(
                    id: "\(id)/\(activityCount)", taskID: id, dagID: "dag-\(id.suffix(1))", nodeID: "node",
                    action: "act",
                    message: chance(0.5) ? "message" : nil, data: chance(0.5) ? "[1]" : nil,
                    createdAt: Timestamp(rawValue: Int64(activityCount * 7 % 12))))
        }
    }

    mutating func list(_ count: Int) -> [TaskMutation] {
        (0..<count).map { _ in next() }
    }
}

extension SinkRecord {
    init(_ mutation: TaskMutation, at sequence: UInt64) {
        self.init(
            sequence: SequenceNumber(rawValue: sequence), time: Timestamp(rawValue: 0),
            payload: TaskCodec.encode(mutation)[...])
    }
}
