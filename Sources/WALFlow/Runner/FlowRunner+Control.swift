internal import WAL
internal import WALTasks

extension FlowRunner {
    /// Pauses a task: no new steps begin until ``resume(_:)``, and running steps end. Suspends until the pause is in
    /// the log.
    ///
    /// - Parameter id: The id of the task.
    /// - Throws: ``FlowError`` with the code `unknownTask`; `wrongState` if the task has ended; `storageFailed`;
    ///   `closed`.
    public func pause(_ id: String) async throws(FlowError) {
        _ = try await control(id, .pause)
    }

    /// Resumes a paused task. Suspends until the log has the change.
    ///
    /// - Parameter id: The id of the task.
    /// - Throws: The errors of ``pause(_:)``.
    public func resume(_ id: String) async throws(FlowError) {
        // The task's steps may end the task before this call continues.
        let live = try await control(id, .resume)
        let held = live.state.withLock { state in
            defer { state.held = [] }
            return state.held
        }
        scheduler.submit(await follow(live, held))
    }

    /// Ends a task. Running steps are canceled, and their results don't count. Suspends until the end is in the log.
    ///
    /// - Parameters:
    ///   - id: The id of the task.
    ///   - reason: The reason, for people. Nil means no reason.
    /// - Throws: The errors of ``pause(_:)``.
    public func cancel(_ id: String, reason: String? = nil) async throws(FlowError) {
        try await life.waitUntilOpen()
        let live = try require(id)
        if let error = live.state.withLock({ $0.journal.endError }) { throw error }
        let ending = FlowRecord.Ending(status: .cancelled, time: clock.now(), error: reason.map(Self.withoutNul))
        scheduler.submit(await end(live, ending))
        if let error = life.failure { throw error }
        let journal = live.state.withLock(\.journal)
        guard let end = journal.end else {
            throw FlowError(
                .closed, "The runner was closed before it could cancel \(id). The next start resumes the task.")
        }
        if end.status != .cancelled, let error = journal.endError { throw error }
    }

    /// Runs steps of a failed or parked task again. Suspends until the log has the change.
    ///
    /// - Parameters:
    ///   - id: The id of the task.
    ///   - path: The first step to run again. Its result, and all that depend on it, are void. A step of an element that has its output
    ///     runs the whole element again. Nil for the steps that failed, without those after whose failure the task continued: optional
    ///     ones, and those of ``Graph/addCollectingIterator(_:over:_:concurrency:_:)``.
    /// - Throws: ``FlowError``: `unknownTask`, `unknownNode` if there is no such step, `wrongState` if the task is
    ///   neither failed nor parked for a changed graph, if one of its steps hasn't returned, if it would lose a step
    ///   that ``accept(_:dropping:)`` must name, or if nil for `path` would run a step with
    ///   ``NodeOptions/Execution/atMostOnce`` again that didn't fail, or no step of a parked task, `storageFailed` or
    ///   `closed`.
    public func retry(_ id: String, from path: String? = nil) async throws(FlowError) {
        try await life.waitUntilOpen()
        let live = try require(id)
        let (journal, dag, parked) = live.state.withLock { ($0.journal, $0.dag, $0.parked) }
        guard journal.end?.status == .failed || parked != nil else {
            throw FlowError(.wrongState, "The task \(id) is neither failed nor parked. Cancel it, or wait for its end.")
        }
        try requireReturned(live)
        guard let dag else { throw FlowError(.unknownDAG, "The runner doesn't have the DAG of the task \(id).") }
        try requireChangedGraph(id, parked)
        let paths = try dag.shape.paths(toRetry: path, of: journal)
        // A task that failed after too many restarts has no failed step.
        guard path != nil || journal.end != nil || !paths.isEmpty else {
            throw FlowError(.wrongState, "No failure stops the task \(id). Give the first step to run again.")
        }
        let now = clock.now()
        var events = [journal.control(.retry, paths: paths, at: now)]
        if journal.graph != dag.hash {
            // Without a path, only what failed was asked for.
            let asked = paths.filter { path != nil || journal.steps[$0]?.hasFailed == true }
            try requireDropped(journal, dag.shape, Set(asked))
            events.append(journal.control(.accept, after: 1, graph: dag.hash, at: now))
        }
        try await restart(live, journal.nextControl, events, "task_reset", paths.joined(separator: ", "), now)
    }

