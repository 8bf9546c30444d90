import BenchmarkKit
import BenchmarkReport
import CLimits
import Contenders
import WAL

/// Appends that are durable when they return, from Swift tasks.
enum DurableTasks {
    static func cases(_ options: SuiteOptions) -> [Case] {
        let seconds = options.quick ? 1.0 : 2.0
        let shared = options.payloads(quick: [256], full: [256]).map(Payload.init).flatMap { payload in
            options.writers(quick: [1, 64, 10_000], full: [1, 64, 100, 10_000]).flatMap { tasks in
                let comparison = Comparison("durable-tasks", Setup(payload: payload.size, writers: tasks))
                let limit = Limit(payload: payload, count: 1_000_000)
                let limits = [
                    Case(comparison, Limit.syncData) { try limit.syncs(in: $0, direct: false, seconds: seconds) },
                    Case(comparison, Limit.syncDirect) { try limit.syncs(in: $0, direct: true, seconds: seconds) },
                ]
                let ours = Case(comparison, .log) { try await append(payload, tasks, seconds, in: $0) }
                return (tasks == 1 ? limits : []) + [ours]
            }
        }
        return shared + preferring(seconds)
    }

    /// A lone task on threads that may block.
    private static func preferring(_ seconds: Double) -> [Case] {
        let payload = Payload(size: 256)
        let comparison = Comparison("durable-task-executor", Setup(payload: payload.size, writers: 1))
        let limit = Limit(payload: payload, count: 1_000_000)
        return [
            Case(comparison, Limit.syncData) { try limit.syncs(in: $0, direct: false, seconds: seconds) },
            Case(comparison, Limit.syncDirect) { try limit.syncs(in: $0, direct: true, seconds: seconds) },
            Case(comparison, .log) { directory in
                let executor = try BlockingExecutor()
                return try await withTaskExecutorPreference(executor) {
                    try await append(payload, 1, seconds, in: directory)
                }
            },
        ]
    }

    private static func append(
        _ payload: Payload, _ tasks: Int, _ seconds: Double, in directory: String
    ) async throws -> Outcome {
        let log = try LogUnderTest.open(in: directory, .always)
        let start = climits_now()
        let end = start + UInt64(seconds * 1e9)
        let latencies = try await withThrowingTaskGroup(of: [UInt32].self) { group in
            for _ in 0..<tasks { group.addTask { try await calls(log, payload.bytes, until: end) } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        var outcome = Outcome.rate(records: latencies.count, seconds: Double(climits_now() - start) / 1e9)
        outcome.add(latencies: latencies)
        try await log.close()
        return outcome
    }

    @concurrent
    private static func calls(_ log: WriteAheadLog, _ payload: [UInt8], until end: UInt64) async throws -> [UInt32] {
        var latencies: [UInt32] = []
        var last = climits_now()
        while last < end {
            try await log.append(payload)
            let now = climits_now()
            latencies.append(UInt32(clamping: now - last))
            last = now
        }
        return latencies
    }
}
