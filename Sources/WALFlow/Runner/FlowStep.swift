internal import WAL
internal import WALTasks

/// The properties of a step that is running, and its operations besides returning a value.
public struct FlowStep: Sendable {
    /// The id of the task.
    public let taskID: String
    /// The step's path in the task, such as `lines[17]/pick`.
    public let path: String
    /// The number of the attempt, counted from 1.
    public let attempt: Int

    let host: any StepHost

    /// The key of the step for other systems: `task-id/path`. It is the same in every attempt.
    ///
    /// If a crash comes after an effect of the step and before its journal record, the step runs again. Pass the key to
    /// the other system, so that it recognizes the repetition.
    ///
    /// No other step of the task, and no step of a task with another id, has the same key. After the row of an ended
    /// task is removed from the store, a new task can have its id, and then has its keys.
    ///
    /// If a task's id contains `/`, the key begins with `/`, and in the id `/` becomes `%2F` and `%` becomes `%25`. So
    /// the key of the step `charge` of the task `shop/7` is `/shop%2F7/charge`.
    public var key: String { "\(StepPath.keyPart(of: taskID))/\(path)" }

    /// Writes an activity of the task. Never waits.
    ///
    /// In a full log, the activity is written with the step's end. It is left out if the activities that wait for this
    /// take an eighth of a segment.
    ///
    /// - Parameters:
    ///   - action: The name of the action.
    ///   - message: A description for people.
    ///   - data: Details as JSON.
    ///   - level: The level, such as `info`.
    public func logActivity(_ action: String, _ message: String? = nil, data: String? = nil, level: String = "info") {
        host.logActivity(action, message, data: data, level: level)
    }

    /// Sends a message to a sink together with the step's result.
    ///
    /// The log has the message in one batch with the result. So the message is there if the step has ended, and isn't
    /// there if the attempt fails. An ``EmittedSink`` with this name gets the message exactly once. A step that a
    /// person retries sends its messages again.
    ///
    /// - Parameters:
    ///   - bytes: The message.
    ///   - sink: The name of the sink: 1 to 100 bytes.
    /// - Throws: ``FlowError`` with the code `valueTooLarge` if the messages of a step take more than an eighth of a
    ///   segment, or `invalidID` for the name.
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

    /// Runs a part of the step once for all attempts of the step.
    ///
    /// The first attempt in which `body` returns journals the value. Later attempts return this value without running
    /// `body`.
    ///
    /// - Parameters:
    ///   - name: The name of the part, which is unique in the step.
    ///   - body: The part.
    /// - Returns: The value that `body` returned in this attempt or in an earlier one.
    /// - Throws: The error of `body`, of the coder, or of the journal.
    public func once<Value: Codable & Sendable>(_ name: String, _ body: () async throws -> Value) async throws -> Value
    {
        if let bytes = host.memo(name) { return try host.coder.decode(Value.self, from: bytes) }
        let value = try await body()
        try await host.keep(try host.coder.encode(value), as: name)
        return value
    }
}

/// The ids of the activities that the runner writes. A repeated activity has the same id, so stores ignore it.
enum ActivityID {
    /// Returns the id of an activity.
    ///
    /// - Parameters:
    ///   - begunAt: The time of the task's beginning, because a later task may have the same id.
    ///   - restart: The task's ``TaskJournal/lastRestart``, because after it the attempts of a step may count from 1
    ///     again.
    static func make(
        _ task: String, begunAt: Timestamp, _ path: String, _ attempt: Int, _ action: String, restart: UInt32 = 0
    ) -> String {
        let owner = "\(StepPath.keyPart(of: task))@\(String(begunAt.rawValue, radix: 36))"
        return limited("\(owner)/\(path)/\(attempt)\(restart == 0 ? "" : "#\(restart)")/\(action)")
    }

    /// Returns a text that stores accept as an id. A long text is cut, and ends with a hash of the whole text.
    static func limited(_ id: String) -> String {
        guard id.utf8.count > TaskMutation.maxIDSize else { return id }
        let hash = String(GraphShape.hash(id), radix: 16)
        var start = Substring(id)
        while start.utf8.count > TaskMutation.maxIDSize - hash.utf8.count - 1 { start.removeLast() }
        return "\(start)#\(hash)"
    }
}
