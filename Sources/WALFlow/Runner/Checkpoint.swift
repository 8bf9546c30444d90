internal import Synchronization
internal import WAL
internal import WALTasks

/// The checkpoints of a journal: the records that live tasks still need are written again, and then the cursor `flow` moves on, so that
/// the log can drop the segments before.
///
/// A crash in between leaves the old cursor. The records are then read twice, which changes nothing.
final class Checkpoint: Sendable {
    /// The time between two looks at the log's size.
    private static let interval = Duration.milliseconds(500)
    /// The largest batch. A task with more is written in several, because they may be read twice in part.
    private static let batchSize = 256 << 10

    private let loop = Monitor<Task<Void, Never>?>(nil)
    private let liveSize = Atomic<Int>(0)

    func start(_ runner: FlowRunner) {
        let task = Task { [weak runner] in
            while (try? await ContinuousClock().sleep(for: Self.interval)) != nil {
                guard let runner else { return }
                try? await writeIfDue(runner)
            }
        }
        loop.withLock { $0 = task }
    }

    func stop() async {
        let task = loop.withLock { $0 }
        task?.cancel()
        await task?.value
    }

    private func writeIfDue(_ runner: FlowRunner) async throws {
        let log = runner.storage.writeAheadLog
        let last = log.cursors[JournalTable.cursor] ?? .zero
        let live = liveSize.load(ordering: .relaxed)
        var limit = max(runner.configuration.checkpointSize, 4 * live)
        // A full log couldn't take the checkpoint that makes space in it.
        if let budget = runner.storage.diskBudget {
            let segment = runner.storage.segmentSize
            limit = min(limit, max(segment, budget / 2 - live - 2 * segment))
        }
        guard log.byteCount(after: last) > UInt64(limit) else { return }
        try await write(runner)
    }

    /// Writes a checkpoint.
    func write(_ runner: FlowRunner) async throws {
        let log = runner.storage.writeAheadLog
        let before = log.lastSequence
        var size = 0
        let tasks = runner.table.all
        size += try await append(try graphs(of: tasks, runner), runner)
        for task in tasks { size += try await append(task, runner) }
        liveSize.store(size, ordering: .relaxed)
        try log.setCursor(JournalTable.cursor, to: before)
    }

    /// The graphs that live tasks began with, and then those of the runner, which are the newest.
    private func graphs(of tasks: [LiveTask], _ runner: FlowRunner) throws -> [FlowRecord] {
        let newest = Set(runner.dags.all.map(\.hash))
        let used = Set(tasks.map { $0.state.withLock { $0.journal.graph } }).subtracting(newest)
        let shapes = runner.shapes.withLock { $0 }
        let older = try used.sorted().compactMap { hash in
            try shapes[hash].map { FlowRecord($0.key, .graph(hash: hash, json: try $0.json())) }
        }
        return older + runner.dags.all.map { FlowRecord($0.key, .graph(hash: $0.hash, json: $0.json)) }
    }

    /// Writes the records of a task again. Its lock is held, so that no record of it comes in between.
    private func append(_ task: LiveTask, _ runner: FlowRunner) async throws -> Int {
        while true {
            let size = try task.state.withLock { state throws(TaskStorageError) -> Int? in
                guard !state.isGone else { return 0 }
                var events = state.journal.records
                if state.journal.isDelivered, let end = state.journal.end { events.append(.delivered(time: end.time)) }
                return try write(events.map { FlowRecord(task.id, $0) }, runner)
            }
            if let size { return size }
            try await runner.storage.waitForSpace()
        }
    }

    private func append(_ records: [FlowRecord], _ runner: FlowRunner) async throws -> Int {
        while true {
            if let size = try write(records, runner) { return size }
            try await runner.storage.waitForSpace()
        }
    }

    /// Appends records, or returns nil if no segment is ready for all of them.
    private func write(_ records: [FlowRecord], _ runner: FlowRunner) throws(TaskStorageError) -> Int? {
        var size = 0
        var batch = RecordBatch()
        for (index, record) in records.enumerated() {
            record.append(to: &batch)
            guard batch.payloads.count >= Self.batchSize || index == records.count - 1 else { continue }
            guard try runner.storage.tryAppend(batch, []) != nil else { return nil }
            size += batch.payloads.count
            batch.removeAll()
        }
        return size
    }
}
