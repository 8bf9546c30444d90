internal import WAL
internal import WALTasks

extension FlowRunner {
    // MARK: Ending a task

    /// Ends the task if all of its steps have ended, or if it fails and no step is running.
    func endIfOver(_ task: LiveTask) async -> [Scheduler.Job] {
        typealias Found = (walk: Scope?, ending: FlowRecord.Ending, output: (any Sendable)?)
        let found = task.state.withLock { state -> Found? in
            // A step whose last attempt has timed out has ended, although it may not have returned. The failure of a
            // wait may begin a handler, so it counts as running until it is durable.
            let isRunning = state.failingWaitCount > 0 || state.running.values.contains { !$0.step.hasEnded }
            guard state.isOpen, let dag = state.dag, let outcome = state.execution?.outcome(isRunning: isRunning)
            else { return nil }
            let ending = self.ending(outcome, dag, clock.now())
            let walk = state.execution?.root
            guard case .completed(let value) = outcome, ending.status == .completed else { return (walk, ending, nil) }
            return (walk, ending, value?.live)
        }
        guard let found else { return [] }
        return await end(task, found.ending, of: found.walk, output: found.output)
    }

    private func ending(
        _ outcome: Execution.Outcome, _ dag: FrozenDAG, _ now: Timestamp
    ) -> FlowRecord.Ending {
        switch outcome {
        case .failed(let failure):
            // The failure may be that of a node between steps, which the journal doesn't have.
            return FlowRecord.Ending(
                status: .failed, time: now, error: Self.text(failure.message), path: failure.path)
        case .completed(nil):
            return FlowRecord.Ending(status: .completed, time: now)
        case .completed(let value?):
            do {
                let bytes = try value.bytes ?? value.live.map { try dag.plan.nodes[dag.plan.output].encode($0) } ?? []
                try check(size: bytes.count, of: "The output")
                return FlowRecord.Ending(status: .completed, time: now, output: bytes)
            } catch {
                return FlowRecord.Ending(
                    status: .failed, time: now, error: Self.text(of: error),
                    path: dag.plan.nodes[dag.plan.output].id)
            }
        }
    }

    /// Journals the end of a task with its last row, and calls the final callback.
    ///
    /// - Parameters:
    ///   - task: The task.
    ///   - ending: The end of the task.
    ///   - walk: The walk that the end is of. Another caller may end the task first, and then a retry begins another
    ///     walk. Nil for the walk that the task has by then.
    ///   - output: The output as a value, if there is one.
    func end(
        _ task: LiveTask, _ ending: FlowRecord.Ending, of walk: Scope? = nil, output: (any Sendable)? = nil
    ) async -> [Scheduler.Job] {
        do {
            return try await end(task, ending, of: walk, output: output) { self.lastMutations($0, ending) }
        } catch {
            guard error.code == .valueTooLarge else { return [] }
            // This can happen with large activities for which the log had no space before.
            let short = FlowRecord.Ending(
                status: ending.status == .completed ? .failed : ending.status, time: ending.time,
                error: "valueTooLarge: the end of the task doesn't fit into a segment of the log", path: ending.path)
            let jobs = try? await end(task, short, of: walk, output: nil) { state in
                state.lastRow(short).map { [$0] } ?? []
            }
            return jobs ?? []
        }
    }

    private func end(
        _ task: LiveTask, _ ending: FlowRecord.Ending, of walk: Scope?, output: (any Sendable)?,
        _ mutations: (LiveTask.State) -> [TaskMutation]
    ) async throws(FlowError) -> [Scheduler.Job] {
        let needsCallback = needsCallback(task)
        let durability = task.state.withLock { $0.dag?.durability }
        let ended = try await commit(task, isDurable: durability == .durable) { state in
            guard state.journal.end == nil, walk == nil || state.execution?.root === walk else { return nil }
            var events: [FlowRecord.Event] = [.end(ending)]
            if !needsCallback { events.append(.delivered(time: ending.time)) }
            return Transition(events: events, mutations: mutations(state))
        } claim: { state in
            state.parked = nil
        } then: { state -> (workers: [LiveTask.Attempt], receivers: LiveTask.Receivers)? in
            // A retry may have begun a new walk before the end was durable.
            guard state.journal.end == ending else { return nil }
            state.clearPending()
            state.held = []
            state.retrying = [:]
            state.waiting = [:]
            state.isEnded = true
            state.output = output
            let workers = state.running.values.filter { $0.end == nil }
            state.publish()
            return (workers, state.takeReceivers())
        }
        guard let ended = ended ?? nil else { return [] }
        if ending.status != .completed { for attempt in ended.workers { attempt.worker.cancel(job: attempt.job) } }
        ended.receivers.end(ending.failure, .success(()))
        guard needsCallback else {
            forget(task, after: ending)
            return []
        }
        return [deliveryJob(task)]
    }

    private func lastMutations(_ state: LiveTask.State, _ ending: FlowRecord.Ending) -> [TaskMutation] {
        guard let start = state.beginning else { return [] }
        var mutations = state.pendingActivities
        if let row = state.lastRow(ending) { mutations.append(row) }
        mutations.append(
            activity(
                state.journal.id, start, ending.path ?? "", state.journal.nextControl,
                "task_\(ending.status.taskStatus.rawValue)", ending.text,
                data: ending.output.flatMap { Self.payload(of: $0) },
                level: ending.status == .failed ? "error" : "info",
                at: ending.time))
        return mutations
    }

    // MARK: The final callback

    /// Whether a function must get the end of a task. If the runner doesn't have the task's DAG, the DAG may have such
    /// a function.
    func needsCallback(_ task: LiveTask) -> Bool {
        callback != nil || task.state.withLock { $0.dag == nil || $0.dag?.onResult != nil }
    }

