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
    /// Returns the activity of an attempt's end, the activities for which the log had no space before, and a row if one
    /// is due.
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
                    restart: journal.lastRestart, at: now))
        }
        if isRowDue(now, runner.configuration), let row = row(.running, at: now) { mutations.append(row) }
        return mutations
    }

    /// Whether a row of progress is due. It is due after the clock was set back.
    private func isRowDue(_ now: Timestamp, _ configuration: FlowConfiguration) -> Bool {
        now < lastRow || now - lastRow >= configuration.rowInterval
    }

    mutating func clearPending() {
        pendingActivities.removeAll()
        pendingSize = 0
    }

    /// Notes that the mutations of ``progress(_:_:_:_:_:_:)`` were written.
    mutating func wrote(_ now: Timestamp, _ configuration: FlowConfiguration) {
        clearPending()
        if isRowDue(now, configuration) { lastRow = now }
    }
}
