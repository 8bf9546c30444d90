internal import WAL
internal import WALTasks

extension FlowRunner {
    // MARK: Starting

    /// Starts a task, or returns the one that has the id.
    func begin(
        _ bytes: [UInt8], _ live: (any Sendable)?, _ dag: FrozenDAG, id: String?, priority: Int32, maxRetries: Int32
    ) async throws(FlowError) -> LiveTask {
        try life.checkOpen()
        try check(size: bytes.count, of: "The input of \(dag.key)")
        let task = id ?? Self.newID()
        guard (1...200).contains(task.utf8.count), !task.contains("\0") else {
            throw FlowError(.invalidID, "The task's id has \(task.utf8.count) bytes. Use 1 to 200, without U+0000.")
        }
        if let other = table[task] { return try await same(other, bytes, dag) }
        if id != nil, let ended = try await ended(task, bytes, dag) { return ended }
        let now = clock.now()
        let start = FlowRecord.Beginning(
            dag: dag.key, graph: dag.hash, priority: priority, maxRetries: maxRetries, createdAt: now, input: bytes)
        let fresh = LiveTask(TaskJournal(id: task), dag: dag)
        let known = table.insert(fresh)
        guard known === fresh else { return try await same(known, bytes, dag) }
        do throws(FlowError) {
            let payload = Self.payload(of: bytes)
            let actions = try await commit(fresh, isDurable: dag.durability == .durable) { _ in
                Transition(
                    events: [.begin(start)],
                    mutations: [
                        Self.firstRow(task, start, dag, payload),
                        self.activity(task, start, "", 0, "task_created", at: now),
                    ])
            } then: { state in
                state.payload = payload
                state.lastRow = now
                state.openGate()
                return self.start(&state, StepValue(bytes: bytes, live: self.configuration.verifiesCoding ? nil : live))
            }
            scheduler.submit(await follow(fresh, actions ?? []))
            return fresh
        } catch {
            table.remove(fresh)
            fresh.state.withLock { state in
                state.isGone = true
                state.openGate()
            }
            throw error
        }
    }

    /// Makes the task's place in its graph. The caller holds the task's lock.
    func start(_ state: inout LiveTask.State, _ input: StepValue) -> [Execution.Action] {
        guard let dag = state.dag else { return [] }
        var execution = Execution(dag.plan)
        let actions = execution.start(input: input, &state.journal)
        state.execution = execution
        return actions
    }

    private func same(_ other: LiveTask, _ bytes: [UInt8], _ dag: FrozenDAG) async throws(FlowError) -> LiveTask {
        await other.waitUntilBegun()
        guard let start = other.state.withLock(\.beginning) else {
            throw FlowError(.storageFailed, "The beginning of the task \(other.id) couldn't be written. Try again.")
        }
        guard start.dag == dag.key else {
            throw FlowError(
                .idInUse, "The id \(other.id) belongs to a task of the DAG \(start.dag). Choose another id.")
        }
        guard start.input == bytes else {
            throw FlowError(
                .idInUse, "The task \(other.id) began with another input. Choose another id, or pass the same input.")
        }
        return other
    }

    /// Returns the task with this id if the store says that it has ended.
    private func ended(_ id: String, _ bytes: [UInt8], _ dag: FrozenDAG) async throws(FlowError) -> LiveTask? {
        do {
            guard let row = try await storage.task(id: id) else { return nil }
            guard row.dagID == dag.key else {
                throw FlowError(.idInUse, "The id \(id) belongs to a task of the DAG \(row.dagID). Choose another id.")
            }
            let status: FlowRecord.Ending.Status
            switch row.status {
            case .completed: status = .completed
            case .failed: status = .failed
            case .cancelled: status = .cancelled
            // The row of a task that isn't live is that of another program, or of a task whose beginning the log lost.
            case .pending, .running: return nil
            }
            if let payload = row.payload, let own = Self.payload(of: bytes), payload != own {
                throw FlowError(
                    .idInUse, "The task \(id) began with another input. Choose another id, or pass the same input.")
            }
            let end = try await storage.activities(taskID: id, limit: 100_000, offset: 0).last {
                $0.action == "task_\(row.status)"
            }
            var journal = TaskJournal(id: id)
            journal.apply(
                .begin(
                    FlowRecord.Beginning(
                        dag: dag.key, graph: dag.hash, priority: row.priority, maxRetries: row.maxRetries,
                        createdAt: row.createdAt, input: bytes)))
            journal.apply(
                .end(
                    FlowRecord.Ending(
                        status: status, time: row.completedAt ?? row.updatedAt,
                        output: end?.data.map { Array($0.utf8) },
                        error: row.error, path: end?.nodeID)))
            let task = LiveTask(journal, dag: dag)
            task.state.withLock { $0.isGone = true }
            return task
        } catch let error as FlowError {
            throw error
        } catch {
            throw FlowError(
                .storageFailed, "The store can't say whether the task \(id) has ended before. Try again.", cause: error)
        }
    }

    private static func newID() -> String {
        let words = [UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max)]
        return words.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    func check(size: Int, of what: String) throws(FlowError) {
        guard size <= configuration.maxValueSize else {
            throw FlowError(
                .valueTooLarge,
                "\(what) has \(size) bytes, and maxValueSize is \(configuration.maxValueSize). Keep large data elsewhere and pass its name."
            )
        }
    }

    // MARK: Rows and activities

