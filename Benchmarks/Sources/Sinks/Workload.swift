import WAL
import WALTasks

/// Records like those of a service that runs workflows: about 324 bytes of column data each, always the same for the same size.
struct Workload: Sendable {
    let mutations: [TaskMutation]
    /// The expected contents of the tables.
    let expected: Contents

    /// The counts of the tables' contents.
    struct Contents: Equatable, Sendable {
        var tasks: Int
        var activities: Int
        /// The sum of all tasks' `retry_count`, which is the number of the save that came last.
        var lastSaves: Int
        var deadLetters = 0
    }

    /// Saves of tasks and activities in turn; each task is saved five times, once in each pass over all of them.
    static func mixed(_ records: Int) -> Workload {
        let taskCount = max(records / 10, 1)
        let mutations = (0..<records).map { index in
            let save = index / 2
            let task = scattered(save % taskCount, of: taskCount)
            return index % 2 == 0 ? saving(task, save / taskCount) : logging(save, task)
        }
        let saves = (records + 1) / 2
        return Workload(
            mutations: mutations,
            expected: Contents(
                tasks: min(taskCount, saves), activities: records / 2, lastSaves: lastSaves(saves, taskCount)))
    }

    /// Tasks of which 60 live at a time, each saved 20 times while it does, in turn.
    static func burst(_ records: Int) -> Workload {
        let living = 60
        let window = living * 20
        let count = records / window * window
        let mutations = (0..<count).map { index in
            saving(index / window * living + index % living, index % window / living)
        }
        let tasks = count / window * living
        return Workload(mutations: mutations, expected: Contents(tasks: tasks, activities: 0, lastSaves: tasks * 19))
    }

    /// Only saves of tasks, each new.
    static func tasks(_ numbers: Range<Int>) -> [PersistentTask] {
        numbers.map { task($0, 0) }
    }

    private static func lastSaves(_ saves: Int, _ taskCount: Int) -> Int {
        // The tasks that a last, unfinished pass has reached are one further.
        let passes = saves / taskCount
        return max(passes - 1, 0) * taskCount + (passes == 0 ? 0 : saves % taskCount)
    }

    /// Neighbours in time are not neighbours in the table.
    private static func scattered(_ index: Int, of count: Int) -> Int {
        // A prime that doesn't divide the count, so that each is met once.
        index * 7919 % count
    }

    private static func saving(_ number: Int, _ pass: Int) -> TaskMutation {
        .save(task(number, pass))
    }

    private static func task(_ number: Int, _ pass: Int) -> PersistentTask {
        let created = start + .milliseconds(number)
        return PersistentTask(
            id: "task-" + padded(number, 12), dagID: "dag-" + padded(number / 20, 6), nodeID: "node-\(number % 20)",
            currentNodeID: "node-\(number % 20)", subDAGPath: "/main/stage-\(pass)", processingState: "step \(pass)",
            payload: payload(number, pass), status: pass < 4 ? .running : .completed, createdAt: created,
            updatedAt: created + .seconds(pass), startedAt: created,
            completedAt: pass < 4 ? nil : created + .seconds(5),
            retryCount: Int32(clamping: pass), priority: Int32(number % 10))
    }

    private static func logging(_ number: Int, _ task: Int) -> TaskMutation {
        .log(
            TaskActivityLog(
                id: "activity-" + padded(number, 12), taskID: "task-" + padded(task, 12),
                dagID: "dag-" + padded(task / 20, 6),
                nodeID: "node-\(task % 20)", action: "step finished", message: "step \(number) has finished as planned",
                data: payload(task, number), createdAt: start + .milliseconds(number)))
    }

    /// 215 bytes of JSON, more or less.
    private static func payload(_ number: Int, _ pass: Int) -> String {
        """
        {"customer":"customer-\(padded(number, 8))","order":{"number":\(number),"lines":[{"sku":"A-\(padded(pass, 6))",\
        "quantity":3,"price":"129.90"}],"currency":"EUR"},"trace":"\(padded(number &* 2_654_435_761 % 1_000_000_007, 24))",\
        "attempt":\(pass),"channel":"web","region":"eu-west"}
        """
    }

    private static let start = Timestamp(rawValue: 1_750_000_000_000_000)

    private static func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(digits - text.utf8.count, 0)) + text
    }
}
