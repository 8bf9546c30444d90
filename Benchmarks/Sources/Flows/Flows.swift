import ArgumentParser
import Foundation
import WAL
import WALFlow
import WALPostgres
import WALSQLite
import WALTasks

/// What a step passes on: some 60 bytes as JSON.
struct Value: Codable, Sendable {
    var id: String
    var number: Int
    var text = "sixty bytes of a value"
}

/// One measurement of flows in a process of its own. Prints a JSON object. `Benchmarks/flows` runs it beside its peers.
@main
struct Flows: AsyncParsableCommand {
    enum Measure: String, ExpressibleByArgument, CaseIterable {
        case records, written, durable, loneAppend = "lone-append", loneStep = "lone-step", fanOut = "fan-out", fill,
            recover, kill
    }

    enum StoreKind: String, ExpressibleByArgument {
        case memory, sqlite, postgres
    }

    @Argument var measure: Measure
    @Argument(help: "A directory on the disk to measure.") var scratch: String
    @Option var count = 10_000
    @Option(help: "Tasks in flight.") var inFlight = 256
    @Option var store: StoreKind = .memory
    @Option(help: "The connection of PostgreSQL.") var postgres = ""
    @Option(help: "A file that each step appends a line to.") var side = ""
    @Flag(help: "No activity for each step, only those of the tasks.") var tasksOnly = false

    func run() async throws {
        let directory = "\(scratch)/flows"
        if measure != .recover, measure != .kill { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        switch store {
        case .memory: try await run(directory, BufferedTaskStorage.memory(log: directory + "/log"))
        case .sqlite:
            try await run(directory, BufferedTaskStorage.sqlite(directory + "/tasks.db", log: directory + "/log"))
        case .postgres: try await run(directory, BufferedTaskStorage.postgres(postgres, log: directory + "/log"))
        }
    }

    private func run<Store: TaskStore>(_ directory: String, _ storage: BufferedTaskStorage<Store>) async throws {
        switch measure {
        case .records: try await records(storage)
        case .written, .durable: try await steps(storage)
        case .loneAppend, .loneStep: try await lone(storage)
        case .fanOut: try await fanOut(storage)
        case .fill: try await fill(storage)
        case .recover: try await recover(storage)
        case .kill: try await kill(storage)
        }
    }

    // MARK: Flows

    private func chain(_ durability: NodeOptions.Durability) -> DAG<Value, Value> {
        DAG(name: "Chain", key: "chain", of: Value.self, durability: durability) { dag, input in
            var last = input
            for id in ["first", "second", "third"] {
                last = dag.addNode(id, after: last) { _, value in
                    var value = value
                    value.number += 1
                    return value
                }
            }
            return last
        }
    }

    /// Three steps a task, with a number of tasks in flight.
    private func steps<Store>(_ storage: BufferedTaskStorage<Store>) async throws {
        let dag = chain(measure == .durable ? .durable : .written)
        let runner = try await FlowRunner(
            storage: storage, dags: [dag], configuration: FlowConfiguration(activities: tasksOnly ? .tasks : .steps))
        let (clock, cpu) = (ContinuousClock.now, Self.processorSeconds())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<min(inFlight, count) {
                group.addTask {
                    for number in stride(from: worker, to: count, by: inFlight) {
                        let value = Value(id: "task \(number)", number: number)
                        let result = try await runner.process(value, by: dag).result()
                        precondition(result.number == number + 3, "a step is missing")
                    }
                }
            }
            try await group.waitForAll()
        }
        let seconds = clock.duration(to: .now) / .seconds(1)
        let used = Self.processorSeconds() - cpu
        await runner.close()
        try await storage.close()
        report([
            "steps_per_second": Double(count * 3) / seconds, "cpu_us_per_step": used / Double(count * 3) * 1e6,
        ])
    }

