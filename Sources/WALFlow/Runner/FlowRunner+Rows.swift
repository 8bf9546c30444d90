internal import WAL
internal import WALTasks

extension FlowRunner {
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
        _ message: String? = nil, data: String? = nil, level: String = "info", restart: UInt32 = 0, at now: Timestamp
    ) -> TaskMutation {
        .log(
            TaskActivityLog(
                id: ActivityID.make(id, path, Int(attempt), action, restart: restart), taskID: id, dagID: start.dag,
                nodeID: ActivityID.limited(path),
                action: action, message: message.map(Self.withoutNul), data: data, level: level, createdAt: now))
    }

    /// Databases refuse U+0000.
    static func withoutNul(_ text: String) -> String {
        text.contains("\0") ? String(text.map { $0 == "\0" ? "\u{FFFD}" : $0 }) : text
    }
}

extension LiveTask.State {
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
                    restart: journal.lastRestart, at: now))
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
}
