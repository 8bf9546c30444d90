import WAL
import WALTasks
import WALTesting

@testable import WALFlow

/// Runs a plan in one thread, with the journal in memory, in a random order.
struct Walker {
    private(set) var journal = TaskJournal(id: "task")
    private(set) var execution: Execution
    private(set) var records: [FlowRecord.Event] = []
    /// The number of runs of each step.
    private(set) var runs: [String: Int] = [:]
    private var open: [StepPlace] = []
    private var generator: SeededGenerator
    /// Whether an attempt fails, and whether permanently.
    let fails: (String, UInt32) -> (isFailed: Bool, isFinal: Bool)

    static let time = Timestamp(rawValue: 1_700_000_000_000_000)

    /// Begins a task, or continues from these records.
    init(
        _ plan: Plan, input: Int, after past: [FlowRecord.Event]? = nil, seed: UInt64,
        fails: @escaping (String, UInt32) -> (isFailed: Bool, isFinal: Bool)
    ) throws {
        execution = Execution(plan)
        generator = SeededGenerator(seed: seed)
        self.fails = fails
        let bytes = try JSONFlowCoder().encode(input)
        if let past {
            for event in past { journal.apply(event) }
            records = past
        } else {
            write(
                .begin(
                    FlowRecord.Beginning(
                        dag: "random", graph: 1, priority: 0, maxRetries: 3, createdAt: Self.time, input: bytes)))
        }
        take(execution.start(input: StepValue(bytes: bytes), &journal))
    }

    /// The paths of the steps that run or wait.
    var openPaths: Set<String> { Set(open.map(\.path)) }

    private mutating func write(_ event: FlowRecord.Event) {
        journal.apply(event)
        records.append(event)
    }

    private mutating func take(_ ready: [StepPlace]) { open += ready }

    /// Runs to the end, and calls `each` after each record.
    mutating func finish(_ each: (Walker) throws -> Void = { _ in }) async throws -> Execution.Outcome? {
        while execution.outcome(isRunning: false) == nil, !open.isEmpty {
            let step = open.remove(at: Int.random(in: 0..<open.count, using: &generator))
            guard execution.mayBegin(step) else {
                execution.takeBack(step)
                continue
            }
            try await run(step)
            try each(self)
        }
        return execution.outcome(isRunning: false)
    }

    private mutating func run(_ step: StepPlace) async throws {
        let attempt = journal.nextAttempt(of: step.path)
        switch step.plan.kind {
        case .timer:
            let value = try execution.inputs(of: step)[0]
            write(.result(path: step.path, attempt: attempt, time: Self.time, label: nil, bytes: []))
            take(execution.complete(step, StepValue(live: value), &journal))
            return
        case .wait:
            let bytes = try JSONFlowCoder().encode(step.path.utf8.count)
            write(.wait(path: step.path, signal: step.path, due: nil))
            write(.signal(path: step.path, id: "signal-\(step.path)", payload: bytes))
            write(
                .result(path: step.path, attempt: attempt, time: Self.time, label: "signal-\(step.path)", bytes: bytes))
            take(execution.complete(step, StepValue(bytes: bytes), &journal))
            return
        case .step(let body), .branch(let body, _), .handler(_, let body):
            runs[step.path, default: 0] += 1
            let outcome = fails(step.path, attempt)
            guard !outcome.isFailed else {
                let retryAt = outcome.isFinal ? nil : Self.time
                write(.failure(path: step.path, attempt: attempt, time: Self.time, error: "broken", retryAt: retryAt))
                if outcome.isFinal { take(execution.fail(step, "broken", &journal)) } else { open.append(step) }
                return
            }
            let flowStep = FlowStep(taskID: "task", path: step.path, attempt: Int(attempt), host: SilentHost())
            let value = try await body(flowStep, execution.inputs(of: step))
            let bytes = try step.plan.encode(value)
            let label = step.plan.label?(value)
            write(.result(path: step.path, attempt: attempt, time: Self.time, label: label, bytes: bytes))
            take(execution.complete(step, StepValue(bytes: bytes, label: label), &journal))
        default: throw TestError("\(step.path) isn't a step")
        }
    }
}

extension Execution.Outcome {
    /// The outcome as text, for comparison.
    func text(_ plan: Plan) throws -> String {
        switch self {
        case .failed: "failed"
        case .completed(nil): "no output"
        case .completed(let value?): "\(try value.decoded(by: plan.nodes[plan.output]))"
        }
    }
}

/// A host of steps that neither writes nor sends anything.
private final class SilentHost: StepHost {
    let coder: any FlowCoder = JSONFlowCoder()

    func logActivity(_ action: String, _ message: String?, data: String?, level: String) {}
    func emit(_ bytes: [UInt8], to sink: String) -> Bool { true }
    func memo(_ name: String) -> [UInt8]? { nil }
    func keep(_ bytes: [UInt8], as name: String) async throws {}
}
