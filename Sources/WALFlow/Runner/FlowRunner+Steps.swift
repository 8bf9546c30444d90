internal import WAL
internal import WALTasks

extension FlowRunner {
    // MARK: What follows a change

    /// Begins waits, ends the task if its end has come, and returns the jobs of the ready steps.
    func follow(_ task: LiveTask, _ ready: [StepPlace]) async -> [Scheduler.Job] {
        var jobs: [Scheduler.Job] = []
        var pending = ready
        while let step = pending.popLast() {
            if step.isWait { pending += await beginWait(task, step) } else { jobs.append(job(task, step)) }
        }
        jobs += await endIfOver(task)
        return jobs.reversed()
    }

    func job(_ task: LiveTask, _ step: StepPlace) -> Scheduler.Job {
        let (start, dag) = task.state.withLock { ($0.beginning, $0.dag) }
        var limits: [Scheduler.LimitKey] = []
        if let max = step.plan.options.concurrency {
            limits.append(Scheduler.LimitKey(name: "\(dag?.key ?? "")/\(step.pattern)", max: max))
        }
        // Each limit once. A job that needed two places of one limit could never begin.
        var scope: Scope? = step.scope
        while let current = scope {
            if let limit = current.plan.limit, !limits.contains(limit) { limits.append(limit) }
            scope = current.place?.scope
        }
        if let dag, let max = dag.concurrency {
            let limit = Scheduler.LimitKey(name: dag.key, max: max)
            if !limits.contains(limit) { limits.append(limit) }
        }
        return Scheduler.Job(
            priority: start?.priority ?? 0, createdAt: start?.createdAt ?? Timestamp(rawValue: 0), limits: limits
        ) { [self] worker in
            await run(task, step, worker)
        }
    }

    // MARK: Running

    /// The inputs and properties of an attempt that is about to run.
    private struct Prepared {
        var inputs: Result<[any Sendable], any Error>
        var attempt: UInt32
        var isInterrupted: Bool
        var isResumption: Bool
        var dag: FrozenDAG
    }

    /// Runs an attempt of a step until its end is in the journal.
    private func run(_ task: LiveTask, _ step: StepPlace, _ worker: Worker) async -> [Scheduler.Job] {
        guard life.failure == nil else { return [] }
        guard let prepared = prepare(task, step, worker) else { return await endIfOver(task) }
        do throws(FlowError) {
            if prepared.isInterrupted {
                let error =
                    "interrupted: the process ended while the step ran, and it must not run twice; ask the other system whether it happened before you retry it"
                return try await fail(task, step, prepared.attempt, error, isFinal: true)
            }
            let values: [any Sendable]
            do {
                values = try prepared.inputs.get()
            } catch {
                return try await fail(task, step, prepared.attempt, Self.text(of: error), isFinal: true)
            }
            if prepared.isResumption, let ending = try await countResumption(task, step) {
                _ = leave(task, step)
                return await end(task, ending, of: step.scope.root)
            }
            if step.plan.options.execution == .atMostOnce {
                let mayRun = try await commit(task, isDurable: true) { state in
                    state.isOpen ? Transition(events: [.started(path: step.path, attempt: prepared.attempt)]) : nil
                } then: { state in
                    state.isOpen
                }
                guard mayRun == true else { return await returned(task, step, prepared.attempt) }
            }
            let running = RunningStep(self, task, step, attempt: prepared.attempt, dag: prepared.dag)
            startTimeout(running)
            switch await tracing.run(running, { await call(running, values) }) {
            case .success(let value): return try await succeed(running, value)
            case .failure(let error):
                // A step that a closing runner canceled runs again at the next start.
                if Task.isCancelled, life.isClosing { return leave(task, step) }
                let isFinal = error is PermanentError || error is CancellationError
                return try await fail(task, step, prepared.attempt, Self.text(of: error), isFinal: isFinal)
            }
        } catch {
            guard error.code == .valueTooLarge else { return leave(task, step) }
            return (try? await fail(task, step, prepared.attempt, error.description, isFinal: true))
                ?? leave(task, step)
        }
    }