    /// The input as a row can have it.
    static func payload(of bytes: [UInt8]) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let probe = PersistentTask(id: "-", dagID: "", nodeID: "", payload: text)
        return (try? TaskMutation.save(probe).validate()) == nil ? nil : text
    }

    private static func firstRow(
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
                _ = try await commit(task, isDurable: true) { state in
                    state.isOpen ? Transition(events: [.started(path: step.path, attempt: prepared.attempt)]) : nil
                } then: { _ in
                }
            }
            startTimeout(task, step, prepared.attempt)
            let result = await call(task, step, prepared, values)
            switch result {
            case .success(let value): return try await succeed(task, step, prepared.attempt, value)
            case .failure(let error):
                // Steps that a closing runner cancels run again at the next start.
                if error is CancellationError, life.isClosing { return leave(task, step) }
                let isFinal = error is PermanentError || error is CancellationError
                return try await fail(task, step, prepared.attempt, Self.text(of: error), isFinal: isFinal)
            }
        } catch {
            return leave(task, step)
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
        task.state.withLock { state in
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
            state.running[step.path] = LiveTask.Attempt(number: attempt, worker: worker, startedAt: now)
            state.startedAt = state.startedAt ?? now
            state.publish()
            return Prepared(
                inputs: Result { try state.execution?.inputs(of: step) ?? [] }, attempt: attempt,
                isInterrupted: isInterrupted, dag: dag)
        }
    }

    private func call(
        _ task: LiveTask, _ step: StepPlace, _ prepared: Prepared, _ values: [any Sendable]
    ) async -> Result<any Sendable, any Error> {
        let body: PlanNode.Body
        switch step.plan.kind {
        case .step(let step), .branch(let step, _), .handler(_, let step): body = step
        default: return .failure(PermanentError("The node \(step.path) has no step."))
        }
        let flowStep = FlowStep(
            taskID: task.id, path: step.path, attempt: Int(prepared.attempt),
            context: context(task, step.path, prepared.dag))
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

    private func context(_ task: LiveTask, _ path: String, _ dag: FrozenDAG) -> FlowStep.Context {
        FlowStep.Context(
            dag: dag.key, coder: dag.coder, now: clock.now,
            activity: { [self] activity in
                let mutation = TaskMutation.log(activity)
                // An activity that no store can take is left out, as the store would.
                guard (try? mutation.validate()) != nil else { return }
                let isWritten = (try? storage.tryAppend(RecordBatch(), [mutation])) ?? nil
                if isWritten == nil { task.state.withLock { $0.pendingActivities.append(mutation) } }
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
        _ task: LiveTask, _ step: StepPlace, _ attempt: UInt32, _ value: any Sendable
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
            guard let current = state.running[step.path], current.number == attempt, !current.isOver, state.isOpen
            else {
                return nil
            }
            return Transition(
                events: [.result(path: step.path, attempt: attempt, time: now, label: label, bytes: bytes)],
                mutations: state.progress(step, attempt, "node_completed", nil, now, self))
        } then: { state in
            state.wrote(now, self.configuration)
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
            guard let current = state.running[step.path], current.number == attempt, !current.isOver, state.isOpen
            else {
                return nil
            }
            let retryAt = isFinal ? nil : self.retryTime(state, step, attempt, now)
            return Transition(
                events: [.failure(path: step.path, attempt: attempt, time: now, error: error, retryAt: retryAt)],
                mutations: state.progress(step, attempt, "node_failed", error, now, self))
        } then: { state in
            state.wrote(now, self.configuration)
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
        timers.add(at: due) { [weak self] in
            guard let self else { return }
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
            guard current.isOver, state.journal.steps[step.path]?.hasFailed != true else { return [] }
            return afterFailure(&state, step, state.journal.steps[step.path]?.error ?? "")
        }
        scheduleRetry(task, step)
        return await follow(task, actions)
    }

    // MARK: Timeouts

    private func startTimeout(_ task: LiveTask, _ step: StepPlace, _ attempt: UInt32) {
        guard let timeout = step.plan.options.timeout else { return }
        timers.add(at: clock.now() + timeout) { [weak self] in
            Task { [weak self] in await self?.timeOut(task, step, attempt, timeout) }
        }
    }

    /// Journals that an attempt's time is up, and cancels it. The next attempt begins once this one has returned.
    private func timeOut(_ task: LiveTask, _ step: StepPlace, _ attempt: UInt32, _ timeout: Duration) async {
        let now = clock.now()
        let error = "timedOut: the attempt took longer than \(timeout)"
        let ended = try? await commit(task) { state in
            guard let current = state.running[step.path], current.number == attempt, !current.isOver, state.isOpen
            else {
                return nil
            }
            let retryAt = self.retryTime(state, step, attempt, now)
            return Transition(
                events: [.failure(path: step.path, attempt: attempt, time: now, error: error, retryAt: retryAt)],
                mutations: state.progress(step, attempt, "node_failed", error, now, self))
        } then: { state in
            state.wrote(now, self.configuration)
            state.running[step.path]?.isOver = true
            let isFinal = state.journal.steps[step.path]?.hasFailed == true
            return (state.running[step.path]?.worker, isFinal ? self.afterFailure(&state, step, error) : [])
        }
        guard let (worker, actions) = ended else { return }
        worker?.cancel()
        timers.add(at: now + .seconds(10)) { [weak self] in
            let isRunning = task.state.withLock { $0.running[step.path]?.number == attempt }
            if isRunning { self?.events.ignoresCancellation(task.id, step.path, after: timeout + .seconds(10)) }
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
        if now - lastRow >= runner.configuration.rowInterval, let row = row(.running, at: now) { mutations.append(row) }
        return mutations
    }

    /// Notes that ``progress(_:_:_:_:_:_:)`` was written.
    mutating func wrote(_ now: Timestamp, _ configuration: FlowConfiguration) {
        pendingActivities.removeAll()
        if now - lastRow >= configuration.rowInterval { lastRow = now }
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
