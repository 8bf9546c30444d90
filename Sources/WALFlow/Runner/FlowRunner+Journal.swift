internal import Synchronization
internal import WAL
internal import WALTasks

/// The records that one change of a task writes as one batch of the log.
struct Transition {
    var events: [FlowRecord.Event]
    var mutations: [TaskMutation] = []
    /// The time at which the change ends an attempt of a step; nil if it doesn't end one.
    var attemptEnd: Timestamp?
}

extension FlowRunner {
    /// Journals a change of a task and lets it take effect.
    ///
    /// - Parameters:
    ///   - task: The task.
    ///   - isDurable: Whether the change must survive a power loss before `then` runs.
    ///   - decide: Returns the records to write, or nil to write nothing. It must not change the state. It runs again
    ///     if the log has no space.
    ///   - claim: Runs under the task's lock, right after the records are applied to the task's journal. It keeps other
    ///     changes from ending the same attempt or wait.
    ///   - then: Runs under the task's lock, after the records are durable if they have to be.
    /// - Returns: The result of `then`; nil if nothing was written.
    /// - Throws: The error of a journal that accepts no more records.
    func commit<Result>(
        _ task: LiveTask, isDurable: Bool = false, _ decide: (LiveTask.State) -> Transition?,
        claim: (inout LiveTask.State) -> Void = { _ in }, then: (inout LiveTask.State) -> Result
    ) async throws(FlowError) -> Result? {
        while true {
            if let error = life.failure { throw error }
            if !checkpoint.hasRoom(in: storage) {
                await checkpoint.waitForRoom(in: storage)
                continue
            }
            let outcome: Written<Result>
            do throws(TaskStorageError) {
                outcome = try write(task, isDurable, decide, claim, then)
                if case .full = outcome {
                    try await waitForSpace()
                    continue
                }
            } catch {
                try await handle(error)
                continue
            }
            journalWatch.goesOn()
            switch outcome {
            case .closed: throw FlowError(.closed, "The runner was closed. The next start resumes the task.")
            case .nothing, .full: return nil
            case .done(let result): return result
            case .written(let sequence):
                try await survive(sequence)
                return task.state.withLock { then(&$0) }
            }
        }
    }

    /// Suspends until the log can take records. The cancellation of a step doesn't end this wait, because the step
    /// still has an end to write.
    private func waitForSpace() async throws(TaskStorageError) {
        let error = await Task { [storage] () -> TaskStorageError? in
            do throws(TaskStorageError) {
                try await storage.waitForSpace()
                return nil
            } catch {
                return error
            }
        }.value
        if let error { throw error }
    }

    /// Suspends until a record survives a power loss. The cancellation of a step doesn't end this wait, because it
    /// doesn't undo the step's record.
    func survive(_ sequence: SequenceNumber) async throws(FlowError) {
        let error = await Task { [storage] () -> TaskStorageError? in
            do throws(TaskStorageError) {
                try await storage.waitUntilDurable(through: sequence)
                return nil
            } catch {
                return error
            }
        }.value
        guard let error else { return }
        let failure = FlowError(.storageFailed, "A power loss may take the journal's last records.", cause: error)
        halt(failure)
        throw failure
    }

    private enum Written<Result> {
        case nothing, full, closed
        case written(SequenceNumber)
        case done(Result)
    }

    private func write<Result>(
        _ task: LiveTask, _ isDurable: Bool, _ decide: (LiveTask.State) -> Transition?,
        _ claim: (inout LiveTask.State) -> Void, _ then: (inout LiveTask.State) -> Result
    ) throws(TaskStorageError) -> Written<Result> {
        try task.state.withLock { state throws(TaskStorageError) in
            // Another runner may have the storage by now.
            if life.isClosed { return .closed }
            guard let transition = decide(state) else { return .nothing }
            var batch = RecordBatch()
            // The size is enough for a step's result of a few hundred bytes, its activity, and a row.
            batch.reserve(records: transition.events.count + transition.mutations.count, byteCount: 1024)
            for event in transition.events { FlowRecord(task.id, event).append(to: &batch) }
            guard let sequence = try storage.tryAppend(consume batch, transition.mutations) else { return .full }
            for event in transition.events { state.journal.apply(event) }
            if let time = transition.attemptEnd { state.wroteEnd(at: time, configuration) }
            claim(&state)
            return isDurable || storage.isDurableAtOnce ? .written(sequence) : .done(then(&state))
        }
    }

    /// Waits before the next attempt after an error that may pass. Other errors end the runner.
    private func handle(_ error: TaskStorageError) async throws(FlowError) {
        if let cause = error.cause as? WALError, cause.code == .recordTooLarge {
            throw FlowError(
                .valueTooLarge, "The records of a step don't fit into a segment. Pass less, or raise segmentSize.",
                cause: error)
        }
        guard error.isRetriable, error.code != .closed else {
            let failure = FlowError(.storageFailed, "The journal takes no records.", cause: error)
            halt(failure)
            throw failure
        }
        journalWatch.waits(error)
        // The step has returned, so its cancellation must not shorten the pause.
        await Task { try? await ContinuousClock().sleep(for: .milliseconds(100)) }.value
    }
}

/// Whether the journal takes records, for the messages about it.
final class JournalWatch: Sendable {
    private let events: FlowLog
    private let start = ContinuousClock.now
    private let pacer = Monitor(StateLogPacer())
    // This is separate from `pacer`, because every record reads it.
    private let isWaiting = Atomic<Bool>(false)

    init(_ events: FlowLog) {
        self.events = events
    }

    func waits(_ error: any Error) {
        isWaiting.store(true, ordering: .relaxed)
        switch pacer.withLock({ $0.line(isOn: true, at: start.duration(to: .now)) }) {
        case .began: events.journalWaits(error, for: .zero)
        case .lasts(let duration): events.journalWaits(error, for: duration)
        case .ended, nil: break
        }
    }

    func goesOn() {
        guard isWaiting.load(ordering: .relaxed) else { return }
        isWaiting.store(false, ordering: .relaxed)
        guard case .ended(let duration) = pacer.withLock({ $0.line(isOn: false, at: start.duration(to: .now)) }) else {
            return
        }
        events.journalGoesOn(after: duration)
    }
}
