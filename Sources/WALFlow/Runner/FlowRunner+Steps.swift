internal import WAL
internal import WALTasks

extension FlowRunner {
    // MARK: Rows and activities

    /// The input as a row can have it.
    static func payload(of bytes: [UInt8]) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let probe = PersistentTask(id: "-", dagID: "", nodeID: "", payload: text)
        return (try? TaskMutation.save(probe).validate()) == nil ? nil : text
    }

    static func firstRow(
        _ id: String, _ start: FlowRecord.Beginning, _ dag: FrozenDAG, _ payload: String?
    ) -> TaskMutation {
        .save(
            PersistentTask(
                id: id, dagID: start.dag, nodeID: dag.plan.nodes.count > 1 ? dag.plan.nodes[1].id : "",
                payload: payload,
                status: .pending, createdAt: start.createdAt, maxRetries: start.maxRetries, priority: start.priority))
    }

    func activity(
        _ id: String, _ start: FlowRecord.Beginning, _ path: String, _ attempt: UInt32, _ action: String,
        _ message: String? = nil, data: String? = nil, level: String = "info", at now: Timestamp
    ) -> TaskMutation {
        .log(
            TaskActivityLog(
                id: ActivityID.make(id, path, Int(attempt), action), taskID: id, dagID: start.dag,
                nodeID: ActivityID.limited(path),
                action: action, message: message.map(Self.withoutNul), data: data, level: level, createdAt: now))
    }

    /// Databases refuse U+0000.
    static func withoutNul(_ text: String) -> String {
        text.contains("\0") ? String(text.map { $0 == "\0" ? "\u{FFFD}" : $0 }) : text
    }

    // MARK: What follows a change

    /// Begins waits, ends the task if its end has come, and returns the steps that are ready.
    func follow(_ task: LiveTask, _ actions: [Execution.Action]) async -> [Scheduler.Job] {
        var jobs: [Scheduler.Job] = []
        var pending = actions
        while let action = pending.popLast() {
            switch action {
            case .run(let step): jobs.append(job(task, step))
            case .wait(let step): pending += await beginWait(task, step)
            }
        }
        jobs += await endIfOver(task)
        return jobs.reversed()
    }

    private func job(_ task: LiveTask, _ step: StepPlace) -> Scheduler.Job {
        let (start, dag) = task.state.withLock { ($0.beginning, $0.dag) }
        var limits: [Scheduler.LimitKey] = []
        if let max = step.plan.options.concurrency {
            limits.append(Scheduler.LimitKey(name: "\(dag?.key ?? "")/\(step.pattern)", max: max))
        }
        if let max = dag?.concurrency { limits.append(Scheduler.LimitKey(name: dag?.key ?? "", max: max)) }
        return Scheduler.Job(
            priority: start?.priority ?? 0, createdAt: start?.createdAt ?? Timestamp(rawValue: 0), limits: limits
        ) { [self] worker in
            await run(task, step, worker)
        }
    }

    // MARK: Running

    /// What a step needs to run.
    private struct Prepared {
        var inputs: Result<[any Sendable], any Error>
        var attempt: UInt32
        var isInterrupted: Bool
        var dag: FrozenDAG
    }

    /// Runs an attempt of a step to its end in the journal.
    private func run(_ task: LiveTask, _ step: StepPlace, _ worker: Worker) async -> [Scheduler.Job] {
        guard life.failure == nil else { return [] }
        guard let prepared = prepare(task, step, worker) else { return await endIfOver(task) }
        do throws(FlowError) {
            if prepared.isInterrupted {
                let error = "interrupted: the process ended while the step ran, and it must not run twice"
                return try await fail(task, step, prepared.attempt, error, isFinal: true)
            }
            let values: [any Sendable]
            switch prepared.inputs {
            case .success(let inputs): values = inputs
            case .failure(let error): return try await fail(task, step, prepared.attempt, "\(error)", isFinal: true)
            }
            if step.plan.options.execution == .atMostOnce {
                let mayRun = try await commit(task, isDurable: true) { state in
                    state.isOpen ? Transition(events: [.started(path: step.path, attempt: prepared.attempt)]) : nil
                } then: { state in
                    state.isOpen
                }
                guard mayRun == true else { return await returned(task, step, prepared.attempt) }
            }
            startTimeout(task, step, prepared.attempt)
            // With the largest input and output, all of a batch must fit into a segment.
            let outbox = Outbox(sizeMax: storage.segmentSize / 8)
            let result = await call(task, step, prepared, values, outbox)
            switch result {
            case .success(let value): return try await succeed(task, step, prepared.attempt, value, outbox)
            case .failure(let error):
                // Steps that a closing runner cancels run again at the next start.
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

    private static func text(of error: any Error) -> String { withoutNul("\(error)") }

    /// Forgets that a step runs. The journal doesn't know its end, so it runs again at the next start.
    private func leave(_ task: LiveTask, _ step: StepPlace) -> [Scheduler.Job] {
        task.state.withLock { _ = $0.running.removeValue(forKey: step.path) }
        return []
    }

    /// Returns what a step needs, or nil if it must not begin.
    private func prepare(_ task: LiveTask, _ step: StepPlace, _ worker: Worker) -> Prepared? {
        let job = worker.job
        return task.state.withLock { state in
            guard let dag = state.dag, state.isOpen, state.execution?.mayBegin(step) == true else {
                state.execution?.abandon(step)
                return nil
            }
            if state.journal.isPaused {
                state.held.append(step)
                return nil
            }
            let known = state.journal.steps[step.path]
            let isInterrupted = known?.hasStarted == true
            let attempt = isInterrupted ? known?.attempt ?? 1 : state.journal.nextAttempt(of: step.path)
            let now = clock.now()
            state.running[step.path] = LiveTask.Attempt(
                number: attempt, worker: worker, job: job, startedAt: now)
            state.startedAt = state.startedAt ?? now
            state.publish()
            return Prepared(
                inputs: Result { try state.execution?.inputs(of: step) ?? [] }, attempt: attempt,
                isInterrupted: isInterrupted, dag: dag)
        }
    }

    private func call(
        _ task: LiveTask, _ step: StepPlace, _ prepared: Prepared, _ values: [any Sendable], _ outbox: Outbox
    ) async -> Result<any Sendable, any Error> {
        let body: PlanNode.Body
        switch step.plan.kind {
        case .step(let step), .branch(let step, _), .handler(_, let step): body = step
        default: return .failure(PermanentError("The node \(step.path) has no step."))
        }
        let flowStep = FlowStep(
            taskID: task.id, path: step.path, attempt: Int(prepared.attempt),
            context: context(task, step.path, prepared.dag, outbox))
        do {
            guard let executor = step.plan.options.executor else { return .success(try await body(flowStep, values)) }
            return .success(
                try await withTaskExecutorPreference(executor) {
                    // A running task moves to the executor that it prefers when it yields.
                    await Task.yield()
                    return try await body(flowStep, values)
                })
        } catch {
            return .failure(error)
        }
    }

    private func context(
        _ task: LiveTask, _ path: String, _ dag: FrozenDAG, _ outbox: Outbox
    ) -> FlowStep.Context {
        FlowStep.Context(
            dag: dag.key, coder: dag.coder, outbox: outbox, now: clock.now,
            activity: { [self] activity in
                let mutation = TaskMutation.log(activity)
                // An activity that no store can take is left out, as the store would.
                guard (try? mutation.validate()) != nil else { return }
                do throws(TaskStorageError) {
                    if checkpoint.hasRoom(in: storage) {
                        guard try storage.tryAppend(RecordBatch(), [mutation]) == nil else { return }
                    }
                } catch {
                    guard error.isRetriable else { return }
                }
                let size = TaskCodec.size(of: mutation)
                task.state.withLock { state in
                    // With the largest input and output, all of a batch must fit into a segment.
                    guard state.pendingSize + size <= storage.segmentSize / 8 else { return }
                    state.pendingActivities.append(mutation)
                    state.pendingSize += size
                }
            },
            memo: { name in task.state.withLock { $0.journal.steps[path]?.memos[name] } },
            keep: { [self] name, bytes in
                try check(size: bytes.count, of: "The value of \(path)#\(name)")
                _ = try await commit(task, isDurable: dag.durability == .durable) { state in
                    state.isOpen ? Transition(events: [.memo(path: path, name: name, bytes: bytes)]) : nil
                } then: { _ in
                }
            })
    }

    // MARK: Ending a step

    private func succeed(
        _ task: LiveTask, _ step: StepPlace, _ attempt: UInt32, _ value: any Sendable, _ outbox: Outbox
    ) async throws(FlowError) -> [Scheduler.Job] {
        var label: String?
        if case .branch(_, let labels) = step.plan.kind {
            label = step.plan.label?(value)
            guard labels.contains(label ?? "") else {
                let error = FlowError.unknownLabel(label ?? "", labels)
                return try await fail(task, step, attempt, error.description, isFinal: true)
            }
        }
        let bytes: [UInt8]
        do {
            bytes = try step.plan.encode(value)
            try check(size: bytes.count, of: "The result of \(step.path)")
        } catch {
            return try await fail(task, step, attempt, Self.text(of: error), isFinal: true)
        }
        let isDurable = (step.plan.options.durability ?? durability(of: task)) == .durable
        let live = configuration.verifiesCoding ? nil : value
        let now = clock.now()
        let actions = try await commit(task, isDurable: isDurable) { state in
            guard let current = state.running[step.path], current.number == attempt, current.end == nil, state.isOpen
            else {
                return nil
            }
            return Transition(
                events: outbox.events(step.path, attempt)
                    + [.result(path: step.path, attempt: attempt, time: now, label: label, bytes: bytes)],
                mutations: state.progress(step, attempt, "node_completed", nil, now, self))
        } claim: { state in
            state.wrote(now, self.configuration)
            state.running[step.path]?.end = .returned
        } then: { state in
            state.running[step.path] = nil
            state.publish()
            return state.advance { execution, journal in
                execution.complete(step, StepValue(bytes: bytes, live: live, label: label), &journal)
            }
        }
        guard let actions else { return await returned(task, step, attempt) }
        return await follow(task, actions)
    }

    private func fail(
        _ task: LiveTask, _ step: StepPlace, _ attempt: UInt32, _ error: String, isFinal: Bool
    ) async throws(FlowError) -> [Scheduler.Job] {
        let now = clock.now()
        let actions = try await commit(task, isDurable: durability(of: task) == .durable) { state in
            guard let current = state.running[step.path], current.number == attempt, current.end == nil, state.isOpen
            else {
                return nil
            }
            let retryAt = isFinal ? nil : self.retryTime(state, step, attempt, now)
            return Transition(
                events: [.failure(path: step.path, attempt: attempt, time: now, error: error, retryAt: retryAt)],
                mutations: state.progress(step, attempt, "node_failed", error, now, self))
        } claim: { state in
            state.wrote(now, self.configuration)
            state.running[step.path]?.end = .returned
        } then: { state in
            state.running[step.path] = nil
            return self.afterFailure(&state, step, error)
        }
        guard let actions else { return await returned(task, step, attempt) }
        scheduleRetry(task, step)
        return await follow(task, actions)
    }

    /// Returns the time of the next attempt, or nil if that was the last one.
    private func retryTime(
        _ state: LiveTask.State, _ step: StepPlace, _ attempt: UInt32, _ now: Timestamp
    ) -> Timestamp? {
        guard step.plan.options.execution == .atLeastOnce else { return nil }
        let policy =
            step.plan.options.retry
            ?? .exponential(max: Int(state.beginning?.maxRetries ?? 0), from: .seconds(1), to: .seconds(300))
        return policy.pause(after: attempt, random: Double.random(in: 0...1)).map { now + $0 }
    }

    private func afterFailure(
        _ state: inout LiveTask.State, _ step: StepPlace, _ error: String
    ) -> [Execution.Action] {
        defer { state.publish() }
        guard state.journal.steps[step.path]?.hasFailed != true else {
            let actions = state.advance { execution, journal in execution.fail(step, error, &journal) }
            state.dropWhatWaits()
            return actions
        }
        state.retrying[step.path] = step
        return []
    }

    /// Queues the step's next attempt at its time.
    func scheduleRetry(_ task: LiveTask, _ step: StepPlace) {
        guard let due = task.state.withLock({ $0.journal.steps[step.path]?.retryAt }) else { return }
        timers.add(at: due) { [weak self, weak task, weak step] in
            guard let self, let task, let step else { return }
            let isDue = task.state.withLock { state in
                guard let current = state.retrying[step.path], current === step,
                    state.running[step.path] == nil
                else { return false }
                state.retrying[step.path] = nil
                return true
            }
            if isDue { scheduler.submit([job(task, step)]) }
        }
    }

    /// A step has returned whose end was known before: its time was up, or its task has ended.
    private func returned(_ task: LiveTask, _ step: StepPlace, _ attempt: UInt32) async -> [Scheduler.Job] {
        let actions = task.state.withLock { state -> [Execution.Action] in
            guard let current = state.running[step.path], current.number == attempt else { return [] }
            state.running[step.path] = nil
            // The task has ended, or the failure took effect when the time was up.
            guard case .timedOut(isFinal: false) = current.end, state.isOpen else { return [] }
            return afterFailure(&state, step, state.journal.steps[step.path]?.error ?? "")
        }
        scheduleRetry(task, step)
        return await follow(task, actions)
    }

    // MARK: Timeouts

    private func startTimeout(_ task: LiveTask, _ step: StepPlace, _ attempt: UInt32) {
        guard let timeout = step.plan.options.timeout else { return }
        timeouts.add(at: steady.now() + timeout) { [weak self, weak task, weak step] in
            guard let task, let step else { return }
            Task { [weak self] in await self?.timeOut(task, step, attempt, timeout) }
        }
    }

    /// Journals that an attempt's time is up, and cancels it. The next attempt begins once this one has returned.
    private func timeOut(_ task: LiveTask, _ step: StepPlace, _ attempt: UInt32, _ timeout: Duration) async {
        let now = clock.now()
        let error = "timedOut: the attempt took longer than \(timeout)"
        var retryAt: Timestamp?
        let ended = try? await commit(task) { state in
            guard let current = state.running[step.path], current.number == attempt, current.end == nil, state.isOpen
            else {
                return nil
            }
            retryAt = self.retryTime(state, step, attempt, now)
            return Transition(
                events: [.failure(path: step.path, attempt: attempt, time: now, error: error, retryAt: retryAt)],
                mutations: state.progress(step, attempt, "node_failed", error, now, self))
        } claim: { state in
            state.wrote(now, self.configuration)
            state.running[step.path]?.end = .timedOut(isFinal: retryAt == nil)
        } then: { state in
            let current = state.running[step.path]
            return (current, retryAt == nil ? self.afterFailure(&state, step, error) : [])
        }
        guard let (current, actions) = ended else { return }
        if let current { current.worker.cancel(job: current.job) }
        timeouts.add(at: steady.now() + .seconds(10)) { [weak self, weak task, path = step.path] in
            guard let task, task.state.withLock({ $0.running[path]?.number == attempt }) else { return }
            self?.events.ignoresCancellation(task.id, path, after: timeout + .seconds(10))
        }
        scheduler.submit(await follow(task, actions))
    }

    private func durability(of task: LiveTask) -> NodeOptions.Durability {
        task.state.withLock { $0.dag?.durability ?? .written }
    }
}

extension LiveTask.State {
    /// Continues the walk, unless the task has ended meanwhile.
    mutating func advance(
        _ body: (inout Execution, inout TaskJournal) -> [Execution.Action]
    ) -> [Execution.Action] {
        guard isOpen, execution != nil else { return [] }
        // Moved out, so that both can change without a copy.
        guard var execution = execution.take() else { return [] }
        let actions = body(&execution, &journal)
        self.execution = execution
        return actions
    }

    /// Takes back the steps that wait for their next attempt or for the end of a pause, once the task fails.
    mutating func dropWhatWaits() {
        guard execution?.failure != nil else { return }
        let dropped = (held + retrying.values).filter { !$0.plan.kind.isHandler }
        for step in dropped { execution?.abandon(step) }
        held.removeAll { !$0.plan.kind.isHandler }
        retrying = retrying.filter { $0.value.plan.kind.isHandler }
    }

    /// The activity of an attempt's end, those that the log had no space for, and a row if it is time for one.
    func progress(
        _ step: StepPlace, _ attempt: UInt32, _ action: String, _ message: String?, _ now: Timestamp,
        _ runner: FlowRunner
    ) -> [TaskMutation] {
        guard let start = beginning else { return [] }
        var mutations = pendingActivities
        if runner.configuration.activities == .steps {
            mutations.append(
                runner.activity(
                    journal.id, start, step.path, attempt, action, message, level: message == nil ? "info" : "error",
                    at: now))
        }
        if isRowDue(now, runner.configuration), let row = row(.running, at: now) { mutations.append(row) }
        return mutations
    }

    /// Whether it is time for a row of progress. After the clock was set back, it is.
    private func isRowDue(_ now: Timestamp, _ configuration: FlowConfiguration) -> Bool {
        now < lastRow || now - lastRow >= configuration.rowInterval
    }

    mutating func clearPending() {
        pendingActivities.removeAll()
        pendingSize = 0
    }

    /// Notes that ``progress(_:_:_:_:_:_:)`` was written.
    mutating func wrote(_ now: Timestamp, _ configuration: FlowConfiguration) {
        clearPending()
        if isRowDue(now, configuration) { lastRow = now }
    }

    func publish() {
        guard !observers.isEmpty else { return }
        for observer in observers.values { observer.yield(flowState) }
    }
}

extension StepPlace {
    /// The path without the numbers of elements, which all steps of the node share.
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
