internal import Synchronization
internal import WAL
internal import WALTasks

/// The checkpoints of a journal. A checkpoint appends the records that live tasks still need again, and then moves the
/// cursor `flow`. After that, the log can remove older segments.
///
/// A crash in between leaves the cursor at its old position. Then the records are read twice, which changes nothing.
///
/// A log with a disk budget keeps room for the next checkpoint, because only a checkpoint lets the log remove the
/// records of flows. Tasks and steps wait before that room is used up.
final class Checkpoint: Sendable {
    /// The time between two checks of the log's size.
    private static let interval = Duration.milliseconds(500)
    /// The time between two checks in a log with a disk budget, where steps may wait for a checkpoint.
    private static let shortInterval = Duration.milliseconds(20)

    private struct Waiters {
        var isStopped = false
        var list: [CheckedContinuation<Void, Never>] = []
    }

    private let loop = Monitor<Task<Void, Never>?>(nil)
    /// The bytes of the frames that the live tasks take, as of the last count.
    private let liveSize = Atomic<Int>(0)
    private let mustCount = Atomic<Bool>(false)
    private let waiters = Monitor(Waiters())

    /// Begins to write checkpoints of the runner's tasks. All of the tasks must already be in the runner's table.
    func start(_ runner: FlowRunner) {
        count(runner)
        runner.life.onFailure { [weak self] in self?.release(forGood: true) }
        let interval = runner.storage.diskBudget == nil ? Self.interval : Self.shortInterval
        // It would keep the task-local values of its caller as long as the runner lives.
        let task = Task.detached { [self, weak runner] in
            while (try? await ContinuousClock().sleep(for: interval)) != nil {
                guard let runner else { return }
                if mustCount.exchange(false, ordering: .relaxed) { count(runner) }
                try? await writeIfDue(runner)
            }
        }
        loop.withLock { $0 = task }
    }

    func stop() async {
        let task = loop.withLock { $0 }
        task?.cancel()
        await task?.value
        release(forGood: true)
    }

    private func count(_ runner: FlowRunner) {
        let size = runner.table.all.reduce(0) { sum, task in
            task.state.withLock { state in
                let (records, row) = Self.contents(of: state, runner)
                return sum + Self.size(of: records, row, in: runner.storage)
            }
        }
        liveSize.store(size, ordering: .relaxed)
    }

    /// The records and the row of a task that a checkpoint writes.
    private static func contents(
        of state: LiveTask.State, _ runner: FlowRunner
    ) -> (records: [FlowRecord], row: TaskMutation?) {
        var events = state.journal.records
        if state.journal.isDelivered, let end = state.journal.end { events.append(.delivered(time: end.time)) }
        return (events.map { FlowRecord(state.journal.id, $0) }, state.parkedRow(at: runner.clock.now()))
    }

    /// The bytes of the frames that records and a row after them take, in batches as a checkpoint writes them. The frame of a small task is
    /// more than 1.5 times as large as its records.
    static func size(of records: [FlowRecord], _ row: TaskMutation? = nil, in storage: any FlowStorage) -> Int {
        var size = row.map { WriteAheadLog.frameSize(records: 1, payloads: TaskCodec.size(of: $0)) } ?? 0
        var (count, payloads) = (0, 0)
        for record in records {
            let next = record.size
            if count > 0, payloads + next > batchSize(in: storage) {
                size += WriteAheadLog.frameSize(records: count, payloads: payloads)
                (count, payloads) = (0, 0)
            }
            count += 1
            payloads += next
        }
        return count == 0 ? size : size + WriteAheadLog.frameSize(records: count, payloads: payloads)
    }

    /// The largest batch. A task with more is written in several, because they may be read twice in part, and each must fit into a segment.
    private static func batchSize(in storage: any FlowStorage) -> Int { min(256 << 10, storage.segmentSize / 4) }

    // MARK: Room in a log with a disk budget

    /// Returns the number of bytes after the cursor that still leaves room to write all of them again; nil without a
    /// disk budget.
    private static func room(in storage: any FlowStorage) -> Int? {
        storage.diskBudget.map { max(storage.segmentSize, $0 / 2 - 2 * storage.segmentSize) }
    }

    private static func usedSize(of storage: any FlowStorage) -> Int {
        let log = storage.writeAheadLog
        return Int(clamping: log.byteCount(after: log.cursors[JournalTable.cursor] ?? .zero))
    }

    /// The bytes of the log that the live tasks take, as of the last count: their frames, and the headers of segments.
    private func liveByteCount(in storage: any FlowStorage) -> Int {
        let frames = liveSize.load(ordering: .relaxed)
        return frames + (frames / storage.segmentSize + 1) * WriteAheadLog.segmentHeaderSize
    }

    /// Whether a change of a live task leaves room for a checkpoint.
    func hasRoom(in storage: any FlowStorage) -> Bool {
        guard let room = Self.room(in: storage) else { return true }
        let least = liveByteCount(in: storage) + storage.segmentSize
        return Self.usedSize(of: storage) <= max(room, least) + storage.segmentSize || waiters.withLock(\.isStopped)
    }

    /// Whether there is room for the steps of live tasks after a new task.
    private func hasRoomToBegin(in storage: any FlowStorage) -> Bool {
        guard let room = Self.room(in: storage) else { return true }
        return Self.usedSize(of: storage) <= room / 2 + storage.segmentSize || waiters.withLock(\.isStopped)
    }

