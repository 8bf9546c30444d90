internal import WAL

extension TaskCodec {
    /// Decodes a mutation.
    ///
    /// It accepts any bytes: it neither traps nor reads outside of them, and allocates no more bytes than they have.
    ///
    /// - Throws: ``TaskCodecError`` if the bytes aren't an encoded mutation.
    public static func decode(_ payload: RawSpan) throws(TaskCodecError) -> TaskMutation {
        var input = FieldInput(payload)
        guard try input.byte() == version else { throw TaskCodecError(.unknownVersion, at: 0) }
        guard let kind = Kind(rawValue: try input.byte()) else { throw TaskCodecError(.unknownKind, at: 1) }
        let mutation: TaskMutation =
            switch kind {
            case .save: .save(try task(from: &input))
            case .log: .log(try activity(from: &input))
            case .updateStatus: try statusUpdate(from: &input)
            case .delete: .delete(id: try input.text())
            case .deleteDAG: .deleteDAG(id: try input.text())
            case .removeTasks: .removeTasks(endedBefore: try input.time())
            case .removeActivities: .removeActivities(createdBefore: try input.time())
            }
        try input.end()
        return mutation
    }

    /// Returns the id and the processing state of the row that a payload saves, or nil for another payload.
    package static func progress(_ payload: RawSpan) throws(TaskCodecError) -> (taskID: String, state: String?)? {
        var input = FieldInput(payload)
        guard try input.byte() == version, try input.byte() == Kind.save.rawValue else { return nil }
        let id = try input.text()
        let state = try input.byte()
        let created = try input.time()
        _ = try input.time(after: created)
        if state & SavedState.hasStarted != 0 { _ = try input.time(after: created) }
        if state & SavedState.hasCompleted != 0 { _ = try input.time(after: created) }
        for _ in 0..<3 { _ = try input.int32() }
        // The DAG, the node, the current node, and the path of its graph.
        for _ in 0..<4 { _ = try input.textRange() }
        return (id, try input.optionalText())
    }

    private static func task(from input: inout FieldInput) throws(TaskCodecError) -> PersistentTask {
        let id = try input.text()
        let start = input.offset
        let state = try input.byte()
        guard state & ~SavedState.all == 0, let status = TaskStatus(code: state & SavedState.status) else {
            throw TaskCodecError(.invalidField, at: start)
        }
        let created = try input.time()
        var task = PersistentTask(id: id, dagID: "", nodeID: "", status: status, createdAt: created)
        task.updatedAt = try input.time(after: created)
        if state & SavedState.hasStarted != 0 { task.startedAt = try input.time(after: created) }
        if state & SavedState.hasCompleted != 0 { task.completedAt = try input.time(after: created) }
        task.retryCount = try input.int32()
        task.maxRetries = try input.int32()
        task.priority = try input.int32()
        task.dagID = try input.text()
        task.nodeID = try input.text()
        task.currentNodeID = try input.optionalText()
        task.subDAGPath = try input.optionalText()
        task.processingState = try input.optionalText()
        task.payload = try input.optionalText()
        task.error = try input.optionalText()
        return task
    }

    private static func activity(from input: inout FieldInput) throws(TaskCodecError) -> TaskActivityLog {
        let taskID = try input.text()
        let id = try input.text()
        let created = try input.time()
        return TaskActivityLog(
            id: id, taskID: taskID, dagID: try input.text(), nodeID: try input.text(), action: try input.text(),
            message: try input.optionalText(), data: try input.optionalText(), level: try input.text(),
            createdAt: created)
    }

    private static func statusUpdate(from input: inout FieldInput) throws(TaskCodecError) -> TaskMutation {
        let id = try input.text()
        let status = try input.status()
        let time = try input.time()
        return .updateStatus(id: id, status: status, error: try input.optionalText(), time: time)
    }
}
