internal import WAL
internal import WALTasks

extension FlowRunner {
    /// Gives a waiting node its value. Suspends until the value is in the log.
    ///
    /// The value may come before the task reaches the node, because the journal keeps it. If the runner has the task's
    /// DAG, it checks the node and the type of the value.
    ///
    /// - Parameters:
    ///   - value: The value, of the type for which the node waits.
    ///   - node: The path of the node, such as `approve` or `lines[2]/approve`.
    ///   - task: The id of the task.
    ///   - id: The id of this value. A second value with the same id is ignored, so a sender can repeat the call. Nil
    ///     means a new id.
    /// - Throws: ``FlowError`` with the code `unknownTask`; `unknownNode` if the node doesn't exist or doesn't wait for
    ///   a value; `undecodable` if the value can't be encoded or has another type than the one for which the node
    ///   waits; `wrongState` if the task has ended; `valueTooLarge`; `storageFailed`; `closed`.
    public func submit<Value: Codable & Sendable>(
        _ value: Value, to node: String, of task: String, id: String? = nil
    ) async throws(FlowError) {
        try await life.waitUntilOpen()
        let live = try require(task)
        let (dag, graph) = live.state.withLock { ($0.dag, $0.journal.graph) }
        try (dag?.shape ?? graphs.withLock { $0.shapes[graph] })?.requireWait(at: node)
        let bytes: [UInt8]
        do {
            // A sub-DAG may have another coder. The node's own coder may fail for a value of another type that
            // nevertheless has the same form.
            bytes = try (try? dag?.plan.node(at: node)?.encode(value)) ?? (dag?.coder ?? JSONFlowCoder()).encode(value)
        } catch {
            throw FlowError(.undecodable, "The value for \(node) can't be encoded.", cause: error)
        }
        do {
            _ = try dag?.plan.node(at: node)?.decode(bytes)
        } catch {
            throw FlowError(
                .undecodable,
                "The node \(node) of the DAG \(dag?.key ?? "") waits for a value of another type than \(Value.self).",
                cause: error)
        }
        try check(size: bytes.count, of: "The value for \(node)")
        let signal = id ?? "\(UInt64.random(in: .min ... .max))"
        var ended: FlowError?
        let place = try await commit(live) { state in
            ended = state.journal.endError
            guard ended == nil else { return nil }
            return Transition(events: [.signal(path: node, id: signal, payload: bytes)])
        } then: { state in
            state.waiting[node]
        }
        if let ended { throw ended }
        if let place = place ?? nil { scheduler.submit(await follow(live, await take(live, place))) }
    }

    func require(_ id: String) throws(FlowError) -> LiveTask {
        guard let live = table[id], live.state.withLock(\.isBegun) else {
            throw FlowError(.unknownTask, "There is no live task with the id \(id). See liveTasks, or the task's row.")
        }
        return live
    }

    /// Begins a wait for a signal, which may already be there, or for a time.
    func beginWait(_ task: LiveTask, _ step: StepPlace) async -> [StepPlace] {
        let now = clock.now()
        let (signal, pause): (String?, Duration?)
        switch step.plan.kind {
        case .wait(let timeout): (signal, pause) = (step.path, timeout)
        case .timer(let duration): (signal, pause) = (nil, duration)
        default: return []
        }
        let isCurrent = task.state.withLock { state in
            // While another wait of this walk waited for space in the log, a retry may have begun a new walk.
            guard state.execution?.has(step) == true else { return false }
            state.waiting[step.path] = step
            return true
        }
        guard isCurrent else { return [] }
        // After a restart, the journal has the wait with its original time.
        _ = try? await commit(task) { state in
            let isKnown = state.journal.steps[step.path]?.wait != nil
            // The row that the earlier process wrote shows the wait, unless this process has written another row.
            guard state.isOpen, state.execution?.has(step) == true, !isKnown || state.lastRow.rawValue > 0 else {
                return nil
            }
            let event = FlowRecord.Event.wait(path: step.path, signal: signal, due: pause.map { now + $0 })
            return Transition(
                events: isKnown ? [] : [event], mutations: state.row(.running, at: now).map { [$0] } ?? [])
        } then: { state in
            state.startedAt = state.startedAt ?? now
            state.lastRow = now
        }
        task.state.withLock { $0.publish() }
        if let due = task.state.withLock({ $0.journal.steps[step.path]?.wait?.due }) {
            timers.add(at: due, while: { [weak step] in step != nil }) { [weak self, weak task, weak step] in
                Task { [weak self, weak task, weak step] in
                    guard let self, let task, let step else { return }
                    scheduler.submit(await follow(task, await expire(task, step)))
                }
            }
        }
        return await take(task, step)
    }

    /// Ends a wait with the first signal for it, if there is one.
    private func take(_ task: LiveTask, _ step: StepPlace) async -> [StepPlace] {
        let now = clock.now()
        var value = StepValue()
        let ready = try? await commit(task, isDurable: step.isDurable) { state in
            guard state.isOpen, state.waiting[step.path] === step,
                let signal = state.journal.firstSignal(at: step.path)
            else { return nil }
            value = StepValue(bytes: signal.payload, label: signal.id)
            return state.end(of: step, value, now, self)
        } claim: { state in
            state.waiting[step.path] = nil
        } then: { state in
            state.advance(step) { execution, journal in execution.complete(step, value, &journal) }
        }
        return (ready ?? nil) ?? []
    }

    /// Ends a wait whose time has come. A timer passes its parent's value on, and a wait for a signal fails.
    func expire(_ task: LiveTask, _ step: StepPlace) async -> [StepPlace] {
        let now = clock.now()
        let ready: [StepPlace]??
        if case .timer = step.plan.kind {
            ready = try? await commit(task, isDurable: step.isDurable) { state in
                guard state.isOpen, state.waiting[step.path] === step else { return nil }
                return state.end(of: step, StepValue(bytes: []), now, self)
            } claim: { state in
                state.waiting[step.path] = nil
            } then: { state in
                state.advance(step) { execution, journal in
                    guard let value = try? execution.inputs(of: step).first else {
                        return execution.fail(step, "the timer's parent has no value", &journal)
                    }
                    return execution.complete(step, StepValue(live: value), &journal)
                }
            }
        } else {
            let error = "timedOut: no value came in time; a retry waits for it again"
            ready = try? await commit(task, isDurable: step.isDurable) { state in
                // A value that is in the log is in time, and the wait is about to take it.
                guard state.isOpen, state.waiting[step.path] === step,
                    state.journal.firstSignal(at: step.path) == nil
                else { return nil }
                let attempt = state.journal.nextAttempt(of: step.path)
                return state.failure(of: step, attempt, error, retryAt: nil, at: now, self)
            } claim: { state in
                state.waiting[step.path] = nil
                state.failingWaitCount += 1
            } then: { state -> [StepPlace] in
                state.failingWaitCount -= 1
                return state.advance(step) { execution, journal in execution.fail(step, error, &journal) }
            }
        }
        return (ready ?? nil) ?? []
    }
}

extension LiveTask.State {
    /// Returns the change that ends a wait with a value.
    fileprivate func end(of step: StepPlace, _ value: StepValue, _ now: Timestamp, _ runner: FlowRunner) -> Transition {
        let attempt = journal.nextAttempt(of: step.path)
        let result = FlowRecord.Event.result(
            path: step.path, attempt: attempt, time: now, label: value.label, bytes: value.bytes ?? [])
        return end(of: step, attempt, [result], at: now, runner)
    }
}
