internal import WAL
internal import WALTasks

extension FlowRunner {
    /// Journals a step's result, and continues the walk.
    func succeed(_ running: RunningStep, _ value: any Sendable) async throws(FlowError) -> [Scheduler.Job] {
        let (task, step, attempt) = (running.task, running.place, running.attempt)
        var label: String?
        if case .branch(_, let labels) = step.plan.kind {
            label = step.plan.label?(value)
            guard labels.contains(label ?? "") else {
                let error = FlowError.unknownLabel(label ?? "", labels)
                return try await fail(task, step, attempt, Self.text(of: error), isFinal: true)
            }
        }
        let bytes: [UInt8]
        do {
            bytes = try step.plan.encode(value)
            try check(size: bytes.count, of: "The result of \(step.path)")
        } catch {
            return try await fail(task, step, attempt, Self.text(of: error), isFinal: true)
        }
        let live = configuration.verifiesCoding ? nil : value
        let now = clock.now()
        let isDurable = step.isDurable || storage.isDurableAtOnce
        let ready = try await commit(task, isDurable: isDurable) { state in
            guard state.isOpen, state.isCurrent(step, attempt) else { return nil }
            var events = running.messages
            events.append(.result(path: step.path, attempt: attempt, time: now, label: label, bytes: bytes))
            return state.end(of: step, attempt, events, at: now, self)
        } claim: { state in
            // If the result doesn't have to be durable, `then` removes the attempt before the lock is released.
            if isDurable { state.running[step.path]?.end = .returned }
        } then: { state in
            state.running[step.path] = nil
            state.publish()
            return state.advance(step) { execution, journal in
                execution.complete(step, StepValue(bytes: bytes, live: live, label: label), &journal)
            }
        }
        guard let ready else { return await returned(task, step, attempt) }
        return await follow(task, ready)
    }

    /// Journals the failure of an attempt. Continues the walk or schedules the next attempt.
    func fail(
        _ task: LiveTask, _ step: StepPlace, _ attempt: UInt32, _ error: String, isFinal: Bool
    ) async throws(FlowError) -> [Scheduler.Job] {
        let now = clock.now()
        let ready = try await commit(task, isDurable: step.isDurable) { state in
            guard state.isOpen, state.isCurrent(step, attempt) else { return nil }
            let retryAt = isFinal ? nil : self.retryTime(state, step, attempt, now)
            return state.failure(of: step, attempt, error, retryAt: retryAt, at: now, self)
        } claim: { state in
            state.running[step.path]?.end = .returned
        } then: { state in
            state.running[step.path] = nil
            return self.afterFailure(&state, step, error)
        }
        guard let ready else { return await returned(task, step, attempt) }
        scheduleRetry(task, step)
        return await follow(task, ready)
    }

    /// Returns the time of the next attempt, or nil if that was the last one.
    func retryTime(
        _ state: LiveTask.State, _ step: StepPlace, _ attempt: UInt32, _ now: Timestamp
    ) -> Timestamp? {
        guard step.plan.options.execution == .atLeastOnce else { return nil }
        let policy =
            step.plan.options.retry
            ?? .exponential(max: Int(state.beginning?.maxRetries ?? 0), from: .seconds(1), to: .seconds(300))
        return policy.pause(after: attempt, random: Double.random(in: 0...1)).map { now + $0 }
    }

    /// Continues the walk after a final failure. After another failure, the step waits for its next attempt.
    func afterFailure(
        _ state: inout LiveTask.State, _ step: StepPlace, _ error: String
    ) -> [StepPlace] {
        // A retry may have begun another walk before the failure was durable.
        guard state.execution?.has(step) == true else { return [] }
        defer { state.publish() }
        guard state.journal.steps[step.path]?.hasFailed != true else {
            return state.advance(step) { execution, journal in execution.fail(step, error, &journal) }
        }
        state.retrying[step.path] = step
        // The task may have failed while the attempt ran.
        state.dropWhatWaits()
        return []
    }

    /// Queues the step's next attempt at its time, if the step waits for one.
    func scheduleRetry(_ task: LiveTask, _ step: StepPlace) {
        let due = task.state.withLock { state in
            state.retrying[step.path] === step ? state.journal.steps[step.path]?.retryAt : nil
        }
        guard let due else { return }
        timers.add(at: due, while: { [weak step] in step != nil }) { [weak self, weak task, weak step] in
            guard let self, let task, let step else { return }
            let isDue = task.state.withLock { state in
                guard state.retrying[step.path] === step, state.running[step.path] == nil else { return false }
                state.retrying[step.path] = nil
                return true
            }
            if isDue { scheduler.submit([job(task, step)]) }
        }
    }

    /// Handles the return of a step whose attempt has already ended: its time was up, or its task has ended.
    func returned(_ task: LiveTask, _ step: StepPlace, _ attempt: UInt32) async -> [Scheduler.Job] {
        let ready = task.state.withLock { state -> [StepPlace] in
            guard let current = state.running[step.path], current.number == attempt else { return [] }
            if case .timedOut(isFinal: true) = current.end, !current.step.hasEnded {
                // The failure isn't durable yet. Until it is in the walk, the task must not end: a handler may follow.
                state.running[step.path]?.end = .returned
                return []
            }
            state.running[step.path] = nil
            // The task has ended, or the failure already took effect when the time was up.
            guard case .timedOut(isFinal: false) = current.end, state.isOpen else { return [] }
            return afterFailure(&state, step, state.journal.steps[step.path]?.error ?? "")
        }
        scheduleRetry(task, step)
        return await follow(task, ready)
    }
}

extension LiveTask.State {
    /// Whether this attempt of the step is running and its end isn't known yet.
    func isCurrent(_ step: StepPlace, _ attempt: UInt32) -> Bool {
        guard let current = running[step.path] else { return false }
        return current.number == attempt && current.end == nil && execution?.has(step) == true
    }

    /// Continues the walk of a step, unless the task has ended meanwhile or has begun another walk.
    mutating func advance(
        _ step: StepPlace, _ body: (inout Execution, inout TaskJournal) -> [StepPlace]
    ) -> [StepPlace] {
        guard isOpen, execution?.has(step) == true else { return [] }
        // The walk is moved out of the state, so that it and the journal can change without a copy.
        guard var execution = execution.take() else { return [] }
        let ready = body(&execution, &journal)
        self.execution = execution
        dropWhatWaits()
        return ready
    }

    /// Once the task fails, takes back the steps that wait for their next attempt or for the end of a pause.
    mutating func dropWhatWaits() {
        guard execution?.failure != nil else { return }
        let dropped = (held + retrying.values).filter { !$0.plan.kind.isHandler }
        for step in dropped { execution?.takeBack(step) }
        held.removeAll { !$0.plan.kind.isHandler }
        retrying = retrying.filter { $0.value.plan.kind.isHandler }
    }

    func publish() {
        guard !observers.isEmpty else { return }
        for observer in observers.values { observer.yield(flowState) }
    }
}
