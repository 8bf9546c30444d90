import BenchmarkKit
import BenchmarkReport
import CLimits
import Contenders
import WAL
import WALTasks

/// `save(task)` and `log(activity)` by one task, as fast as they go, delivery into memory running beside them.
enum Buffered {
    static func cases(_ options: SuiteOptions) -> [Case] {
        let count = options.quick ? 500_000 : 1_000_000
        return [
            Case(Comparison("save"), .log) { directory in
                let tasks = (0..<count).map(Workload.task)
                return try await calls(directory, count) { storage, number in
                    try await storage.save(tasks[number])
                } check: { storage in
                    let last = tasks[count - 1]
                    let found = try await storage.task(id: last.id)
                    precondition(found?.updatedAt == last.updatedAt, "one's own write isn't read")
                }
            },
            Case(Comparison("log-activity"), .log) { directory in
                let activities = (0..<count).map(Workload.activity)
                return try await calls(directory, count) { storage, number in
                    try await storage.log(activities[number])
                } check: { storage in
                    let found = try await storage.activities(
                        taskID: activities[count - 1].taskID, limit: 1000, offset: 0)
                    precondition(found.contains { $0.id == activities[count - 1].id }, "one's own write isn't read")
                }
            },
        ]
    }

    @concurrent
    private static func calls(
        _ directory: String, _ count: Int,
        _ call: (BufferedTaskStorage<MemoryTaskStore>, Int) async throws -> Void,
        check: (BufferedTaskStorage<MemoryTaskStore>) async throws -> Void
    ) async throws -> Outcome {
        let storage = try await BufferedTaskStorage.open(
            at: directory + "/log", store: MemoryTaskStore())
        var watch = Stopwatch(capacity: count)
        let start = climits_now()
        watch.start()
        for number in 0..<count {
            try await call(storage, number)
            watch.lap()
        }
        let seconds = Double(climits_now() - start) / 1e9
        try await check(storage)
        try await storage.close()
        var outcome = Outcome.rate(records: count, seconds: seconds)
        outcome.add(latencies: watch.result)
        return outcome
    }
}
