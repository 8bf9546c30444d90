internal import Synchronization
internal import WAL
internal import WALTasks

/// The checkpoints of a journal: the records that live tasks still need are written again, and then the cursor `flow` moves on, so that
/// the log can drop the segments before.
///
/// A crash in between leaves the old cursor. The records are then read twice, which changes nothing.
///
/// A log with a disk budget keeps room for the next checkpoint, because only a checkpoint lets it drop what flows wrote: tasks and steps
/// wait before that room is used up.
final class Checkpoint: Sendable {
    /// The time between two looks at the log's size.
    private static let interval = Duration.milliseconds(500)
    /// That time in a log with a disk budget, whose steps may wait for a checkpoint.
    private static let shortInterval = Duration.milliseconds(20)
    /// The largest batch. A task with more is written in several, because they may be read twice in part.
    private static let batchSize = 256 << 10

    private struct Waiters {
        var isStopped = false
        var list: [CheckedContinuation<Void, Never>] = []
    }

    private let loop = Monitor<Task<Void, Never>?>(nil)
    /// The bytes that the live tasks take, as of the last count.
    private let liveSize = Atomic<Int>(0)
    private let mustCount = Atomic<Bool>(false)
    private let waiters = Monitor(Waiters())

    /// Begins with checkpoints of the runner's tasks, which are all in its table.
    func start(_ runner: FlowRunner) {
        count(runner)
        runner.life.onFailure { [weak self] in self?.release(forGood: true) }
        let interval = runner.storage.diskBudget == nil ? Self.interval : Self.shortInterval
        let task = Task { [weak runner] in
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
                let row = state.parkedRow(at: runner.clock.now()).map { TaskCodec.size(of: $0) } ?? 0
                return state.journal.records.reduce(sum + row) { $0 + FlowRecord(task.id, $1).size }
            }
        }
        liveSize.store(size, ordering: .relaxed)
    }

    // MARK: Room in a log with a disk budget

    /// The bytes after the cursor that leave room to write them all again. Nil without a disk budget.
    private static func room(in storage: any FlowStorage) -> Int? {
        storage.diskBudget.map { max(storage.segmentSize, $0 / 2 - 2 * storage.segmentSize) }
    }

    private static func usedSize(of storage: any FlowStorage) -> Int {
        let log = storage.writeAheadLog
        return Int(clamping: log.byteCount(after: log.cursors[JournalTable.cursor] ?? .zero))
    }

    /// Whether a change of a live task leaves room for a checkpoint.
    func hasRoom(in storage: any FlowStorage) -> Bool {
        guard let room = Self.room(in: storage) else { return true }
        let least = liveSize.load(ordering: .relaxed) + storage.segmentSize
        return Self.usedSize(of: storage) <= max(room, least) + storage.segmentSize || waiters.withLock(\.isStopped)
    }

    /// Whether a new task leaves room for the steps of those that are live.
    private func hasRoomToBegin(in storage: any FlowStorage) -> Bool {
        guard let room = Self.room(in: storage) else { return true }
        return Self.usedSize(of: storage) <= room / 2 + storage.segmentSize || waiters.withLock(\.isStopped)
    }

    /// Suspends until there is room for a new task.
    ///
    /// - Throws: `logFull` if the live tasks take all of it.
    func admit(_ storage: any FlowStorage) async throws(FlowError) {
        guard let room = Self.room(in: storage) else { return }
        while true {
            let live = liveSize.load(ordering: .relaxed)
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
            // A checkpoint may have ended just before.
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

    private func writeIfDue(_ runner: FlowRunner) async throws {
        let live = liveSize.load(ordering: .relaxed)
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
            // Without the cursor, the next turn writes another checkpoint.
            guard let copied = try await append(task, runner) else { return }
            size += copied
        }
        liveSize.store(size, ordering: .relaxed)
        try log.setCursor(JournalTable.cursor, to: before)
        release(forGood: false)
    }

    /// The graphs that live tasks began with, and then those of the runner, which are the newest.
    private func graphs(of tasks: [LiveTask], _ runner: FlowRunner) throws -> [FlowRecord] {
        let newest = Set(runner.dags.all.map(\.hash))
        let used = Set(tasks.map { $0.state.withLock { $0.journal.graph } }).subtracting(newest)
        let shapes = runner.graphs.withLock { $0.shapes }
        let older = try used.sorted().compactMap { hash in
            try shapes[hash].map { FlowRecord($0.key, .graph(hash: hash, json: try $0.json())) }
        }
        return older + runner.dags.all.map { FlowRecord($0.key, .graph(hash: $0.hash, json: $0.json)) }
    }

    /// Writes the records of a task again, under its lock, so that no record of it comes in between. A task that needs more segments than
    /// are ready is written in parts. Returns nil if it ends between them: the rest doesn't count after its end.
    private func append(_ task: LiveTask, _ runner: FlowRunner) async throws -> Int? {
        var written: [FlowRecord] = []
        var end: FlowRecord.Ending?
        var hasEnded = false
        while true {
            let size = try task.state.withLock { state throws(TaskStorageError) -> Int? in
                if written.isEmpty { end = state.journal.end }
                hasEnded = !written.isEmpty && (state.isGone || state.journal.end != end)
                guard !state.isGone, !hasEnded else { return 0 }
                var events = state.journal.records
                if state.journal.isDelivered, let end = state.journal.end { events.append(.delivered(time: end.time)) }
                let row = state.parkedRow(at: runner.clock.now())
                return try write(events.map { FlowRecord(task.id, $0) }, after: &written, runner, row)
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

    /// Appends records and a row after them, or returns nil if no segment is ready for all of them.
    ///
    /// After nil, the next call continues after the records that are written, up to the first one that has changed meanwhile. A task may
    /// need more segments than are ever ready at once.
    private func write(
        _ records: [FlowRecord], after written: inout [FlowRecord], _ runner: FlowRunner, _ row: TaskMutation? = nil
    ) throws(TaskStorageError) -> Int? {
        let start = zip(records, written).prefix { $0 == $1 }.count
        written.removeSubrange(start...)
        var batch = RecordBatch()
        // A batch must fit into a segment.
        let sizeMax = min(Self.batchSize, runner.storage.segmentSize / 4)
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
        return records.reduce(row.map { TaskCodec.size(of: $0) } ?? 0) { $0 + $1.size }
    }
}