    func deliveryJob(_ task: LiveTask) -> Scheduler.Job {
        let (start, dag, end) = task.state.withLock { ($0.beginning, $0.dag, $0.presentEnd) }
        return Scheduler.Job(
            priority: start?.priority ?? 0, createdAt: start?.createdAt ?? Timestamp(rawValue: 0), limits: []
        ) { [self] _ in
            if let end { await deliver(task, end, dag, after: .milliseconds(100)) }
            return []
        }
    }

    /// Calls the final callback, and journals that it returned. After an error, it calls the callback again later.
    ///
    /// Without the DAG, only the runner's own callback is known. The callback of the DAG gets the end after the runner
    /// has the DAG.
    private func deliver(
        _ task: LiveTask, _ end: LiveTask.End, _ dag: FrozenDAG?, after pause: Duration
    ) async {
        // A retry may have taken the end back, and then the next end has a delivery of its own.
        let (isCurrent, start) = task.state.withLock { state in
            (state.presentEnd == end && !state.journal.isDelivered, state.beginning)
        }
        guard isCurrent else { return }
        let ending = end.ending
        do {
            let result = FlowResult(
                taskID: task.id, dagKey: start?.dag ?? "", status: ending.status.taskStatus, failure: ending.failure,
                output: ending.output)
            try await dag?.onResult?(result)
            try await callback?(result)
        } catch {
            events.callbackFailed(task.id, error)
            let next = min(pause * 2, .seconds(60))
            // The journal doesn't have the time, so a wall clock that is set back doesn't delay the call.
            timeouts.add(at: steady.now() + pause) { [weak self] in
                guard let self else { return }
                scheduler.submit([
                    Scheduler.Job(priority: 0, createdAt: clock.now(), limits: []) { [self] _ in
                        await deliver(task, end, dag, after: next)
                        return []
                    }
                ])
            }
            return
        }
        guard dag != nil else { return }
        await settle(task, end)
    }

    /// Journals that the end of a task needs no callback any more, and forgets the task.
    func settle(_ task: LiveTask, _ end: LiveTask.End) async {
        let now = clock.now()
        _ = try? await commit(task) { state in
            // A retry may have begun meanwhile, and may even have ended.
            guard state.presentEnd == end, !state.journal.isDelivered else { return nil }
            return Transition(events: [.delivered(time: now)])
        } then: { _ in
        }
        forget(task, after: end.ending)
    }

    /// Removes a task that has ended. A failed task stays for a while, because it can be retried.
    func forget(_ task: LiveTask, after end: FlowRecord.Ending) {
        guard end.status == .failed else { return remove(task, after: end) }
        let (now, retention) = (clock.now(), configuration.failedRetention)
        let rest = retention - (now - end.time)
        guard rest > .zero else { return remove(task, after: end) }
        // A retry may complete the task long before. A forged end may be later than any time.
        timers.add(at: now + min(rest, retention), while: { [weak task] in task != nil }) { [weak self, weak task] in
            guard let self, let task else { return }
            remove(task, after: end)
        }
    }

    /// Removes a task, unless a retry has taken its end back.
    func remove(_ task: LiveTask, after end: FlowRecord.Ending) {
        let isGone = task.state.withLock { state in
            guard state.journal.end == end else { return false }
            state.isGone = true
            return true
        }
        if isGone { table.remove(task) }
    }

    // MARK: Waiting for the end

    func waitForEnd(of task: LiveTask) async throws(FlowError) -> FlowRecord.Ending {
        do {
            let number = task.state.withLock { state in
                state.lastWaiter += 1
                return state.lastWaiter
            }
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    let immediate = task.state.withLock { state -> Result<Void, any Error>? in
                        if state.isEnded { return .success(()) }
                        if let error = life.failure { return .failure(error) }
                        if life.isClosed {
                            return .failure(
                                FlowError(.closed, "The runner was closed. The next start resumes the task."))
                        }
                        if Task.isCancelled { return .failure(CancellationError()) }
                        state.waiters[number] = continuation
                        return nil
                    }
                    if let immediate { continuation.resume(with: immediate) }
                }
            } onCancel: {
                let waiter = task.state.withLock { $0.waiters.removeValue(forKey: number) }
                waiter?.resume(throwing: CancellationError())
            }
        } catch let error as FlowError {
            throw error
        } catch {
            throw FlowError(.waitCancelled, "The wait for the task \(task.id) was canceled. The task continues.")
        }
        guard let end = task.state.withLock({ $0.journal.end }) else {
            throw FlowError(.wrongState, "The task \(task.id) was retried. Wait again.")
        }
        return end
    }

    func observe(_ task: LiveTask) -> AsyncStream<FlowTaskState> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: FlowTaskState.self, bufferingPolicy: .bufferingNewest(64))
        let number = task.state.withLock { state -> Int in
            state.lastWaiter += 1
            continuation.yield(state.flowState)
            if state.isEnded || life.isClosed || life.failure != nil {
                continuation.finish()
            } else {
                state.observers[state.lastWaiter] = continuation
            }
            return state.lastWaiter
        }
        continuation.onTermination = { _ in
            _ = task.state.withLock { $0.observers.removeValue(forKey: number) }
        }
        return stream
    }
}

extension LiveTask.State {
    /// Returns the last row of the task.
    fileprivate func lastRow(_ ending: FlowRecord.Ending) -> TaskMutation? {
        let status = ending.status.taskStatus
        guard case .save(var row)? = row(status, at: ending.time, error: ending.text, completedAt: ending.time) else {
            return nil
        }
        row.processingState = status.rawValue
        return .save(row)
    }
}

extension FlowRecord.Ending {
    /// The error and its place, for people.
    fileprivate var text: String? { error.map { error in path.map { "\($0): \(error)" } ?? error } }
}
