internal import WAL
public import WALTasks

/// The state of a task.
public struct FlowTaskState: Hashable, Sendable {
    /// The status.
    public var status: TaskStatus
    /// The progress of the task, or the reason why it makes none: `3/7`, `waiting for approve`, `paused`, `parked: …`.
    public var reason: String
    /// The paths of the running steps.
    public var running: [String]
    /// The number of failed attempts.
    public var retryCount: Int
}

/// A handle of a task. It stays valid after the task's end.
public struct FlowTask<Output: Codable & Sendable>: Sendable {
    /// The id of the task.
    public let id: String
    let live: LiveTask
    let runner: FlowRunner

    /// Suspends until the task has ended, and returns its output.
    ///
    /// - Throws: ``FlowError`` with one of these codes:
    ///   - `taskFailed`, with the step's failure
    ///   - `taskCancelled`
    ///   - `noOutput` if the output's node was skipped
    ///   - `undecodable` if the output can't be decoded
    ///   - `closed` if the runner closes first; the next start resumes the task
    ///   - `waitCancelled` if the caller's task is canceled
    public func result() async throws(FlowError) -> Output {
        let end = try await runner.waitForEnd(of: live)
        switch end.status {
        case .cancelled: throw FlowError(.taskCancelled, "The task \(id) was canceled.")
        case .failed:
            let failure = end.failure.map { "\($0)" } ?? ""
            throw FlowError(
                .taskFailed, "The task \(id) failed at \(failure)\(failure.hasSuffix(".") ? "" : ".")",
                failure: end.failure)
        case .completed:
            if let output = live.state.withLock({ $0.output }), let value = output as? Output { return value }
            guard live.state.withLock(\.isOutputKnown) else {
                throw FlowError(
                    .undecodable,
                    "The task \(id) completed before, and neither the log nor the store has its output. Keep results where they are needed, or keep activities and segments longer."
                )
            }
            guard let bytes = end.output else {
                throw FlowError(.noOutput, "The output of the task \(id) was skipped.")
            }
            do {
                let coder: any FlowCoder = live.state.withLock { $0.dag?.coder } ?? JSONFlowCoder()
                return try coder.decode(Output.self, from: bytes)
            } catch {
                throw FlowError(
                    .undecodable, "The output of the task \(id) can't be decoded as \(Output.self).", cause: error)
            }
        }
    }

    /// The present state of the task.
    public var state: FlowTaskState { live.state.withLock { $0.flowState } }

    /// The states of the task from now to its end. The sequence has at least the first state and the last one.
    public var states: AsyncStream<FlowTaskState> { runner.observe(live) }

    /// Pauses the task: no new steps begin until ``resume()``, and running steps end.
    ///
    /// - Throws: The errors of ``FlowRunner/pause(_:)``.
    public func pause() async throws(FlowError) { try await runner.pause(id) }

    /// Resumes the task after ``pause()``.
    ///
    /// - Throws: The errors of ``FlowRunner/resume(_:)``.
    public func resume() async throws(FlowError) { try await runner.resume(id) }

    /// Ends the task. Running steps are canceled, and their results don't count.
    ///
    /// - Throws: The errors of ``FlowRunner/cancel(_:reason:)``.
    public func cancel() async throws(FlowError) { try await runner.cancel(id) }
}

extension LiveTask.State {
    var flowState: FlowTaskState {
        let status = journal.end?.status.taskStatus ?? (startedAt == nil ? .pending : .running)
        return FlowTaskState(
            status: status, reason: processingState, running: running.keys.sorted(), retryCount: Int(journal.retryCount)
        )
    }
}

extension FlowRecord.Ending {
    /// The failure of the task; nil if it didn't fail.
    var failure: FlowFailure? { status == .failed ? FlowFailure(path: path ?? "", message: error ?? "") : nil }
}

extension FlowRecord.Ending.Status {
    var taskStatus: TaskStatus {
        switch self {
        case .completed: .completed
        case .failed: .failed
        case .cancelled: .cancelled
        }
    }
}

/// The end of a task, in the form that the final callback gets.
public struct FlowResult: Sendable {
    /// The id of the task.
    public let taskID: String
    /// The key of the task's DAG.
    public let dagKey: String
    /// `completed`, `failed` or `cancelled`.
    public let status: TaskStatus
    /// The failure, if the task failed.
    public let failure: FlowFailure?
    /// The encoded output; nil if the task didn't complete or its output was skipped.
    public let output: [UInt8]?

    /// Decodes the output.
    ///
    /// - Parameter dag: The DAG of the task.
    /// - Returns: The output; nil if there is none, or if the task belongs to another DAG.
    /// - Throws: The error of the coder.
    public func output<Input, Output>(of dag: DAG<Input, Output>) throws -> Output? {
        guard dag.key == dagKey, let output else { return nil }
        return try dag.coder.decode(Output.self, from: output)
    }
}