    /// What a step can't be cheaper than: its value through the coder and into the log.
    private func records<Store>(_ storage: BufferedTaskStorage<Store>) async throws {
        let log = storage.writeAheadLog
        let (clock, cpu) = (ContinuousClock.now, Self.processorSeconds())
        let coder = JSONFlowCoder()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<2 {
                group.addTask {
                    for number in stride(from: worker, to: count * 3, by: 2) {
                        let bytes = try coder.encode(Value(id: "task \(number)", number: number))
                        // Delivery passes over it, as over a flow's records.
                        try await log.append([1, 31, 2, 0x61] + bytes)
                    }
                }
            }
            try await group.waitForAll()
        }
        let seconds = clock.duration(to: .now) / .seconds(1)
        let used = Self.processorSeconds() - cpu
        try await storage.close()
        report(["steps_per_second": Double(count * 3) / seconds, "cpu_us_per_step": used / Double(count * 3) * 1e6])
    }

    /// One durable step, or one durable append, after another.
    private func lone<Store>(_ storage: BufferedTaskStorage<Store>) async throws {
        var times: [Double] = []
        if measure == .loneAppend {
            for number in 0..<count {
                let start = ContinuousClock.now
                let bytes = try JSONFlowCoder().encode(Value(id: "task \(number)", number: number))
                let sequence = try await storage.writeAheadLog.append([1, 31, 2, 0x61] + bytes)
                try await storage.writeAheadLog.waitUntilDurable(sequence)
                times.append(start.duration(to: .now) / .microseconds(1))
            }
        } else {
            let dag = DAG(name: "Long", key: "long", of: Int.self, durability: .durable) { dag, input in
                var last = dag.addNode("s", after: input) { _, number in Value(id: "task", number: number) }
                for index in 0..<50 { last = dag.addNode("s\(index)", after: last) { _, value in value } }
                return last
            }
            let runner = try await FlowRunner(storage: storage, dags: [dag])
            for number in 0..<max(1, count / 50) {
                let start = ContinuousClock.now
                _ = try await runner.process(number, by: dag).result()
                // 51 steps, the beginning and the end wait for a sync each.
                times.append(start.duration(to: .now) / .microseconds(1) / 53)
            }
            await runner.close()
        }
        try await storage.close()
        times.sort()
        report([
            "p50_us": times[times.count / 2], "p99_us": times[times.count * 99 / 100],
            "p999_us": times[times.count * 999 / 1000],
        ])
    }

    private func fanOut<Store>(_ storage: BufferedTaskStorage<Store>) async throws {
        let dag = DAG(name: "Fan", key: "fan", of: Int.self) { dag, input in
            let each = dag.addIterator("each", over: input, { Array(0..<$0) }, concurrency: 256) { body, number in
                body.addNode("step", after: number) { _, number in number * 2 }
            }
            return dag.addNode("sum", after: each) { _, values in values.reduce(0, +) }
        }
        let runner = try await FlowRunner(
            storage: storage, dags: [dag], configuration: FlowConfiguration(activities: .tasks))
        let (before, clock) = (Self.peakMemory(), ContinuousClock.now)
        let sum = try await runner.process(count, by: dag).result()
        precondition(sum == count * (count - 1), "an element is missing")
        let seconds = clock.duration(to: .now) / .seconds(1)
        let memory = Self.peakMemory() - before
        await runner.close()
        try await storage.close()
        report([
            "seconds": seconds, "elements_per_second": Double(count) / seconds,
            "bytes_of_memory_per_element": memory / Double(count),
        ])
    }

    // MARK: Recovery

    private func blocked(_ isBlocked: Bool, first: @escaping @Sendable () -> Void = {}) -> DAG<Value, Value> {
        DAG(name: "Blocked", key: "blocked", of: Value.self) { dag, input in
            let done = dag.addNode("done", after: input) { _, value in value }
            return dag.addNode("open", after: done) { _, value in
                if isBlocked { try await Task.sleep(for: .seconds(86_400)) }
                first()
                return value
            }
        }
    }

    /// Leaves tasks with a finished step and one that was running, and dies.
    private func fill<Store>(_ storage: BufferedTaskStorage<Store>) async throws {
        let dag = blocked(true)
        let runner = try await FlowRunner(
            storage: storage, dags: [dag], configuration: FlowConfiguration(concurrency: count + 1))
        for number in 0..<count {
            _ = try await runner.process(Value(id: "task \(number)", number: number), by: dag, id: "task-\(number)")
        }
        while runner.statistics.runningSteps < count { try await Task.sleep(for: .milliseconds(10)) }
        try await storage.drain()
        _ = try await storage.writeAheadLog.sync()
        Foundation.kill(getpid(), SIGKILL)
    }

    private func recover<Store>(_ storage: BufferedTaskStorage<Store>) async throws {
        let start = ContinuousClock.now
        let first = FirstTime()
        let dag = blocked(false) { first.note() }
        let runner = try await FlowRunner(storage: storage, dags: [dag])
        let opened = start.duration(to: .now) / .seconds(1)
        while runner.statistics.liveTasks > 0 { try await Task.sleep(for: .milliseconds(5)) }
        report([
            "seconds_to_open": opened,
            "seconds_to_first_step": (first.time.map { start.duration(to: $0) } ?? .zero) / .seconds(1),
            "seconds_to_last_step": start.duration(to: .now) / .seconds(1),
        ])
        await runner.close()
        try await storage.close()
    }

    // MARK: Killing

    /// Runs tasks until it is killed. Each step first appends its key to a file.
    private func kill<Store>(_ storage: BufferedTaskStorage<Store>) async throws {
        let file = open(side, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        @Sendable func add(_ line: String) {
            let bytes = Array((line + "\n").utf8)
            _ = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        }
        let dag = DAG(name: "Kill", key: "kill", of: Int.self) { dag, input in
            var last = input
            for id in ["a", "b", "c"] {
                last = dag.addNode(id, after: last) { step, value in
                    add("begin \(step.key)")
                    try await Task.sleep(for: .milliseconds(2))
                    add("end \(step.key)")
                    return value
                }
            }
            return last
        }
        let runner = try await FlowRunner(
            storage: storage, dags: [dag], configuration: FlowConfiguration(maxResumptions: 100_000))
        for _ in 0... {
            while runner.statistics.liveTasks >= inFlight { try await Task.sleep(for: .milliseconds(1)) }
            _ = try await runner.process(1, by: dag)
        }
    }

    // MARK: Figures

    private func report(_ figures: [String: Double]) {
        let members = figures.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\(($0.value * 1000).rounded() / 1000)" }
        print("{" + members.joined(separator: ",") + "}")
    }

    /// `RUSAGE_SELF`, which has another type on each system.
    private static let thisProcess: Int32 = 0

    private static func processorSeconds() -> Double {
        var usage = rusage()
        getrusage(thisProcess, &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }

    /// The largest resident size so far, in bytes.
    private static func peakMemory() -> Double {
        var usage = rusage()
        getrusage(thisProcess, &usage)
        return Double(usage.ru_maxrss) * 1024
    }
}

/// The first of many times, from any thread.
final class FirstTime: @unchecked Sendable {
    // The lock protects the value.
    private let lock = NSLock()
    private var value: ContinuousClock.Instant?

    var time: ContinuousClock.Instant? { lock.withLock { value } }

    func note() {
        lock.withLock { value = value ?? .now }
    }
}