    /// Suspends until there is room for a new task.
    ///
    /// - Throws: `logFull` if the live tasks take all the room.
    func admit(_ storage: any FlowStorage) async throws(FlowError) {
        guard let room = Self.room(in: storage) else { return }
        while true {
            let live = liveByteCount(in: storage)
            guard live <= room / 2 else {
                mustCount.store(true, ordering: .relaxed)
                throw FlowError(
                    .logFull,
                    "The live tasks take \(live) bytes, and the disk budget has room for \(room / 2). Raise diskBudget, or let tasks end."
                )
            }
            if hasRoomToBegin(in: storage) { return }
            await wait { self.hasRoomToBegin(in: storage) }
        }
    }

    /// Suspends until a checkpoint has made room.
    func waitForRoom(in storage: any FlowStorage) async {
        await wait { self.hasRoom(in: storage) }
    }

    private func wait(until hasRoom: () -> Bool) async {
        await withCheckedContinuation { continuation in
            let isWaiting = waiters.withLock { waiters in
                guard !waiters.isStopped else { return false }
                waiters.list.append(continuation)
                return true
            }
            // A checkpoint may have ended before the waiter was in the list.
            if !isWaiting { continuation.resume() } else if hasRoom() { release(forGood: false) }
        }
    }

    private func release(forGood: Bool) {
        let list = waiters.withLock { waiters in
            if forGood { waiters.isStopped = true }
            defer { waiters.list = [] }
            return waiters.list
        }
        for waiter in list { waiter.resume() }
    }

    // MARK: Writing

    /// Writes a checkpoint if the log has grown enough since the last one.
    func writeIfDue(_ runner: FlowRunner) async throws {
        let live = liveByteCount(in: runner.storage)
        var limit = max(runner.configuration.checkpointSize, 4 * live)
        if let room = Self.room(in: runner.storage) {
            limit = min(limit, max(room / 2, live + runner.storage.segmentSize))
        }
        guard Self.usedSize(of: runner.storage) > limit else { return }
        try await write(runner)
    }

    /// Writes a checkpoint.
    func write(_ runner: FlowRunner) async throws {
        let log = runner.storage.writeAheadLog
        let before = log.lastSequence
        var size = 0
        let tasks = runner.table.all
        size += try await append(try graphs(of: tasks, runner), runner)
        for task in tasks {
            // The cursor stays, so the next turn writes another checkpoint.
            guard let copied = try await append(task, runner) else { return }
            size += copied
        }
        liveSize.store(size, ordering: .relaxed)
        try log.setCursor(JournalTable.cursor, to: before)
        release(forGood: false)
    }

    /// Returns the graphs with which live tasks continue, and after them the graphs of the runner, which are the
    /// newest.
    private func graphs(of tasks: [LiveTask], _ runner: FlowRunner) throws -> [FlowRecord] {
        let newest = Set(runner.dags.all.map(\.hash))
        let used = Set(tasks.map { $0.state.withLock { $0.journal.graph } }).subtracting(newest)
        let shapes = runner.graphs.withLock { $0.shapes }
        let older = try used.sorted().compactMap { hash in
            try shapes[hash].map { FlowRecord($0.key, .graph(hash: hash, json: try $0.json())) }
        }
        return older + runner.dags.all.map { FlowRecord($0.key, .graph(hash: $0.hash, json: $0.json)) }
    }

    /// Appends the records of a task again, under the task's lock, so that no other record of the task comes in
    /// between. A task that needs more segments than are ready is written in parts. Returns nil if the task ends
    /// between two parts, because records after its end don't count.
    private func append(_ task: LiveTask, _ runner: FlowRunner) async throws -> Int? {
        var written: [FlowRecord] = []
        var end: FlowRecord.Ending?
        var hasEnded = false
        while true {
            let size = try task.state.withLock { state throws(TaskStorageError) -> Int? in
                if written.isEmpty { end = state.journal.end }
                hasEnded = !written.isEmpty && (state.isGone || state.journal.end != end)
                guard !state.isGone, !hasEnded else { return 0 }
                let (records, row) = Self.contents(of: state, runner)
                return try write(records, after: &written, runner, row)
            }
            if hasEnded { return nil }
            if let size { return size }
            try await runner.storage.waitForSpace()
        }
    }

    private func append(_ records: [FlowRecord], _ runner: FlowRunner) async throws -> Int {
        var written: [FlowRecord] = []
        while true {
            if let size = try write(records, after: &written, runner) { return size }
            try await runner.storage.waitForSpace()
        }
    }

    /// Appends records and a row after them, and returns the size of their frames. Nil if no segment is ready for all of them.
    ///
    /// A task may need more segments than are ever ready at once. So the next call continues after the records that are
    /// already written, up to the first one that has changed meanwhile.
    private func write(
        _ records: [FlowRecord], after written: inout [FlowRecord], _ runner: FlowRunner, _ row: TaskMutation? = nil
    ) throws(TaskStorageError) -> Int? {
        let start = zip(records, written).prefix { $0 == $1 }.count
        written.removeSubrange(start...)
        var batch = RecordBatch()
        let sizeMax = Self.batchSize(in: runner.storage)
        for (index, record) in records.enumerated().dropFirst(start) {
            record.append(to: &batch)
            guard index == records.count - 1 || batch.payloads.count + records[index + 1].size > sizeMax else {
                continue
            }
            guard try runner.storage.tryAppend(batch, []) != nil else { return nil }
            written += records[written.count...index]
            batch.removeAll()
        }
        if let row {
            guard try runner.storage.tryAppend(RecordBatch(), [row]) != nil else { return nil }
        }
        return Self.size(of: records, row, in: runner.storage)
    }
}
