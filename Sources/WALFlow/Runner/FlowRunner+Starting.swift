internal import Synchronization
internal import WAL
internal import WALTasks

extension FlowRunner {
    // MARK: Starting

    /// Starts a task, or returns the task that already has the id.
    func begin(
        _ bytes: [UInt8], _ live: (any Sendable)?, _ dag: FrozenDAG, id: String?, priority: Int32, maxRetries: Int32
    ) async throws(FlowError) -> LiveTask {
        try await life.waitUntilOpen()
        try check(size: bytes.count, of: "The input of \(dag.key)")
        let task = id ?? ids.next()
        guard (1...200).contains(task.utf8.count), !task.contains("\0") else {
            throw FlowError(.invalidID, "The task's id has \(task.utf8.count) bytes. Use 1 to 200, without U+0000.")
        }
        while true {
            // The id is reserved before the store is asked, so that two callers with the same id can't both begin.
            let fresh = LiveTask(TaskJournal(id: task), dag: dag)
            let known = table.insert(fresh)
            if known !== fresh {
                guard let same = try await same(known, bytes, dag) else { continue }
                return same
            }
            do throws(FlowError) {
                if id != nil, let ended = try await ended(task, bytes, dag) {
                    giveUp(fresh)
                    return ended
                }
                let start = FlowRecord.Beginning(
                    dag: dag.key, graph: dag.hash, priority: priority, maxRetries: maxRetries, createdAt: clock.now(),
                    input: bytes)
                try await checkpoint.admit(storage)
                try await begin(fresh, start, live, dag)
                return fresh
            } catch {
                giveUp(fresh)
                throw error
            }
        }
    }

    private func begin(
        _ task: LiveTask, _ start: FlowRecord.Beginning, _ live: (any Sendable)?, _ dag: FrozenDAG
    ) async throws(FlowError) {
        let payload = Self.payload(of: start.input)
        let span = tracing.begin(task.id, of: dag.key)
        let trace = span?.trace ?? [:]
        let events: [FlowRecord.Event] = trace.isEmpty ? [.begin(start)] : [.begin(start), .trace(fields: trace)]
        let ready: [StepPlace]?
        do throws(FlowError) {
            ready = try await commit(task, isDurable: dag.durability == .durable) { _ in
                Transition(
                    events: events,
                    mutations: [
                        Self.firstRow(task.id, start, dag, payload),
                        self.activity(task.id, start, "", 0, "task_created", at: start.createdAt),
                    ])
            } then: { state -> [StepPlace] in
                state.payload = payload
                state.lastRow = start.createdAt
                state.span = span
                state.isBegun = true
                state.openGate()
                return self.start(
                    &state, StepValue(bytes: start.input, live: self.configuration.verifiesCoding ? nil : live))
            }
        } catch {
            span?.end(error)
            throw error
        }
        scheduler.submit(await follow(task, ready ?? []))
    }

    /// Releases a reserved id.
    private func giveUp(_ task: LiveTask) {
        table.remove(task)
        task.state.withLock { state in
            state.isGone = true
            state.openGate()
        }
    }

    /// Starts the walk of the task along its graph. The caller holds the task's lock.
    func start(_ state: inout LiveTask.State, _ input: StepValue) -> [StepPlace] {
        guard let dag = state.dag else { return [] }
        var execution = Execution(dag.plan)
        let ready = execution.start(input: input, &state.journal)
        state.execution = execution
        return ready
    }

    /// Returns the task that has the id; nil if the caller that reserved the id has released it.
    private func same(_ other: LiveTask, _ bytes: [UInt8], _ dag: FrozenDAG) async throws(FlowError) -> LiveTask? {
        await other.waitUntilBegun()
        let (isBegun, beginning) = other.state.withLock { ($0.isBegun, $0.beginning) }
        guard isBegun, let start = beginning else { return nil }
        guard start.dag == dag.key else {
            throw FlowError(
                .idInUse, "The id \(other.id) belongs to a task of the DAG \(start.dag). Choose another id.")
        }
        guard start.input == bytes else {
            throw FlowError(
                .idInUse, "The task \(other.id) began with another input. Choose another id, or pass the same input.")
        }
        return other
    }