    /// Lets a parked task, or a failed task whose graph has changed, continue with the runner's present graph. Suspends
    /// until the log has the change.
    ///
    /// The failed steps of a failed task run again. Results that the new graph has no step for are ignored, and new
    /// steps run. So a step with a new name runs again.
    ///
    /// - Parameters:
    ///   - id: The id of the task.
    ///   - dropped: The paths of the steps with ``NodeOptions/Execution/atMostOnce`` that ran, and that the new graph doesn't have, that are
    ///     in an element with another end, which runs again, or that now come after a failed step. A path stands for everything below it, too. What they did may be done
    ///     again.
    /// - Throws: ``FlowError``: `unknownTask`, `unknownDAG`, `wrongState` if the task is neither parked for a changed
    ///   graph nor failed with another one, one of its steps hasn't returned, or `dropped` lacks a step,
    ///   `storageFailed` or `closed`.
    public func accept(_ id: String, dropping dropped: Set<String> = []) async throws(FlowError) {
        try await life.waitUntilOpen()
        let live = try require(id)
        let (journal, dag, parked) = live.state.withLock { ($0.journal, $0.dag, $0.parked) }
        let hasFailed = journal.end?.status == .failed
        guard parked != nil || hasFailed && journal.graph != dag?.hash else {
            throw journal.endError ?? FlowError(.wrongState, "The task \(id) isn't parked.")
        }
        try requireReturned(live)
        guard let dag else { throw FlowError(.unknownDAG, "The runner doesn't have the DAG of the task \(id).") }
        try requireChangedGraph(id, parked)
        try requireDropped(journal, dag.shape, dropped)
        let now = clock.now()
        var events: [FlowRecord.Event] = []
        if hasFailed {
            let paths = try dag.shape.paths(toRetry: nil, of: journal, dropping: dropped)
            events.append(journal.control(.retry, paths: paths, at: now))
        }
        events.append(journal.control(.accept, after: events.count, graph: dag.hash, at: now))
        try await restart(live, journal.nextControl, events, "task_accepted", nil, now)
    }

    /// Throws `wrongState` if a step of a failed task still runs because it ignores its cancellation. Another attempt
    /// must not run beside it.
    private func requireReturned(_ live: LiveTask) throws(FlowError) {
        let paths = live.state.withLock { $0.running.keys.sorted() }
        guard !paths.isEmpty else { return }
        throw FlowError(
            .wrongState,
            "The task \(live.id) has steps that were canceled and haven't returned: \(paths.joined(separator: ", ")). Try again when they have, or restart the program."
        )
    }

    /// Throws `wrongState` if a task is parked for a reason that no graph remedies. It would fail at once.
    private func requireChangedGraph(_ id: String, _ parked: String?) throws(FlowError) {
        guard let parked, !parked.hasPrefix(TaskView.changedGraph) else { return }
        throw FlowError(
            .wrongState, "The task \(id) needs another program: \(parked). Start that, or cancel the task.")
    }

    private func requireDropped(
        _ journal: TaskJournal, _ new: GraphShape, _ dropped: Set<String>
    ) throws(FlowError) {
        guard let old = graphs.withLock({ $0.shapes[journal.graph] }) else { return }
        try GraphChange(from: old, to: new).requireDropped(dropped, of: journal)
    }

    /// Journals a control of a live task. Returns the task.
    private func control(_ id: String, _ action: FlowRecord.Control.Action) async throws(FlowError) -> LiveTask {
        try await life.waitUntilOpen()
        let live = try require(id)
        let now = clock.now()
        var ended: FlowError?
        _ = try await commit(live) { state in
            ended = state.journal.endError
            guard ended == nil else { return nil }
            let events = [state.journal.control(action, at: now)]
            return Transition(events: events, mutations: state.row(after: events, at: now).map { [$0] } ?? [])
        } then: { state in
            state.publish()
        }
        if let ended { throw ended }
        return live
    }

    /// Journals a control that starts the walk of the task over.
    private func restart(
        _ live: LiveTask, _ number: UInt32, _ events: [FlowRecord.Event], _ action: String, _ message: String?,
        _ now: Timestamp
    ) async throws(FlowError) {
        let ready = try await commit(live) { state in
            // Another call may have come first.
            guard state.journal.nextControl == number, state.running.isEmpty, !state.isGone,
                state.parked != nil || state.journal.end?.status == .failed
            else { return nil }
            var mutations: [TaskMutation] = []
            if let start = state.beginning {
                mutations.append(
                    self.activity(
                        live.id, start, "", state.journal.nextControl, action, message, level: "warning", at: now))
            }
            var continued = state
            continued.parked = nil
            if let row = continued.row(after: events, at: now) { mutations.append(row) }
            return Transition(events: events, mutations: mutations)
        } then: { state -> [StepPlace] in
            state.parked = nil
            state.retrying = [:]
            state.waiting = [:]
            state.held = []
            state.isEnded = false
            state.isResumption = false
            state.beginSpan(self.tracing)
            return self.start(&state, StepValue(bytes: state.beginning?.input ?? []))
        }
        guard let ready else {
            throw FlowError(.wrongState, "The task \(live.id) is neither failed nor parked any more.")
        }
        scheduler.submit(await follow(live, ready))
        try await showState(live)
    }
}

extension LiveTask.State {
    /// Returns the row that shows the task after some events.
    fileprivate func row(after events: [FlowRecord.Event], at now: Timestamp) -> TaskMutation? {
        var state = self
        for event in events { state.journal.apply(event) }
        return state.row(.running, at: now)
    }
}

extension TaskJournal {
    /// The error of a call that requires a task without an end; nil if the task hasn't ended.
    package var endError: FlowError? {
        end.map { end in
            FlowError(
                .wrongState,
                end.status == .failed
                    ? "The task \(id) has failed at \(end.path ?? ""). Retry it first."
                    : "The task \(id) has ended: it is \(end.status).")
        }
    }
}
