internal import WAL
internal import WALTasks

/// The host of a ``FlowStep``, which runs it.
protocol StepHost: AnyObject, Sendable {
    var coder: any FlowCoder { get }

    func logActivity(_ action: String, _ message: String?, data: String?, level: String)
    /// Keeps a message until the step's result is written. Returns false if the messages take too much space.
    func emit(_ bytes: [UInt8], to sink: String) -> Bool
    /// Returns the bytes that ``keep(_:as:)`` journaled in this attempt or in an earlier one.
    func memo(_ name: String) -> [UInt8]?
    func keep(_ bytes: [UInt8], as name: String) async throws
}

/// An attempt of a step, from its start until its end is in the journal.
///
/// `@unchecked Sendable`: the lock of the task protects the messages and the number of activities, and the rest never
/// changes.
final class RunningStep: StepHost, @unchecked Sendable {
    let runner: FlowRunner
    let task: LiveTask
    let place: StepPlace
    let attempt: UInt32
    let dag: FrozenDAG
    /// The records of the messages that the step sends together with its result. A reader holds the lock of the task.
    private(set) var messages: [FlowRecord.Event] = []
    private var messageSize = 0
    private var activityCount = 0

    init(_ runner: FlowRunner, _ task: LiveTask, _ place: StepPlace, attempt: UInt32, dag: FrozenDAG) {
        self.runner = runner
        self.task = task
        self.place = place
        self.attempt = attempt
        self.dag = dag
    }

    // MARK: StepHost

    var coder: any FlowCoder { dag.coder }

    func logActivity(_ action: String, _ message: String?, data: String?, level: String) {
        let (number, restart, begunAt) = task.state.withLock { state in
            activityCount += 1
            return (activityCount, state.journal.lastRestart, state.beginning?.createdAt ?? Timestamp(rawValue: 0))
        }
        let id = ActivityID.make(
            task.id, begunAt: begunAt, place.path, Int(attempt), "\(action)/\(number)", restart: restart)
        let mutation = TaskMutation.log(
            TaskActivityLog(
                id: id, taskID: task.id, dagID: dag.key, nodeID: ActivityID.limited(place.path), action: action,
                message: message, data: data, level: level, createdAt: runner.clock.now()))
        let storage = runner.storage
        // An activity that no store accepts is left out here, because stores would leave it out too.
        guard (try? mutation.validate()) != nil else { return }
        do throws(TaskStorageError) {
            if runner.checkpoint.hasRoom(in: storage) {
                guard try storage.tryAppend(RecordBatch(), [mutation]) == nil else { return }
            }
        } catch {
            guard error.isRetriable else { return }
        }
        let size = TaskCodec.size(of: mutation)
        task.state.withLock { state in
            // A batch with the largest input and output must fit into a segment.
            guard state.pendingSize + size <= storage.segmentSize / 8 else { return }
            state.pendingActivities.append(mutation)
            state.pendingSize += size
        }
    }

    func emit(_ bytes: [UInt8], to sink: String) -> Bool {
        // The other fields of a record take less than these 512 bytes.
        let size = bytes.count + sink.utf8.count + 512
        return task.state.withLock { _ in
            // A batch with the largest input and output must fit into a segment.
            guard messageSize + size <= runner.storage.segmentSize / 8 else { return false }
            let number = UInt32(messages.count) + 1
            messages.append(.emit(path: place.path, attempt: attempt, number: number, sink: sink, bytes: bytes))
            messageSize += size
            return true
        }
    }

    func memo(_ name: String) -> [UInt8]? {
        task.state.withLock { $0.journal.steps[place.path]?.memos[name] }
    }

    func keep(_ bytes: [UInt8], as name: String) async throws {
        let path = place.path
        try runner.check(size: bytes.count, of: "The value of \(path)#\(name)")
        _ = try await runner.commit(task, isDurable: place.isDurable) { state in
            state.isOpen ? Transition(events: [.memo(path: path, name: name, bytes: bytes)]) : nil
        } then: { _ in
        }
    }
}