    /// Returns the task with this id if the store has it as ended.
    private func ended(_ id: String, _ bytes: [UInt8], _ dag: FrozenDAG) async throws(FlowError) -> LiveTask? {
        do {
            try await storage.waitForEarlierChanges()
            guard let row = try await storage.task(id: id) else { return nil }
            guard row.dagID == dag.key else {
                throw FlowError(.idInUse, "The id \(id) belongs to a task of the DAG \(row.dagID). Choose another id.")
            }
            // If the task of another row isn't live, another program has it, or the log lost its beginning.
            let statuses = FlowRecord.Ending.Status.allCases
            guard let status = statuses.first(where: { $0.taskStatus == row.status }) else { return nil }
            if let payload = row.payload, let own = Self.payload(of: bytes), payload != own {
                throw FlowError(
                    .idInUse, "The task \(id) began with another input. Choose another id, or pass the same input.")
            }
            let end = try await lastActivity(of: row, "task_\(row.status)")
            let logged = end?.data == nil && status == .completed ? try await lastEnd(of: id) : nil
            var journal = TaskJournal(id: id)
            journal.apply(
                .begin(
                    FlowRecord.Beginning(
                        dag: dag.key, graph: dag.hash, priority: row.priority, maxRetries: row.maxRetries,
                        createdAt: row.createdAt, input: bytes)))
            journal.apply(
                .end(
                    FlowRecord.Ending(
                        status: status, time: row.completedAt ?? row.updatedAt,
                        output: logged?.output ?? end?.data.map { Array($0.utf8) },
                        error: row.error, path: end?.nodeID)))
            let task = LiveTask(journal, dag: dag)
            task.state.withLock { state in
                state.isBegun = true
                state.isEnded = true
                state.isOutputKnown = status != .completed || end?.data != nil || logged != nil
                state.isGone = true
            }
            return task
        } catch let error as FlowError {
            throw error
        } catch {
            throw FlowError(
                .storageFailed, "The store can't say whether the task \(id) has ended before. Try again.", cause: error)
        }
    }

    /// Returns the last activity of a task with this action. The activities of an earlier task with the id, whose row
    /// was removed, are older than the row.
    private func lastActivity(of row: PersistentTask, _ action: String) async throws -> TaskActivityLog? {
        var (offset, found): (Int, TaskActivityLog?) = (0, nil)
        while true {
            let page = try await storage.activities(taskID: row.id, limit: 1000, offset: offset)
            found = page.last { $0.action == action && $0.createdAt >= row.createdAt } ?? found
            guard page.count == 1000 else { return found }
            offset += page.count
        }
    }

    /// Returns the last end of a task that the log still has. The store doesn't have outputs that aren't JSON, and its
    /// users may remove activities.
    private func lastEnd(of id: String) async throws(WALError) -> FlowRecord.Ending? {
        let log = storage.writeAheadLog
        return try await Blocking.run { () throws(WALError) in
            let (reader, last) = (log.reader(), log.lastSequence)
            var found: FlowRecord.Ending?
            while reader.nextSequence <= last {
                let next: Void? = try reader.next {
                    guard let record = (try? FlowRecord($0.payload)) ?? nil, record.taskID == id,
                        case .end(let end) = record.event
                    else { return }
                    found = end
                } gap: { _ in
                }
                guard next != nil else { break }
            }
            return found
        }
    }

    func check(size: Int, of what: String) throws(FlowError) {
        guard size <= valueLimit else {
            throw FlowError(
                .valueTooLarge,
                """
                \(what) has \(size) bytes, and the limit is \(valueLimit): maxValueSize, or a quarter of the log's segmentSize. Keep large \
                data elsewhere and pass its name.
                """)
        }
    }
}

/// Makes ids for tasks that start without one. An id consists of a random number of the runner and the number of the
/// task.
final class TaskIDs: Sendable {
    private let start = UInt64.random(in: .min ... .max)
    private let last = Atomic<UInt64>(0)

    func next() -> String {
        let words = (start, last.add(1, ordering: .relaxed).newValue)
        return unsafe String(unsafeUninitializedCapacity: 32) { text in
            for index in 0..<32 {
                let word = index < 16 ? words.0 : words.1
                let digit = UInt8(truncatingIfNeeded: word >> UInt64(4 * (15 - index % 16))) & 0xF
                unsafe text[index] = digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
            }
            return 32
        }
    }
}
