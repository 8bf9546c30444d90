internal import WAL
internal import WALTasks

extension FlowRunner {
    /// Reads the journal, and resumes the tasks that haven't ended.
    func recover() async throws(FlowError) {
        let begun = ContinuousClock.now
        let log = storage.writeAheadLog
        do throws(WALError) {
            let table = try await Blocking.run { () throws(WALError) in
                var table = JournalTable()
                let start = log.cursors[JournalTable.cursor]
                try table.read(log.reader(from: start?.next), through: log.lastSequence)
                if start == nil { try log.setCursor(JournalTable.cursor, to: Self.firstCursor(log, table)) }
                return table
            }
            for gap in table.gaps { events.gap(gap) }
            try await resume(table, begun)
        } catch {
            throw FlowError(.storageFailed, "The journal can't be read.", cause: error)
        }
    }

    /// Returns the first position of the cursor `flow`. In a log without records of flows, it is the end of the log, so
    /// that older segments may be removed. If the log has records of flows, the cursor was lost with a part of the log,
    /// and all remaining records stay.
    private static func firstCursor(_ log: WriteAheadLog, _ table: JournalTable) -> SequenceNumber {
        table.recordCount == 0 ? log.lastSequence : SequenceNumber(rawValue: max(1, log.firstSequence.rawValue) - 1)
    }

    private func resume(_ journals: JournalTable, _ begun: ContinuousClock.Instant) async throws(WALError) {
        do throws(FlowError) {
            graphs.withLock { $0 = KnownGraphs(shapes: journals.graphs, newest: journals.newestGraphs) }
            var parked: [LiveTask] = []
            var live: [LiveTask] = []
            for journal in journals.tasks.values where journal.beginning != nil {
                let task = LiveTask(journal, dag: dags[journal.beginning?.dag ?? ""])
                live.append(table.insert(task))
            }
            // In a full log, the records that follow wait for a checkpoint.
            checkpoint.start(self)
            for dag in dags.all { try await write(dag) }
            for task in Self.inOrder(live) where try await !goOn(task) { parked.append(task) }
            events.opened(live: live.count, orphaned: journals.orphans.count, in: begun.duration(to: .now))
            events.parked(parked)
        } catch {
            halt(error)
        }
    }

    /// Resumes the tasks of a DAG that is new to the runner.
    func unpark(_ dag: FrozenDAG) async throws(FlowError) {
        try await write(dag)
        var parked: [LiveTask] = []
        let known = table.all.filter { $0.state.withLock { $0.beginning?.dag == dag.key && $0.dag == nil } }
        for task in Self.inOrder(known) {
            let isOfDAG = task.state.withLock { state in
                guard state.beginning?.dag == dag.key, state.dag == nil else { return false }
                state.dag = dag
                state.parked = nil
                return true
            }
            if isOfDAG, try await !goOn(task) { parked.append(task) }
        }
        events.parked(parked)
    }

    /// Returns tasks in the order in which the scheduler takes their steps. It takes the first ones before it has all.
    private static func inOrder(_ tasks: [LiveTask]) -> [LiveTask] {
        let keyed = tasks.map { task in
            let start = task.state.withLock(\.beginning)
            return (
                priority: start?.priority ?? 0, createdAt: start?.createdAt ?? Timestamp(rawValue: 0), task: task
            )
        }
        return keyed.sorted { ($1.priority, $0.createdAt) < ($0.priority, $1.createdAt) }.map(\.task)
    }

    /// Resumes a task of the journal. Returns false if the task is parked.
    private func goOn(_ task: LiveTask) async throws(FlowError) -> Bool {
        let shapes = graphs.withLock { $0.shapes }
        let (ready, isParked, wasParked, isChanged) = task.state.withLock { state in
            let ready = prepare(&state, shapes)
            let isChanged = state.isOpen && state.journal.graph != state.dag?.hash
            return (ready, state.parked != nil, state.journal.isShownParked, isChanged)
        }
        if isChanged { try await noteGraph(of: task) }
        if !isParked { await resume(task, ready) }
        // The log's last row of a task says whether it is parked.
        if isParked || wasParked { try await showState(task) }
        return !isParked
    }

