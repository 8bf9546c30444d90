internal import WAL
internal import WALTasks

/// A task of a runner: its journal, and its walk along the graph.
final class LiveTask: Sendable {
    /// A running attempt of a step.
    struct Attempt {
        let step: StepPlace
        var number: UInt32
        var worker: Worker
        /// The number of the worker's job. With it, a cancellation can't reach a later job.
        var job: UInt64
        var end: AttemptEnd?
    }

    /// The end of an attempt whose step may not have returned yet. No other change can end the attempt after that.
    enum AttemptEnd {
        /// The attempt's result or error is in the log.
        case returned
        /// The attempt's time was up. The result of the step doesn't count.
        case timedOut(isFinal: Bool)
    }

    /// One of the ends of a task, which may have several by retries. Two of them may have the same time and error.
    struct End: Hashable {
        let ending: FlowRecord.Ending
        /// The number of the control that takes the end back.
        let nextControl: UInt32
    }

    struct State {
        var journal: TaskJournal
        var dag: FrozenDAG?
        var execution: Execution?
        /// The reason why the task doesn't continue although it isn't paused.
        var parked: String?
        var running: [String: Attempt] = [:]
        /// The ready steps of a paused task.
        var held: [StepPlace] = []
        /// The steps that wait for their next attempt.
        var retrying: [String: StepPlace] = [:]
        var waiting: [String: StepPlace] = [:]
        /// The number of waits whose failure is in the log, and not durable yet.
        var failingWaitCount = 0
        /// The input in the form of a row; nil if it isn't JSON.
        var payload: String?
        var startedAt: Timestamp?
        /// The span of the task in this process, until the task's end.
        var span: FlowSpan?
        var lastRow = Timestamp(rawValue: 0)
        var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
        var observers: [Int: AsyncStream<FlowTaskState>.Continuation] = [:]
        var lastWaiter = 0
        /// Callers with the same id that wait until the beginning is written.
        var gate: [CheckedContinuation<Void, Never>] = []
        /// The activities of steps for which the log had no space at once. The next property has their size in the log.
        var pendingActivities: [TaskMutation] = []
        var pendingSize = 0
        /// Whether the beginning is written, and durable if it has to be.
        var isBegun = false
        /// Whether the end is written, and durable if it has to be.
        var isEnded = false
        /// The output that the last step returned; nil if only the journal has it.
        var output: (any Sendable)?
        /// Whether the output is known. The store may not have the output of a task that ended long ago.
        var isOutputKnown = true
        /// Whether an earlier process had the task, and none of its steps has begun or ended in this one.
        var isResumption = false
        /// Whether the task is no longer live.
        var isGone = false
    }

    let id: String
    let state: Monitor<State>

    init(_ journal: TaskJournal, dag: FrozenDAG?) {
        id = journal.id
        state = Monitor(State(journal: journal, dag: dag))
    }
}

extension LiveTask {
    /// The receivers of a task's end.
    struct Receivers {
        let waiters: [Int: CheckedContinuation<Void, any Error>]
        let observers: [Int: AsyncStream<FlowTaskState>.Continuation]
        let span: FlowSpan?

        func end(_ failure: FlowFailure?, _ result: Result<Void, any Error>) {
            span?.end(failure)
            for observer in observers.values { observer.finish() }
            for waiter in waiters.values { waiter.resume(with: result) }
        }
    }

    /// Releases the receivers with an error: this process has no end of the task for them.
    func release(throwing error: FlowError) {
        state.withLock { $0.takeReceivers() }.end(nil, .failure(error))
    }

    /// Suspends until the task's beginning is written or has failed to be written.
    func waitUntilBegun() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                guard !state.isBegun, !state.isGone else { return true }
                state.gate.append(continuation)
                return false
            }
            if isOpen { continuation.resume() }
        }
    }
}

extension LiveTask.State {
    mutating func openGate() {
        for waiter in gate { waiter.resume() }
        gate = []
    }

    /// Takes the receivers of the end, for a call outside of the lock.
    mutating func takeReceivers() -> LiveTask.Receivers {
        defer { (waiters, observers) = ([:], [:]) }
        return LiveTask.Receivers(waiters: waiters, observers: observers, span: span.take())
    }

    var beginning: FlowRecord.Beginning? { journal.beginning }

    /// The end that the task has now; nil if it has none.
    var presentEnd: LiveTask.End? {
        journal.end.map { LiveTask.End(ending: $0, nextControl: journal.nextControl) }
    }

    /// Whether steps may begin.
    var isOpen: Bool { journal.end == nil && parked == nil }

    /// Returns the row that people see.
    func row(
        _ status: TaskStatus, at now: Timestamp, error: String? = nil, completedAt: Timestamp? = nil
    ) -> TaskMutation? {
        guard let start = beginning else { return nil }
        let current = running.keys.min() ?? waiting.keys.min() ?? retrying.keys.min()
        let split = current?.lastIndex(of: "/")
        return .save(
            PersistentTask(
                id: journal.id, dagID: start.dag, nodeID: firstNode,
                currentNodeID: current.map { path in split.map { String(path[path.index(after: $0)...]) } ?? path },
                subDAGPath: split.flatMap { index in current.map { String($0[..<index]) } },
                processingState: processingState, payload: payload, status: status, createdAt: start.createdAt,
                updatedAt: max(now, start.createdAt), startedAt: startedAt, completedAt: completedAt, error: error,
                retryCount: journal.retryCount, maxRetries: start.maxRetries, priority: start.priority))
    }

    /// Returns the row of a parked task; nil for other tasks. A checkpoint repeats it, so that tools see the reason.
    func parkedRow(at now: Timestamp) -> TaskMutation? {
        journal.end == nil && parked != nil ? row(.running, at: now) : nil
    }

    /// The node for which the task was made: the first node after the input.
    private var firstNode: String {
        guard let plan = dag?.plan, plan.nodes.count > 1 else { return beginning?.dag ?? "" }
        return plan.nodes[1].id
    }

    /// The progress of the task, or the reason why it makes none.
    var processingState: String {
        if let end = journal.end { return "\(end.status)" }
        if let parked { return TaskJournal.processingState(parked: parked) }
        if journal.isPaused { return "paused" }
        if running.isEmpty, let (path, place) = waiting.min(by: { $0.key < $1.key }) {
            let due = journal.steps[path]?.wait?.due
            if case .timer = place.plan.kind { return "sleeping until \(due.map { "\($0)" } ?? "now")" }
            return "waiting for \(path)" + (due.map { " until \($0)" } ?? "")
        }
        if running.isEmpty, let path = retrying.keys.min(), let time = journal.steps[path]?.retryAt {
            return "retrying \(path) at \(time)"
        }
        guard let execution else { return "ready" }
        let steps = execution.root.plan.nodes.indices.filter { execution.root.plan.nodes[$0].kind.isJournaled }
        return "\(steps.count { execution.root.nodes[$0].isEnded })/\(steps.count)"
    }
}
