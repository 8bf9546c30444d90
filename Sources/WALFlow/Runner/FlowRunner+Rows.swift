internal import WAL
internal import WALTasks

extension FlowRunner {
    /// Returns the input in the form that a row can have; nil if a row can't have it.
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
        _ message: String? = nil, data: String? = nil, level: String = "info", restart: UInt32 = 0, at now: Timestamp
    ) -> TaskMutation {
        .log(
            TaskActivityLog(
                id: ActivityID.make(id, begunAt: start.createdAt, path, Int(attempt), action, restart: restart),
                taskID: id, dagID: start.dag, nodeID: ActivityID.limited(path),
                action: action, message: message.map(Self.withoutNul), data: data, level: level, createdAt: now))
    }

    /// Returns a text without U+0000, which databases refuse.
    static func withoutNul(_ text: String) -> String {
        text.contains("\0") ? String(text.map { $0 == "\0" ? "\u{FFFD}" : $0 }) : text
    }
}

extension LiveTask.State {
    /// Returns the change that ends an attempt: the records, the activity, the activities for which the log had no space
    /// before, and a row if one is due.
    ///
    /// - Parameter error: The error of a failed attempt; nil for a result.
    func end(
        of step: StepPlace, _ attempt: UInt32, _ events: [FlowRecord.Event], error: String? = nil, at now: Timestamp,
        _ runner: FlowRunner
    ) -> Transition {
        var transition = Transition(events: events, attemptEnd: now)
        guard let start = beginning else { return transition }
        transition.mutations = pendingActivities
        if runner.configuration.activities == .steps {
            transition.mutations.append(
                runner.activity(
                    journal.id, start, step.path, attempt, error == nil ? "node_completed" : "node_failed", error,
                    level: error == nil ? "info" : "error", restart: journal.lastRestart, at: now))
        }
        if isRowDue(now, runner.configuration), let row = row(.running, at: now) { transition.mutations.append(row) }
        return transition
    }

    /// Returns the change that ends an attempt with an error. Without `retryAt`, the failure is final.
    func failure(
        of step: StepPlace, _ attempt: UInt32, _ error: String, retryAt: Timestamp?, at now: Timestamp,
        _ runner: FlowRunner
    ) -> Transition {
        let event = FlowRecord.Event.failure(
            path: step.path, attempt: attempt, time: now, error: error, retryAt: retryAt)
        return end(of: step, attempt, [event], error: error, at: now, runner)
    }

    /// Whether a row of progress is due. It is due after the clock was set back.
    private func isRowDue(_ now: Timestamp, _ configuration: FlowConfiguration) -> Bool {
        now < lastRow || now - lastRow >= configuration.rowInterval
    }

    mutating func clearPending() {
        pendingActivities.removeAll()
        pendingSize = 0
    }

    /// Notes that the end of an attempt was written.
    mutating func wroteEnd(at time: Timestamp, _ configuration: FlowConfiguration) {
        // The restarts are counted since the last end of a step.
        isResumption = false
        clearPending()
        if isRowDue(time, configuration) { lastRow = time }
    }
}