    /// Journals that a task continues with the present graph of its DAG. From now on its steps are those of this graph,
    /// so the next version of the graph is compared with it.
    private func noteGraph(of task: LiveTask) async throws(FlowError) {
        let now = clock.now()
        _ = try await commit(task) { state in
            guard state.isOpen, let dag = state.dag else { return nil }
            let accept = state.journal.control(
                .accept, graph: dag.hash, reason: FlowRecord.Control.reasonOfStart, at: now)
            return Transition(events: [accept])
        } then: { _ in
        }
    }

    /// Writes the shape of a graph, unless the journal has it as the newest of its DAG. A tool takes the newest shape
    /// for that of the program.
    private func write(_ dag: FrozenDAG) async throws(FlowError) {
        let isKnown = graphs.withLock { graphs in
            graphs.shapes[dag.hash] = dag.shape
            return graphs.newest.updateValue(dag.shape, forKey: dag.key) == dag.shape
        }
        if isKnown { return }
        let holder = LiveTask(TaskJournal(id: dag.key), dag: nil)
        _ = try await commit(holder) { _ in
            Transition(events: [.graph(hash: dag.hash, json: dag.json)])
        } then: { _ in
        }
    }

    /// Starts the walk of a task along its graph, or parks the task.
    private func prepare(_ state: inout LiveTask.State, _ shapes: [UInt64: GraphShape]) -> [StepPlace] {
        guard let start = state.beginning else { return [] }
        state.payload = Self.payload(of: start.input)
        state.isBegun = true
        state.isEnded = state.journal.end != nil
        guard state.journal.end == nil, state.execution == nil else { return [] }
        if !state.journal.steps.isEmpty { state.startedAt = start.createdAt }
        guard let dag = state.dag else {
            state.parked = "the runner has no DAG with the key \(start.dag)"
            return []
        }
        if state.journal.graph != dag.hash, let reason = conflict(state.journal, dag, shapes) {
            state.parked = TaskView.changedGraph + reason
            return []
        }
        do {
            let input = try dag.plan.nodes[0].decode(start.input)
            return self.start(&state, StepValue(bytes: start.input, live: input))
        } catch {
            state.parked = "the input can't be decoded with its present type: \(Self.text(of: error))"
            return []
        }
    }

    private func conflict(_ journal: TaskJournal, _ dag: FrozenDAG, _ shapes: [UInt64: GraphShape]) -> String? {
        guard let old = shapes[journal.graph] else {
            return "the log doesn't have the graph that the task had last"
        }
        return GraphChange(from: old, to: dag.shape).conflict(with: journal)
    }

    /// Writes the row of a task that hasn't ended.
    func showState(_ task: LiveTask) async throws(FlowError) {
        let now = clock.now()
        _ = try await commit(task) { state in
            guard state.journal.end == nil else { return nil }
            return state.row(.running, at: now).map { Transition(events: [], mutations: [$0]) }
        } claim: { state in
            state.journal.note(processingState: state.processingState)
        } then: { _ in
        }
    }

    /// Resumes one task.
    private func resume(_ task: LiveTask, _ steps: [StepPlace]) async {
        let (end, isDelivered) = task.state.withLock { ($0.presentEnd, $0.journal.isDelivered) }
        if let end {
            guard !isDelivered else { return forget(task, after: end.ending) }
            // Without the task's DAG, its callback isn't known yet.
            if task.state.withLock({ $0.dag == nil }) { return }
            if needsCallback(task) { return scheduler.submit([deliveryJob(task)]) }
            return await settle(task, end)
        }
        task.state.withLock { state in
            state.beginSpan(self.tracing)
            state.isResumption = true
        }
        let now = clock.now()
        var ready: [StepPlace] = []
        for step in steps {
            // A wait may have been a step with attempts in an earlier graph.
            if !step.isWait, isRetried(task, step, after: now) {
                scheduleRetry(task, step)
            } else {
                ready.append(step)
            }
        }
        scheduler.submit(await follow(task, ready))
    }

    /// Lets a step wait for its next attempt, if the journal has a later time for it.
    private func isRetried(_ task: LiveTask, _ step: StepPlace, after now: Timestamp) -> Bool {
        task.state.withLock { state in
            guard let retryAt = state.journal.steps[step.path]?.retryAt, retryAt > now else { return false }
            state.retrying[step.path] = step
            return true
        }
    }
}

extension LiveTask.State {
    /// Begins the task's span in this process, within the trace of the task's beginning.
    mutating func beginSpan(_ tracing: FlowTracing) {
        guard span == nil, let beginning else { return }
        span = tracing.begin(journal.id, of: beginning.dag, in: journal.trace)
    }
}