    /// Counts a restart before a task's first step in this process begins, because the step may end the process each time.
    ///
    /// - Returns: The end of a task with too many restarts, or nil.
    private func countResumption(
        _ task: LiveTask, _ step: StepPlace
    ) async throws(FlowError) -> FlowRecord.Ending? {
        var excess: UInt32?
        _ = try await commit(task) { state in
            // Another step of the task may have been faster.
            guard state.isOpen, state.isResumption else { return nil }
            let count = state.journal.resumedCount
            guard count < self.configuration.maxResumptions else {
                excess = count
                return nil
            }
            return Transition(events: [.resumed(count: count + 1)])
        } claim: { state in
            state.isResumption = false
        } then: { _ in
        }
        guard let excess else { return nil }
        let error = "resumed: \(excess) restarts, and no step ended in between; a step may end the process"
        return FlowRecord.Ending(status: .failed, time: clock.now(), error: error, path: step.path)
    }

    /// The most characters of an error. The end of a task has its error three times, in one batch.
    private static let errorLengthMax = 4096

    static func text(of error: any Error) -> String { text("\(error)") }

    /// Returns the text of an error in the form that the journal and rows have.
    static func text(_ error: String) -> String { withoutNul(error).shortened(to: errorLengthMax) }

    /// Forgets a running step. The journal doesn't have the step's end, so the step runs again at the next start.
    private func leave(_ task: LiveTask, _ step: StepPlace) -> [Scheduler.Job] {
        task.state.withLock { _ = $0.running.removeValue(forKey: step.path) }
        return []
    }

    /// Returns the inputs and properties of an attempt; nil if the step must not begin.
    private func prepare(_ task: LiveTask, _ step: StepPlace, _ worker: Worker) -> Prepared? {
        let job = worker.job
        return task.state.withLock { state in
            // While the step waited for its turn, the task may have failed, and a retry may have begun a new walk.
            guard state.execution?.has(step) == true else { return nil }
            guard let dag = state.dag, state.isOpen, state.execution?.mayBegin(step) == true else {
                state.execution?.takeBack(step)
                return nil
            }
            if state.journal.isPaused {
                state.held.append(step)
                return nil
            }
            let known = state.journal.steps[step.path]
            let isInterrupted = known?.hasStarted == true
            let attempt = isInterrupted ? known?.attempt ?? 1 : state.journal.nextAttempt(of: step.path)
            state.running[step.path] = LiveTask.Attempt(step: step, number: attempt, worker: worker, job: job)
            state.startedAt = state.startedAt ?? clock.now()
            state.publish()
            return Prepared(
                inputs: Result { try state.execution?.inputs(of: step) ?? [] }, attempt: attempt,
                isInterrupted: isInterrupted, isResumption: state.isResumption, dag: dag)
        }
    }

    private func call(_ running: RunningStep, _ values: [any Sendable]) async -> Result<any Sendable, any Error> {
        let plan = running.place.plan
        let body: PlanNode.Body
        switch plan.kind {
        case .step(let step), .branch(let step, _), .handler(_, let step): body = step
        default: return .failure(PermanentError("The node \(running.place.path) has no step."))
        }
        let flowStep = FlowStep(
            taskID: running.task.id, path: running.place.path, attempt: Int(running.attempt), host: running)
        do {
            guard let executor = plan.options.executor else { return .success(try await body(flowStep, values)) }
            return .success(
                try await withTaskExecutorPreference(executor) {
                    // A running task moves to its preferred executor when it yields.
                    await Task.yield()
                    return try await body(flowStep, values)
                })
        } catch {
            return .failure(error)
        }
    }
}

extension StepPlace {
    /// The path without the numbers of elements. All steps of a node share it.
    var pattern: String {
        guard path.contains("[") else { return path }
        var isInside = false
        return String(
            path.filter { character in
                if character == "[" { isInside = true }
                defer { if character == "]" { isInside = false } }
                return !isInside
            })
    }
}
