internal import WAL
internal import WALTasks

/// What a step knows of itself, and what it can do besides returning a value.
public struct FlowStep: Sendable {
    /// The id of the task.
    public let taskID: String
    /// The step's path in the task, such as `lines[17]/pick`.
    public let path: String
    /// The number of the attempt, from 1.
    public let attempt: Int

    let host: any StepHost

    /// The key of the step for other systems, the same in every attempt: `task-id/path`.
    ///
    /// A crash after an effect and before its journal record makes the step run again. Pass the key on, so that the other system knows
    /// the repetition.
    ///
    /// No two steps have the same key. That of a task whose id has a `/` begins with `/`, and has the id's `/` as `%2F` and its `%` as
    /// `%25`: the key of the step `charge` of the task `shop/7` is `/shop%2F7/charge`.
    public var key: String { "\(StepPath.keyPart(of: taskID))/\(path)" }

    /// Writes an activity of the task. It never waits. In a full log, the activity comes with the step's end, and is left out if those
    /// before it take an eighth of a segment.
    ///
    /// - Parameters:
    ///   - action: What was done.
    ///   - message: The description for people.
    ///   - data: Details as JSON.
    ///   - level: The level, such as `info`.
    public func logActivity(_ action: String, _ message: String? = nil, data: String? = nil, level: String = "info") {
        let next = host.nextActivity()
        host.write(
            TaskActivityLog(
                id: ActivityID.make(taskID, path, attempt, "\(action)/\(next.number)", restart: next.restart),
                taskID: taskID, dagID: host.dagKey, nodeID: ActivityID.limited(path), action: action, message: message,
                data: data,
                level: level, createdAt: host.now))
    }

    /// Sends a message to a sink with the step's result.
    ///
    /// The message is in the log in one batch with the result: if the step has ended, it is there, and if the attempt fails, it isn't. An
    /// ``EmittedSink`` of that name gets it exactly once. A step that a person retries sends again.
    ///
    /// - Parameters:
    ///   - bytes: The message.
    ///   - sink: The name of the sink, 1 to 100 bytes.
    /// - Throws: ``FlowError``: `valueTooLarge` if the messages of a step take more than an eighth of a segment, `invalidID` for the name.
    public func emit(_ bytes: [UInt8], to sink: String) throws(FlowError) {
        guard (1...100).contains(sink.utf8.count), !sink.contains("\0") else {
            throw FlowError(.invalidID, "A sink's name has \(sink.utf8.count) bytes. Use 1 to 100, without U+0000.")
        }
        guard host.emit(bytes, to: sink) else {
            throw FlowError(
                .valueTooLarge,
                "The messages of \(path) don't fit into a segment with its result. Send less, or raise segmentSize."
            )
        }
    }

    /// Runs a part of the step once over all its attempts.
    ///
    /// The first attempt in which `body` returns journals the value; later ones return it without running `body`.
    ///
    /// - Parameters:
    ///   - name: The name of the part, unique in the step.
    ///   - body: The part.
    public func once<Value: Codable & Sendable>(_ name: String, _ body: () async throws -> Value) async throws -> Value
    {
        if let bytes = host.memo(name) { return try host.coder.decode(Value.self, from: bytes) }
        let value = try await body()
        try await host.keep(try host.coder.encode(value), as: name)
        return value
    }
}

/// The ids of the activities that the runner writes. A repetition has the same id, so stores ignore it.
enum ActivityID {
    /// Returns the id of an activity.
    ///
    /// - Parameter restart: The task's ``TaskJournal/lastRestart``, after which the attempts of a step may count from 1 again.
    static func make(_ task: String, _ path: String, _ attempt: Int, _ action: String, restart: UInt32 = 0) -> String {
        limited("\(StepPath.keyPart(of: task))/\(path)/\(attempt)\(restart == 0 ? "" : "#\(restart)")/\(action)")
    }

    /// Returns a text that stores take as an id. A long one keeps its start, and a hash of the whole.
    static func limited(_ id: String) -> String {
        guard id.utf8.count > TaskMutation.maxIDSize else { return id }
        let hash = String(GraphShape.hash(id), radix: 16)
        var start = Substring(id)
        while start.utf8.count > TaskMutation.maxIDSize - hash.utf8.count - 1 { start.removeLast() }
        return "\(start)#\(hash)"
    }
}
